//! Data about the outer world, read from the policy pack: command grammars, scheduler options, toolchains,
//! module families. Names no rule and no site.

mod cache;
mod cluster;
pub mod commands;
mod family;
pub mod glob;
mod processor;
mod scheduler;
mod toolchain;
mod tsv;

pub use cache::{Cache, Caches};
pub use cluster::{Clusters, Shown};
pub use family::Families;
pub use processor::{Processor, Processors};
pub use scheduler::{BatchOption, Lookup, OptionTable, Schedulers, Takes, Variable};
pub use toolchain::{Generation, Toolchains};

use std::sync::Arc;

use crate::tree;

/// All tables of the merged packs.
#[derive(Debug, Default)]
pub struct Tables {
    /// Command grammars.
    pub commands: commands::Commands,
    /// Options and variables of the schedulers.
    pub schedulers: Schedulers,
    /// Toolchain generations.
    pub toolchains: Toolchains,
    /// What modules are, by their names.
    pub families: Families,
    /// What fills home directories.
    pub caches: Caches,
    /// Generations of processors.
    pub processors: Processors,
    /// What shows that a file is used on a cluster.
    pub clusters: Arc<Clusters>,
}

/// The files of a pack that are tables, by their paths below it.
pub const FILES: [&str; 11] = [
    commands::FILE,
    scheduler::OPTION_FILES[0].0,
    scheduler::OPTION_FILES[1].0,
    scheduler::OPTION_FILES[2].0,
    scheduler::OPTION_FILES[3].0,
    scheduler::VARIABLES,
    toolchain::FILE,
    family::FILE,
    cache::FILE,
    processor::FILE,
    cluster::FILE,
];

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct TableError {
    /// The file as the pack names it: `data/sbatch-options.tsv`.
    pub file: String,
    /// Line, from 1; 0 when the file is missing.
    pub line: usize,
    /// What is wrong, in plain words.
    pub message: String,
}

impl Tables {
    /// Reads the tables. `read` gives the text of a file of the pack by its path below `rules/`
    /// (`data/sbatch-options.tsv`).
    ///
    /// # Errors
    /// A file that is missing, or a row that cannot be understood.
    pub fn parse<'a>(read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, TableError> {
        let mut commands = commands::Commands::default();
        commands.add(required(read, commands::FILE)?).map_err(|error| TableError {
            file: commands::FILE.to_owned(),
            line: 0,
            message: error.to_string(),
        })?;
        Self::with(commands, read)
    }

    /// The tables that are built into the program. The command grammars are those that the build script read; `read`
    /// gives the other tables.
    ///
    /// # Errors
    /// As [`Tables::parse`]; a test sees to it that there is none.
    pub fn built_in<'a>(read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, TableError> {
        let wrong = |message| TableError { file: commands::FILE.to_owned(), line: 0, message };
        let tree = tree::built_in(commands::FILE).ok_or_else(|| wrong("the pack lacks this table".to_owned()))?;
        let mut commands = commands::Commands::default();
        commands.add_built(tree).map_err(|error| wrong(error.to_string()))?;
        Self::with(commands, read)
    }

    /// Adds what a further pack has of these tables; what it says of a name replaces what earlier ones said.
    ///
    /// # Errors
    /// A row that cannot be understood.
    pub fn add<'a>(&mut self, read: &dyn Fn(&str) -> Option<&'a str>) -> Result<(), TableError> {
        if let Some(text) = read(commands::FILE) {
            self.commands.add(text).map_err(|error| {
                let at = error.span().map_or(0, |span| span.start);
                let line = text[..at].matches('\n').count() + 1;
                TableError { file: commands::FILE.to_owned(), line, message: error.message().to_owned() }
            })?;
        }
        self.schedulers.add(read)?;
        self.toolchains.add(read)?;
        self.families.add(read)?;
        self.caches.add(read)?;
        self.processors.add(read)?;
        if let Some(clusters) = self.clusters.with(read)? {
            self.clusters = Arc::new(clusters);
        }
        Ok(())
    }

    fn with<'a>(commands: commands::Commands, read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, TableError> {
        Ok(Self {
            commands,
            schedulers: Schedulers::parse(read)?,
            toolchains: Toolchains::parse(read)?,
            families: Families::parse(read)?,
            caches: Caches::parse(read)?,
            processors: Processors::parse(read)?,
            clusters: Arc::new(Clusters::parse(read)?),
        })
    }
}

/// The text of a file of the pack, or the error that it is missing.
fn required<'a>(read: &dyn Fn(&str) -> Option<&'a str>, file: &str) -> Result<&'a str, TableError> {
    read(file).ok_or_else(|| TableError {
        file: file.to_owned(),
        line: 0,
        message: "the pack lacks this table".to_owned(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The built-in tables, read from the source tree.
    #[expect(clippy::disallowed_methods, reason = "a test reads the repository's own tables")]
    pub(crate) fn built_in() -> Tables {
        let texts = std::cell::RefCell::new(Vec::<&'static str>::new());
        Tables::parse(&|file: &str| {
            let path = format!("{}/rules/{file}", env!("CARGO_MANIFEST_DIR"));
            let text: &'static str = std::fs::read_to_string(path).ok()?.leak();
            texts.borrow_mut().push(text);
            Some(text)
        })
        .unwrap()
    }

    #[test]
    fn the_grammars_are_the_same_read_from_the_tree() {
        let text = include_str!("../../rules/commands.toml");
        let (mut read, mut built) = (commands::Commands::default(), commands::Commands::default());
        read.add(text).unwrap();
        built.add_built(tree::built_in("commands.toml").unwrap()).unwrap();
        assert_eq!(read.described(), built.described());
        assert!(read.described().len() > 10_000);
    }

    #[test]
    fn a_broken_table_says_where() {
        let read = |file: &str| Some(if file.contains("toolchains") { "a\tb\n1\t2\n" } else { "" });
        let error = Toolchains::parse(&read).unwrap_err();
        assert_eq!(error.line, 1);
        assert!(Tables::parse(&|_| None).unwrap_err().message.contains("lacks"));
    }
}
