//! What shows that a file is used on a cluster: words of any cluster, and those of single centres.

use std::path::Path;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::tsv::Tsv;
use super::{TableError, required};

pub(super) const FILE: &str = "data/clusters.tsv";
const COLUMNS: [&str; 3] = ["name", "folders", "words"];

/// The table of clusters.
#[derive(Debug, Default)]
pub struct Clusters {
    rows: Vec<Row>,
    search: OnceLock<Option<Search>>,
}

/// All words of a table, looked for at once.
#[derive(Debug)]
struct Search {
    automaton: AhoCorasick,
    /// By its number in the automaton: the row of a word, and its own place there.
    words: Vec<(usize, usize)>,
}

/// One centre, or any.
#[derive(Clone, Debug)]
struct Row {
    /// Its name; empty for what any cluster has.
    name: String,
    /// Words in paths of files.
    folders: Vec<String>,
    /// What stands in files.
    words: Vec<String>,
}

/// What a file shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown<'c> {
    /// It is used on some cluster.
    pub any: bool,
    /// The centre that it is for, and what tells so.
    pub centre: Option<(&'c str, &'c str)>,
}

impl Clusters {
    /// Reads `data/clusters.tsv`.
    ///
    /// # Errors
    /// As [`super::Tables::parse`].
    pub fn parse<'a>(read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, TableError> {
        Ok(Self { rows: rows(required(read, FILE)?)?, search: OnceLock::new() })
    }

    /// This table with what a further pack says, when it says something; a name that is there already is replaced.
    pub(super) fn with<'a>(&self, read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Option<Self>, TableError> {
        let Some(more) = read(FILE).map(rows).transpose()? else { return Ok(None) };
        let stays = |old: &&Row| more.iter().all(|row| row.name != old.name);
        let rows = self.rows.iter().filter(stays).chain(&more).cloned().collect();
        Ok(Some(Self { rows, search: OnceLock::new() }))
    }

    /// What a file shows by its path, from the root of its project, and its text.
    pub fn shown(&self, path: &Path, text: &str) -> Shown<'_> {
        let mut shown = Shown::default();
        let mut take = |row: usize, sign| match self.rows.get(row) {
            Some(row) if row.name.is_empty() => shown.any = true,
            Some(row) => drop(shown.centre.get_or_insert((row.name.as_str(), sign))),
            None => {}
        };
        let path = path.to_string_lossy().to_ascii_lowercase();
        for part in path.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
            for (number, row) in self.rows.iter().enumerate() {
                if let Some(word) = row.folders.iter().find(|word| *word == part) {
                    take(number, word.as_str());
                }
            }
        }
        let Some(Search { automaton, words }) = self.search.get_or_init(|| self.search()) else { return shown };
        for found in automaton.find_overlapping_iter(text) {
            let (row, number) = words[found.pattern().as_usize()];
            let word = &self.rows[row].words[number];
            if stands_alone(text, (found.start(), found.end()), word.ends_with('*')) {
                take(row, word.trim_end_matches('*'));
            }
        }
        shown
    }

    fn search(&self) -> Option<Search> {
        let rows = self.rows.iter().enumerate();
        let words: Vec<(usize, usize)> =
            rows.flat_map(|(row, own)| (0..own.words.len()).map(move |number| (row, number))).collect();
        let plain = words.iter().map(|(row, number)| self.rows[*row].words[*number].trim_end_matches('*'));
        Some(Search { automaton: AhoCorasick::new(plain).ok()?, words })
    }
}

/// True for what is no part of a longer word, unless it `goes_on`, for a path at its beginning, and for a host that is no
/// address on the web: data and software come from everywhere.
fn stands_alone(text: &str, (start, end): (usize, usize), goes_on: bool) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (before, own, after) = (&text[..start], &text[start..end], &text[end..]);
    let word = before.rsplit(|c: char| c.is_whitespace() || "\"'<>()".contains(c)).next().unwrap_or_default();
    if word.contains("://") {
        return false;
    }
    let begins = match (own.chars().next(), before.chars().next_back()) {
        (Some('/'), Some(c)) => !is_word(c) && !"~}.-*/$)".contains(c),
        (Some(first), Some(c)) if is_word(first) => !is_word(c) && c != '-',
        _ => true,
    };
    let ends = match (own.chars().next_back(), after.chars().next()) {
        (Some(last), Some(c)) if is_word(last) => goes_on || !is_word(c),
        _ => true,
    };
    begins && ends
}

fn rows(text: &str) -> Result<Vec<Row>, TableError> {
    let table = Tsv::parse(FILE, text, &COLUMNS)?;
    let row = |row: super::tsv::Row<'_, '_>| Row {
        name: row.some("name").unwrap_or_default().to_owned(),
        folders: row.list("folders"),
        words: row.list("words"),
    };
    Ok(table.rows().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_alone_and_paths_at_their_beginning() {
        let tables = crate::tables::tests::built_in();
        let shown = |path: &str, text: &str| {
            let Shown { any, centre } = tables.clusters.shown(Path::new(path), text);
            (any, centre.map(|(name, _)| name.to_owned()))
        };
        for (path, text, any) in [
            (".bashrc", "alias sq='squeue -u me'", true),
            (".bashrc", "cd /scratch/me", true),
            (".bashrc", "cd ~/scratch; cd $HOME/project; cd ./scratch", false),
            (".bashrc", "my_squeue; squeues; export PBS=1", false),
            (".bashrc", "echo $SLURM_JOB_ID", true),
            ("bashrc_cluster", "", true),
            ("hpc/.bashrc", "", true),
            ("clustering/.bashrc", "", false),
        ] {
            assert_eq!(shown(path, text), (any, None), "{path}: {text}");
        }
        assert_eq!(shown("sbatches/sherlock/a.sbatch", "").1.as_deref(), Some("Sherlock"));
        assert_eq!(shown("a.sh", "ssh login.sherlock.stanford.edu").1.as_deref(), Some("Sherlock"));
        assert_eq!(shown("a.sh", "ls /gpfs/alpine/proj").1.as_deref(), Some("Summit"));
        assert_eq!(shown("a.sh", "echo Sherlock Holmes").1, None);
        assert_eq!(shown("a.sh", "# https://www.sherlock.stanford.edu/docs\nwget ftp://x.rc.ufl.edu/a").1, None);
    }
}
