//! EasyBuild's toolchain generations: which compiler, MPI and Python versions belong together.

use super::tsv::Tsv;
use super::{TableError, required};

pub(super) const FILE: &str = "data/easybuild-toolchains.tsv";

const COLUMNS: &[&str] = &[
    "generation",
    "gcccore",
    "gcc",
    "openmpi",
    "flexiblas",
    "intel-compilers",
    "impi",
    "imkl",
    "has-gfbf",
    "python",
    "python2",
    "scipy-bundle",
    "scipy-bundle-toolchains",
    "mpi4py",
    "python-bundle-pypi",
];

/// Toolchains that are named by their generation: `foss/2023a`, `…-gfbf-2023a`.
const BY_GENERATION: &[&str] = &[
    "foss",
    "intel",
    "gfbf",
    "gompi",
    "iimpi",
    "iimkl",
    "fosscuda",
    "gompic",
    "intelcuda",
    "iimpic",
    "gobff",
    "gimkl",
    "iomkl",
    "gcccuda",
];

/// The toolchain table.
#[derive(Debug, Default)]
pub struct Toolchains {
    generations: Vec<Generation>,
}

/// One generation: versions of its parts, absent where it has none.
#[derive(Clone, Debug, Default)]
pub struct Generation {
    /// Its name: `2023a`, `2026.1`.
    pub name: String,
    gcccore: String,
    gcc: String,
    openmpi: String,
    flexiblas: Option<String>,
    intel_compilers: String,
    impi: String,
    imkl: String,
    has_gfbf: bool,
    python: Vec<String>,
    scipy_bundle: Vec<String>,
    scipy_bundle_toolchains: Vec<String>,
    mpi4py: Vec<String>,
    python_bundle: Option<String>,
}

impl Toolchains {
    /// Reads `data/easybuild-toolchains.tsv`.
    ///
    /// # Errors
    /// As [`super::Tables::parse`].
    pub fn parse<'a>(read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, TableError> {
        required(read, FILE)?;
        let mut toolchains = Self::default();
        toolchains.add(read)?;
        Ok(toolchains)
    }

    /// Adds the generations of a further pack; one of the same name replaces the earlier.
    ///
    /// # Errors
    /// As [`super::Tables::add`].
    pub fn add<'a>(&mut self, read: &dyn Fn(&str) -> Option<&'a str>) -> Result<(), TableError> {
        let Some(text) = read(FILE) else { return Ok(()) };
        let table = Tsv::parse(FILE, text, COLUMNS)?;
        self.generations.retain(|generation| !table.rows().any(|row| row.get("generation") == generation.name));
        for row in table.rows() {
            if row.get("generation").is_empty() || row.get("gcccore").is_empty() {
                return Err(row.error("a generation needs a name and a GCCcore version"));
            }
            let owned = |column| row.some(column).map(str::to_owned);
            self.generations.push(Generation {
                name: row.get("generation").to_owned(),
                gcccore: row.get("gcccore").to_owned(),
                gcc: row.get("gcc").to_owned(),
                openmpi: row.get("openmpi").to_owned(),
                flexiblas: owned("flexiblas"),
                intel_compilers: row.get("intel-compilers").to_owned(),
                impi: row.get("impi").to_owned(),
                imkl: row.get("imkl").to_owned(),
                has_gfbf: row.get("has-gfbf") == "yes",
                python: row.list("python"),
                scipy_bundle: row.list("scipy-bundle"),
                scipy_bundle_toolchains: row.list("scipy-bundle-toolchains"),
                mpi4py: row.list("mpi4py"),
                python_bundle: owned("python-bundle-pypi"),
            });
        }
        Ok(())
    }

    /// The generation of that name.
    pub fn get(&self, name: &str) -> Option<&Generation> {
        self.generations.iter().find(|generation| generation.name == name)
    }

    /// The generation that a toolchain with its version belongs to: `gfbf` and `2023a`, `GCCcore` and `12.3.0`.
    pub fn of(&self, toolchain: &str, version: &str) -> Option<&Generation> {
        if BY_GENERATION.iter().any(|name| toolchain.eq_ignore_ascii_case(name)) {
            return self.get(version);
        }
        self.generations.iter().find(|generation| match toolchain {
            // A bare `gcc/12.3.0` is the name of many a site's own compiler: case counts.
            "GCC" => version == generation.gcc || version == generation.gcccore,
            "intel-compilers" | "iccifort" => version == generation.intel_compilers,
            "impi" => version == generation.impi,
            _ => toolchain.eq_ignore_ascii_case("GCCcore") && version == generation.gcccore,
        })
    }
}

