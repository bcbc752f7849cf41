//! Matching facts with policy: findings with their fixes, suppressions, links between files.

mod asked;
pub mod baseline;
mod comments;
mod creators;
mod edits;
mod elsewhere;
mod engine;
mod eval;
pub mod finding;
mod findings;
mod kept;
mod links;
mod lookup;
mod machine;
mod pace;
mod place;
mod prefilter;
mod render;
mod search;
mod site;
mod spoken;
mod suppress;
mod together;
mod withheld;

pub use asked::interest;
pub use comments::{deleted as deleted_comment, rewritten_blocks};
pub use engine::{Analysed, Run, Settings, check_files, sort};
pub use eval::Truth;
pub use finding::{Applicability, By, Certainty, Chmod, Edit, Finding, Fix, Label, Severity, Silenced, SilencedBy};
pub use machine::Homes;
pub use pace::AT_ONCE;
pub use place::Places;
pub use prefilter::{Prefilter, Prefiltering, distinct, run_by_scripts};
pub use site::{Grounds, SiteChoice, Surroundings, agreed, detect, pragma_line};
