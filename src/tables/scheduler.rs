//! What the batch schedulers know: the options of their submit commands, and the variables of their jobs.

use foldhash::HashMap;

use super::tsv::Tsv;
use super::{TableError, required};
use crate::source::Scheduler;

const OPTION_COLUMNS: &[&str] = &["option", "short", "value", "alias", "since", "until", "excludes", "repeat"];

/// The tables of options, by scheduler.
pub(super) const OPTION_FILES: [(&str, Scheduler); 4] = [
    ("data/sbatch-options.tsv", Scheduler::Slurm),
    ("data/pbs-options.tsv", Scheduler::Pbs),
    ("data/sge-options.tsv", Scheduler::Sge),
    ("data/bsub-options.tsv", Scheduler::Lsf),
];

pub(super) const VARIABLES: &str = "data/scheduler-variables.tsv";

/// Options and variables of all schedulers.
#[derive(Debug, Default)]
pub struct Schedulers {
    slurm: OptionTable,
    pbs: OptionTable,
    sge: OptionTable,
    lsf: OptionTable,
    variables: Vec<Variable>,
    /// Where each stands there.
    by_name: HashMap<String, usize>,
}

/// The options of one submit command.
#[derive(Debug, Default)]
pub struct OptionTable {
    options: Vec<BatchOption>,
}

/// One option of a submit command.
#[derive(Clone, Debug)]
pub struct BatchOption {
    /// Its name without dashes: `cpus-per-task`, `l`, `hold_jid`.
    pub name: String,
    /// Its letter.
    pub short: Option<char>,
    /// Whether it takes a value.
    pub takes: Takes,
    /// The option that it is another name for.
    pub alias: Option<String>,
    /// True when every supported version has it.
    pub always: bool,
    /// Names of the options that cannot stand beside it.
    pub excludes: Vec<String>,
    /// Giving it again adds to the first instead of replacing it.
    pub merges: bool,
}

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Never.
    No,
    /// Always, after `=` or a blank.
    Yes,
    /// Only after `=`.
    Optional,
    /// Two words.
    Two,
}

/// What a long option as written stands for.
#[derive(Clone, Copy, Debug)]
pub enum Lookup<'a> {
    /// It is an option or an alias of one.
    Exact(&'a BatchOption),
    /// It is a prefix that is completed to this one.
    Prefix(&'a BatchOption),
    /// It is a prefix of several.
    Ambiguous,
    /// None begins so.
    Unknown,
}

/// A variable of a scheduler.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub scheduler: Scheduler,
    /// True when the scheduler sets it in jobs, false when its commands only read it.
    pub output: bool,
    /// True when only the parts of a job have it that the job starts in parallel.
    pub in_steps: bool,
    /// Options of which one must be given for it to be set; none needed when empty.
    pub needs: Vec<String>,
}