impl Generation {
    /// The version of module `name` that belongs to this generation, as EasyBuild names it; `None` when the
    /// table does not tell. With several, the newest.
    pub fn version_of(&self, name: &str) -> Option<String> {
        let blas = if self.has_gfbf { "gfbf" } else { "foss" };
        match name {
            "foss" | "gompi" | "iimpi" | "intel" => Some(self.name.clone()),
            "gfbf" => self.has_gfbf.then(|| self.name.clone()),
            "GCCcore" => Some(self.gcccore.clone()),
            "GCC" => Some(self.gcc.clone()),
            "intel-compilers" => Some(self.intel_compilers.clone()),
            "imkl" => Some(self.imkl.clone()),
            "OpenMPI" => Some(format!("{}-GCC-{}", self.openmpi, self.gcc)),
            "FlexiBLAS" => Some(format!("{}-GCC-{}", self.flexiblas.as_ref()?, self.gcc)),
            "impi" => Some(format!("{}-intel-compilers-{}", self.impi, self.intel_compilers)),
            "Python" if self.name.starts_with("2018") => Some(format!("{}-foss-{}", self.python.last()?, self.name)),
            "Python" => Some(format!("{}-GCCcore-{}", self.python.last()?, self.gcccore)),
            "SciPy-bundle" => {
                let version = self.scipy_bundle.last()?;
                let toolchain = match self.scipy_bundle_toolchains.first() {
                    Some(first) => first.as_str(),
                    None => blas,
                };
                // Only these two generations carry the Python version in the name of the bundle.
                let suffix = match (self.name.as_str(), self.python.last()) {
                    ("2019b" | "2020a", Some(python)) => format!("-Python-{python}"),
                    _ => String::new(),
                };
                Some(format!("{version}-{toolchain}-{}{suffix}", self.name))
            }
            "mpi4py" => self.mpi4py.iter().rev().find(|version| version.contains("gompi")).cloned(),
            "Python-bundle-PyPI" => Some(format!("{}-GCCcore-{}", self.python_bundle.as_ref()?, self.gcccore)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::tests::built_in;

    #[test]
    fn versions_of_a_generation() {
        let tables = built_in();
        let version = |generation: &str, name: &str| tables.toolchains.get(generation)?.version_of(name);
        for (generation, name, expected) in [
            ("2023a", "Python", Some("3.11.3-GCCcore-12.3.0")),
            ("2023a", "SciPy-bundle", Some("2023.07-gfbf-2023a")),
            ("2022a", "SciPy-bundle", Some("2022.05-foss-2022a")),
            ("2019b", "SciPy-bundle", Some("2019.10-foss-2019b-Python-3.7.4")),
            ("2018b", "Python", Some("3.7.0-foss-2018b")),
            ("2023b", "mpi4py", Some("4.0.1-gompi-2023b")),
            ("2022a", "mpi4py", None),
            ("2026.1", "Python", Some("3.14.2-GCCcore-15.2.0")),
            ("2024b", "Python", None),
            ("2023a", "OpenMPI", Some("4.1.5-GCC-12.3.0")),
            ("2023a", "GROMACS", None),
        ] {
            assert_eq!(version(generation, name).as_deref(), expected, "{generation} {name}");
        }
    }

    #[test]
    fn generation_of_a_toolchain() {
        let tables = built_in();
        let of = |toolchain, version| tables.toolchains.of(toolchain, version).map(|found| found.name.as_str());
        assert_eq!(of("GCCcore", "12.3.0"), Some("2023a"));
        assert_eq!(of("gcccore", "12.3.0"), Some("2023a"));
        assert_eq!(of("GCC", "6.4.0-2.28"), Some("2018a"));
        assert_eq!(of("gcc", "12.3.0"), None);
        assert_eq!(of("foss", "2024b"), None);
        assert_eq!(of("iccifort", "2020.4.304"), Some("2020b"));
    }
}
