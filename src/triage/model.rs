//! A diagnosis: everything that a format may show of one ticket.

use crate::policy::Reply;
use crate::redact::Redactor;
use crate::report::SiteChoice;
use crate::report::model::Finding;

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The ticket shows what this cause, among others, may lead to.
    #[default]
    Possible,
    /// The ticket shows what hardly anything else leads to.
    Likely,
    /// Something else in the ticket, most often in a pasted script, shows the cause itself.
    Confirmed,
}

impl Confidence {
    /// The name that formats use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
        }
    }

    /// One step less sure.
    #[must_use]
    pub const fn less(self) -> Self {
        match self {
            Self::Confirmed => Self::Likely,
            _ => Self::Possible,
        }
    }
}

/// What is said of one ticket.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// The ticket's name.
    pub ticket: String,
    /// The site, and why that one.
    pub site: SiteChoice,
    /// The site's name for people.
    pub site_name: String,
    /// Causes, the best first; empty when nothing known matches.
    pub causes: Vec<Cause>,
    /// What to ask.
    pub questions: Vec<String>,
    /// What the checks found in the pieces, with places in the ticket.
    pub findings: Vec<Finding>,
    /// The lines on which the findings stand.
    pub finding_lines: Vec<String>,
    /// What would change in the user's own files.
    pub diffs: Vec<Diff>,
    /// What the pieces are, with their first lines: `job script, line 12`.
    pub pieces: Vec<String>,
    /// What was not read, and why.
    pub left_out: Vec<String>,
    /// The site's template for answers.
    pub template: Reply,
}

/// One cause.
#[derive(Clone, Debug, Default)]
pub struct Cause {
    /// The symptom's id.
    pub id: String,
    /// What is wrong, in a few words.
    pub title: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// What happened, and why.
    pub summary: String,
    /// The lines that show it.
    pub evidence: Vec<Evidence>,
    /// How many more lines show it.
    pub more: usize,
    /// What to do now.
    pub remedy: String,
    /// The same as commands.
    pub commands: String,
    /// How to avoid it.
    pub avoid: String,
    /// What to send if it does not help.
    pub send: String,
    /// Where it is documented; may be empty.
    pub url: String,
    /// What in the ticket speaks against it.
    pub contradictions: Vec<String>,
    /// Those of them that are told to its author: what stands there, and has not changed the words.
    pub doubts: Vec<String>,
    /// Rules whose findings make it certain.
    pub rules: Vec<String>,
    /// The commands only show what belongs into a file of the user's.
    pub example: bool,
    /// The cause from which this one follows.
    pub follows: Option<String>,
}

/// A line of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The document, as reports name it.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
}

/// A change of a user's own file.
#[derive(Clone, Debug)]
pub struct Diff {
    /// What people call the file.
    pub what: String,
    /// Its name, or how reports name the document.
    pub path: String,
    /// The unified difference.
    pub text: String,
    /// The rules whose fixes it is made of.
    pub rules: Vec<String>,
}

impl Diagnosis {
    /// True for a rule whose finding makes one of the causes certain.
    pub fn rests_on(&self, rule: &str) -> bool {
        self.causes.iter().any(|cause| cause.rules.iter().any(|known| known == rule))
    }

    /// The same without secrets and personal data. What the policy says stays as it is.
    #[must_use]
    pub fn masked(&self, redactor: &Redactor) -> Self {
        let mask = |text: &String| redactor.mask(text).into_owned();
        let mut masked = self.clone();
        // A masked name tells nothing.
        masked.site.why = mask(&self.site.why).replace("the host `HOST`", "one of its hosts");
        for cause in &mut masked.causes {
            cause.evidence.iter_mut().for_each(|evidence| evidence.text = mask(&evidence.text));
        }
        masked.findings.iter_mut().for_each(|finding| mask_finding(finding, redactor));
        masked.finding_lines.iter_mut().for_each(|line| *line = mask(line));
        masked.diffs.iter_mut().for_each(|diff| diff.text = mask(&diff.text));
        masked
    }
}

fn mask_finding(finding: &mut Finding, redactor: &Redactor) {
    let mask = |text: &mut String| *text = redactor.mask(text).into_owned();
    mask(&mut finding.message);
    mask(&mut finding.help);
    finding.labels.iter_mut().for_each(|label| mask(&mut label.message));
    if let Some(fix) = &mut finding.fix {
        mask(&mut fix.title);
        fix.edits.iter_mut().for_each(|edit| mask(&mut edit.text));
    }
}