impl Schedulers {
    /// Reads `data/{sbatch,pbs,sge,bsub}-options.tsv` and `data/scheduler-variables.tsv`.
    ///
    /// # Errors
    /// As [`super::Tables::parse`].
    pub fn parse<'a>(read: &dyn Fn(&str) -> Option<&'a str>) -> Result<Self, TableError> {
        for (file, _) in OPTION_FILES {
            required(read, file)?;
        }
        required(read, VARIABLES)?;
        let mut schedulers = Self::default();
        schedulers.add(read)?;
        Ok(schedulers)
    }

    /// Adds what a further pack knows: options of plugins, variables of the site. One of the same name replaces the
    /// earlier.
    ///
    /// # Errors
    /// As [`super::Tables::add`].
    pub fn add<'a>(&mut self, read: &dyn Fn(&str) -> Option<&'a str>) -> Result<(), TableError> {
        for (file, scheduler) in OPTION_FILES {
            if let Some(text) = read(file) {
                self.options_mut(scheduler).add(file, text)?;
            }
        }
        if let Some(text) = read(VARIABLES) {
            add_variables(&mut self.variables, text)?;
            self.by_name =
                self.variables.iter().enumerate().map(|(at, variable)| (variable.name.clone(), at)).collect();
        }
        Ok(())
    }

    const fn options_mut(&mut self, scheduler: Scheduler) -> &mut OptionTable {
        match scheduler {
            Scheduler::Slurm => &mut self.slurm,
            Scheduler::Pbs => &mut self.pbs,
            Scheduler::Sge => &mut self.sge,
            Scheduler::Lsf => &mut self.lsf,
        }
    }

    /// The options of a scheduler's submit command.
    pub const fn options(&self, scheduler: Scheduler) -> &OptionTable {
        match scheduler {
            Scheduler::Slurm => &self.slurm,
            Scheduler::Pbs => &self.pbs,
            Scheduler::Sge => &self.sge,
            Scheduler::Lsf => &self.lsf,
        }
    }

    /// The variable of that name.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.by_name.get(name).and_then(|at| self.variables.get(*at))
    }

    /// The scheduler that a name claims by its prefix, known or not: `SLURM_…`, `PBS_…`, `SGE_…`, `LSB_…`.
    pub fn claims(name: &str) -> Option<Scheduler> {
        let prefixes = [
            ("SLURM_", Scheduler::Slurm),
            ("SLURMD_", Scheduler::Slurm),
            ("PBS_", Scheduler::Pbs),
            ("SGE_", Scheduler::Sge),
            ("LSB_", Scheduler::Lsf),
        ];
        prefixes.into_iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, scheduler)| scheduler)
    }

    /// The variable that an unknown name of `scheduler` was probably meant to be, and whether no other is as likely:
    /// one slip of the pen away, or with a word more.
    pub fn nearest_variable(&self, name: &str, scheduler: Scheduler) -> Option<(&str, bool)> {
        // The longest known name has 28 bytes.
        if name.len() > 50 {
            return None;
        }
        let parts: Vec<&str> = name.split('_').collect();
        let candidates = self.variables.iter().filter(|variable| variable.scheduler == scheduler && variable.output);
        let near: Vec<_> = candidates
            .filter_map(|variable| {
                // `SLURM_NUM_NODES` is `SLURM_JOB_NUM_NODES` with a word left out.
                let subset =
                    !variable.in_steps && parts.iter().all(|part| variable.name.split('_').any(|other| other == *part));
                let distance = strsim::damerau_levenshtein(name, &variable.name);
                let rank = if distance <= 1 { 0 } else { 2 - usize::from(subset) };
                let likely = subset || distance <= 1;
                (likely || distance <= 3).then_some((rank, distance, variable.name.as_str(), likely))
            })
            .collect();
        let (_, _, nearest, likely) = near.iter().min_by_key(|(rank, distance, ..)| (*rank, *distance))?;
        let sole = *likely && near.iter().filter(|(.., likely)| *likely).count() == 1;
        Some((nearest, sole))
    }
}

impl OptionTable {
    fn add(&mut self, file: &str, text: &str) -> Result<(), TableError> {
        let table = Tsv::parse(file, text, OPTION_COLUMNS)?;
        self.options.retain(|option| !table.rows().any(|row| row.get("option") == option.name));
        for row in table.rows() {
            let takes = match row.get("value") {
                "no" => Takes::No,
                "yes" => Takes::Yes,
                "optional" => Takes::Optional,
                "two" => Takes::Two,
                _ => return Err(row.error("value must be yes, no, optional or two")),
            };
            self.options.push(BatchOption {
                name: row.get("option").to_owned(),
                short: row.get("short").chars().next(),
                takes,
                alias: row.some("alias").map(str::to_owned),
                always: row.get("since").is_empty() && row.get("until").is_empty(),
                excludes: row.list("excludes"),
                merges: row.get("repeat") == "merge",
            });
        }
        Ok(())
    }

    /// All options in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = &BatchOption> {
        self.options.iter()
    }

    /// The option of exactly that name.
    pub fn get(&self, name: &str) -> Option<&BatchOption> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The option of that letter.
    pub fn short(&self, letter: char) -> Option<&BatchOption> {
        self.options.iter().find(|option| option.short == Some(letter))
    }

    /// What `getopt_long` makes of a long option: an exact name wins, then a prefix that only one option has.
    /// A prefix that only newer versions find ambiguous counts as the option that older ones take.
    pub fn lookup(&self, name: &str) -> Lookup<'_> {
        if let Some(option) = self.get(name) {
            return Lookup::Exact(option);
        }
        if name.is_empty() {
            return Lookup::Unknown;
        }
        let mut found: Vec<&BatchOption> = self.options.iter().filter(|option| option.name.starts_with(name)).collect();
        if found.len() > 1 && found.iter().filter(|option| option.always).count() == 1 {
            found.retain(|option| option.always);
        }
        match found.as_slice() {
            [] => Lookup::Unknown,
            [only] => Lookup::Prefix(only),
            _ => Lookup::Ambiguous,
        }
    }
}

