//! Data about the outer world, read from the policy pack: command grammars, scheduler options, toolchains,
//! module families. Names no rule and no site.

/// All tables of the merged packs.
#[derive(Debug, Default)]
pub struct Tables {}
