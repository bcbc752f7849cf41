//! Words in the grammar that lead nowhere.

use super::{Commands, Options};

/// A word of an entry that stands for nothing.
#[derive(Debug)]
pub struct Undeclared {
    /// The command of the entry.
    pub run: String,
    /// The key that holds the word.
    pub key: &'static str,
    /// The word.
    pub word: String,
    /// Why it is nothing.
    pub why: &'static str,
    /// What it might have been.
    pub known: Vec<String>,
}

impl Commands {
    /// The words from which commands take a field and that are neither their options nor their arguments, and options
    /// without a dash; in the order of the commands.
    pub fn undeclared(&self) -> Vec<Undeclared> {
        let mut found = Vec::new();
        let mut runs: Vec<_> = self.commands.iter().collect();
        runs.sort_by_key(|(run, _)| *run);
        for (run, command) in runs {
            let args = || command.args.iter().map(|name| name.trim_end_matches("..."));
            for (key, word) in command.fields.iter().flat_map(|(key, words)| words.iter().map(move |word| (*key, word)))
            {
                // `=TEXT` is what it is by default.
                let is_default = word.starts_with('=');
                if !is_default && command.options.find(word).is_none() && !args().any(|name| name == word) {
                    let known = command.options.spellings().chain(args()).map(str::to_owned).collect();
                    let why = "which is none of its options and arguments";
                    found.push(Undeclared { run: run.clone(), key, word: word.clone(), why, known });
                }
            }
            for word in command.options.undashed() {
                let (word, known) = (word.to_owned(), vec![format!("--{word}")]);
                found.push(Undeclared { run: run.clone(), key: "options", word, why: "which no dash begins", known });
            }
        }
        found
    }
}

impl Options {
    /// All spellings.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        self.table().by_spelling.keys().map(AsRef::as_ref)
    }

    /// The first words of lines that are no spelling of an option.
    fn undashed(&self) -> impl Iterator<Item = &str> {
        let lines = self.lines.iter().flat_map(|lines| lines.iter());
        lines.filter_map(|line| line.split_whitespace().next()).filter(|word| !word.starts_with(['-', '+']))
    }
}
