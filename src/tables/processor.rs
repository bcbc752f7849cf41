//! Generations of processors: their names in folders of clusters, and what they can do.

use super::tsv::Tsv;
use super::{TableError, required};

pub(super) const FILE: &str = "data/processors.tsv";
const COLUMNS: [&str; 4] = ["name", "vendor", "after", "flags"];

/// The table of processors.
#[derive(Debug, Default)]
pub struct Processors {
    rows: Vec<Processor>,
}

/// One generation of processors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processor {
    /// Its name, as folders carry it: `zen2`.
    pub name: String,
    /// Who makes it, as the processor says itself.
    pub vendor: String,
    /// What programs built for it may use, as Linux calls it; what older generations had comes first.
    pub flags: Vec<String>,
}

impl Processors {
    /// Reads `data/processors.tsv`.
    ///
    /// # Errors
    /// As [`super::Tables::parse`].
    pub fn parse<'a>(read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, TableError> {
        let mut table = Self::default();
        table.take(required(read, FILE)?)?;
        Ok(table)
    }

    /// Adds what a further pack says; a name that is there already is replaced.
    pub(super) fn add<'a>(&mut self, read: &dyn Fn(&str) -> Option<&'a str>) -> Result<(), TableError> {
        read(FILE).map_or(Ok(()), |text| self.take(text))
    }

    /// The generation that a path names in one of its folders: `/apps/rocky8-zen2/software`. The innermost counts.
    pub fn named_in(&self, path: &str) -> Option<&Processor> {
        let mut words = path.rsplit(|c: char| !c.is_ascii_alphanumeric());
        words.find_map(|word| self.rows.iter().find(|row| row.name.eq_ignore_ascii_case(word)))
    }

    /// The newest generation of `vendor` that has nothing that is not among `flags`.
    pub fn newest(&self, vendor: &str, flags: &[&str]) -> Option<&Processor> {
        let fits = |row: &&Processor| row.vendor == vendor && row.lacking(flags).next().is_none();
        self.rows.iter().rev().find(fits)
    }

    fn take(&mut self, text: &str) -> Result<(), TableError> {
        let table = Tsv::parse(FILE, text, &COLUMNS)?;
        for row in table.rows() {
            let mut flags = Vec::new();
            if let Some(after) = row.some("after") {
                let older = self.rows.iter().find(|older| older.name == after);
                let older = older.ok_or_else(|| row.error(format!("`{after}` must stand above")))?;
                flags.extend(older.flags.iter().cloned());
            }
            flags.extend(row.list("flags"));
            let (name, vendor) = (row.get("name").to_owned(), row.get("vendor").to_owned());
            self.rows.retain(|old| old.name != name);
            self.rows.push(Processor { name, vendor, flags });
        }
        Ok(())
    }
}

impl Processor {
    /// What it has and a machine with `flags` has not.
    pub fn lacking<'g>(&'g self, flags: &'g [&str]) -> impl Iterator<Item = &'g str> {
        self.flags.iter().map(String::as_str).filter(move |flag| !flags.contains(flag))
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::tests::built_in;

    #[test]
    fn paths_name_generations_and_flags_tell_them() {
        let table = built_in().processors;
        let named = |path: &str| table.named_in(path).map(|row| row.name.clone()).unwrap_or_default();
        for (path, name) in [
            ("/apps/gent/RHEL8/zen2-ib/software/Python/3.11.3-GCCcore-12.3.0/bin", "zen2"),
            (
                "/cvmfs/software.eessi.io/versions/2023.06/software/linux/x86_64/intel/skylake_avx512/software",
                "skylake",
            ),
            ("/home/ada/venvs/work-icelake", "icelake"),
            ("/home/ada/zen2/venv-Zen4", "zen4"),
            ("/home/zenobia/zen25/rome", ""),
        ] {
            assert_eq!(named(path), name, "{path}");
        }
        let all = |name: &str| table.rows.iter().find(|row| row.name == name).unwrap().flags.clone();
        for row in &table.rows {
            let flags = all(&row.name);
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            assert_eq!(table.newest(&row.vendor, &flags), Some(row));
        }
        assert_eq!(table.newest("GenuineIntel", &["avx"]), None);
        let haswell = all("haswell");
        let haswell: Vec<&str> = haswell.iter().map(String::as_str).collect();
        let skylake = table.named_in("skylake").unwrap();
        assert_eq!(skylake.lacking(&haswell).nth(4), Some("avx512f"));
    }
}