impl BatchOption {
    /// The name that counts: the one it is an alias of, else its own.
    pub fn canonical(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

fn add_variables(variables: &mut Vec<Variable>, text: &str) -> Result<(), TableError> {
    let table = Tsv::parse(VARIABLES, text, &["name", "scheduler", "kind", "needs"])?;
    variables.retain(|variable| !table.rows().any(|row| row.get("name") == variable.name));
    for row in table.rows() {
        let scheduler = Scheduler::ALL
            .into_iter()
            .find(|scheduler| scheduler.name() == row.get("scheduler"))
            .ok_or_else(|| row.error("no such scheduler"))?;
        let output = match row.get("kind") {
            "output" | "step" => true,
            "input" => false,
            _ => return Err(row.error("kind must be output, step or input")),
        };
        let needs = row.some("needs").map(|cell| cell.split('|').map(str::to_owned).collect()).unwrap_or_default();
        let in_steps = row.get("kind") == "step";
        variables.push(Variable { name: row.get("name").to_owned(), scheduler, output, in_steps, needs });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::tests::built_in;

    #[test]
    fn prefixes_as_getopt_takes_them() {
        let tables = built_in();
        let table = tables.schedulers.options(Scheduler::Slurm);
        assert!(matches!(table.lookup("mem"), Lookup::Exact(option) if option.name == "mem"));
        assert!(matches!(table.lookup("tasks"), Lookup::Prefix(option) if option.canonical() == "ntasks-per-node"));
        assert!(matches!(table.lookup("out"), Lookup::Prefix(option) if option.name == "output"));
        assert!(matches!(table.lookup("gpu"), Lookup::Ambiguous));
        assert!(matches!(table.lookup("memb"), Lookup::Unknown));
        // Versions before 24.05 take it for `reservation`.
        assert!(matches!(table.lookup("res"), Lookup::Prefix(option) if option.name == "reservation"));
    }

    #[test]
    fn variables_and_what_they_need() {
        let tables = built_in();
        let schedulers = &tables.schedulers;
        assert_eq!(schedulers.variable("SLURM_CPUS_PER_TASK").unwrap().needs[0], "cpus-per-task");
        assert!(schedulers.variable("SLURM_JOB_ID").unwrap().needs.is_empty());
        assert!(schedulers.variable("SLURM_NUM_NODES").is_none());
        let nearest = schedulers.nearest_variable("SLURM_NUM_NODES", Scheduler::Slurm);
        assert_eq!(nearest, Some(("SLURM_JOB_NUM_NODES", true)));
        let nearest = |name| schedulers.nearest_variable(name, Scheduler::Slurm);
        assert_eq!(nearest("SLURM_CPU_PER_TASK"), Some(("SLURM_CPUS_PER_TASK", true)));
        // As likely the task of an array.
        assert_eq!(nearest("SLURM_TASK_ID"), Some(("SLURM_TASK_PID", false)));
        assert_eq!(nearest("SLURM_TASKID"), Some(("SLURM_TASK_PID", false)));
        assert_eq!(schedulers.nearest_variable("SLURM_WHATEVER_ELSE", Scheduler::Slurm), None);
    }

    #[test]
    fn aliases_and_exclusions_name_options_that_exist() {
        let tables = built_in();
        for scheduler in Scheduler::ALL {
            let table = tables.schedulers.options(scheduler);
            for option in table.iter() {
                for name in option.excludes.iter().chain(option.alias.iter()) {
                    assert!(table.get(name).is_some(), "{} names {name}", option.name);
                }
            }
        }
        for variable in &tables.schedulers.variables {
            for option in variable.needs.iter().filter(|name| *name != "hetjob") {
                let table = tables.schedulers.options(variable.scheduler);
                assert!(table.get(option).is_some(), "{} needs {option}", variable.name);
            }
        }
    }
}
