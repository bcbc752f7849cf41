//! Data about the outer world, read from the policy pack: command grammars, scheduler options, toolchains,
//! module families. Names no rule and no site.

pub mod commands;
pub mod glob;

/// All tables of the merged packs.
#[derive(Debug, Default)]
pub struct Tables {
    /// Command grammars.
    pub commands: commands::Commands,
}
