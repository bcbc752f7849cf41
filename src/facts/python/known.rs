//! What is known of Python's libraries: who starts processes, who counts processors, who goes by two names.
//!
//! Source: the documentation of each library. What happens without a count differs (all processors, one, one for
//! each GPU): that is for rules to say, which name the calls they mean.

/// Where a call that starts processes takes their number from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// An argument: its position, if it has one, and its keywords.
    Argument(Option<usize>, &'static [&'static str]),
    /// One process for each element of that positional argument.
    Items(usize, &'static str),
    /// One process; as many as the loop or comprehension around it has rounds.
    Rounds,
}

use Count::{Argument, Items, Rounds};

/// Calls that start processes.
static STARTERS: &[(&str, Count)] = &[
    ("multiprocessing.Pool", Argument(Some(0), &["processes"])),
    ("multiprocessing.pool.Pool", Argument(Some(0), &["processes"])),
    ("concurrent.futures.ProcessPoolExecutor", Argument(Some(0), &["max_workers"])),
    ("torch.multiprocessing.Pool", Argument(Some(0), &["processes"])),
    ("torch.multiprocessing.pool.Pool", Argument(Some(0), &["processes"])),
    ("torch.multiprocessing.spawn", Argument(Some(2), &["nprocs"])),
    ("multiprocess.Pool", Argument(Some(0), &["processes"])),
    ("multiprocess.pool.Pool", Argument(Some(0), &["processes"])),
    ("billiard.Pool", Argument(Some(0), &["processes"])),
    ("billiard.pool.Pool", Argument(Some(0), &["processes"])),
    ("multiprocessing_on_dill.Pool", Argument(Some(0), &["processes"])),
    ("pathos.multiprocessing.Pool", Argument(Some(0), &["nodes", "ncpus", "processes"])),
    ("pathos.multiprocessing.ProcessPool", Argument(Some(0), &["nodes", "ncpus"])),
    ("pathos.multiprocessing.ProcessingPool", Argument(Some(0), &["nodes", "ncpus"])),
    ("pathos.pools.ProcessPool", Argument(Some(0), &["nodes", "ncpus"])),
    ("pathos.pools.ParallelPool", Argument(Some(0), &["nodes", "ncpus"])),
    ("pathos.parallel.ParallelPool", Argument(Some(0), &["nodes", "ncpus"])),
    ("pathos.pp.ParallelPool", Argument(Some(0), &["nodes", "ncpus"])),
    ("joblib.Parallel", Argument(Some(0), &["n_jobs"])),
    ("loky.get_reusable_executor", Argument(Some(0), &["max_workers"])),
    ("loky.ProcessPoolExecutor", Argument(Some(0), &["max_workers"])),
    ("pebble.ProcessPool", Argument(None, &["max_workers"])),
    ("mpire.WorkerPool", Argument(Some(0), &["n_jobs"])),
    ("schwimmbad.MultiPool", Argument(Some(0), &["processes"])),
    ("gensim.models.LdaMulticore", Argument(None, &["workers"])),
    ("dask.distributed.LocalCluster", Argument(Some(0), &["n_workers"])),
    ("tqdm.contrib.concurrent.process_map", Argument(None, &["max_workers"])),
    ("p_tqdm.p_map", Argument(None, &["num_cpus"])),
    ("p_tqdm.p_umap", Argument(None, &["num_cpus"])),
    ("multiprocessing.Process", Rounds),
    ("torch.multiprocessing.Process", Rounds),
    ("multiprocess.Process", Rounds),
    ("billiard.Process", Rounds),
    ("stable_baselines.common.vec_env.SubprocVecEnv", Items(0, "env_fns")),
    ("stable_baselines3.common.vec_env.SubprocVecEnv", Items(0, "env_fns")),
    ("baselines.common.vec_env.subproc_vec_env.SubprocVecEnv", Items(0, "env_fns")),
    ("gym.vector.AsyncVectorEnv", Items(0, "env_fns")),
    ("gymnasium.vector.AsyncVectorEnv", Items(0, "env_fns")),
];

/// Calls that count all processors of the machine.
static ALL_CPUS: &[&str] = &[
    "os.cpu_count",
    "multiprocessing.cpu_count",
    "torch.multiprocessing.cpu_count",
    "multiprocess.cpu_count",
    "billiard.cpu_count",
    "pathos.multiprocessing.cpu_count",
    "pathos.helpers.cpu_count",
    "pathos.core.cpu_count",
    "psutil.cpu_count",
    "mpire.cpu_count",
    "numexpr.detect_number_of_cores",
];

/// Calls that give the processors which this process may use, as a number. loky's (and so joblib's) looks at
/// affinity and cgroups, dask's too.
static AFFINITY: &[&str] = &[
    "os.process_cpu_count",
    "joblib.cpu_count",
    "loky.cpu_count",
    "dask.system.cpu_count",
    "distributed.system.CPU_COUNT",
    "dask.system.CPU_COUNT",
];

/// Calls that give the processors which this process may use, as a set.
static AFFINITY_SETS: &[&str] = &["os.sched_getaffinity"];

/// Calls that read settings from a file.
static SETTINGS: &[&str] = &[
    "json.load",
    "json.loads",
    "yaml.load",
    "yaml.safe_load",
    "yaml.full_load",
    "toml.load",
    "toml.loads",
    "tomllib.load",
    "tomllib.loads",
    "tomli.load",
    "tomli.loads",
    "configparser.ConfigParser",
    "configparser.RawConfigParser",
    "ConfigParser.ConfigParser",
    "omegaconf.OmegaConf.load",
    "hydra.compose",
];

/// Calls that read the command line.
static COMMAND_LINE: &[&str] = &["docopt.docopt", "sys.argv", "absl.flags.FLAGS", "simple_parsing.parse", "tyro.cli"];

/// Names that mean the parsed command line where nothing tells otherwise.
static COMMAND_LINE_NAMES: &[&str] =
    &["args", "arguments", "cli_args", "cmd_args", "flags", "FLAGS", "namespace", "opts", "parsed_args"];

/// Names that mean settings where nothing tells otherwise.
static SETTINGS_NAMES: &[&str] = &[
    "cfg",
    "conf",
    "config",
    "configs",
    "configuration",
    "CONFIG",
    "hparams",
    "hyperparams",
    "opt",
    "options",
    "params",
    "settings",
    "snakemake",
];

/// Last parts of modules that hold settings.
static SETTINGS_MODULES: &[&str] =
    &["cfg", "conf", "config", "configs", "configuration", "constants", "defaults", "parameters", "params", "settings"];

/// Variables that schedulers set, or users set from them: what begins so …
static SCHEDULER_PREFIXES: &[&str] =
    &["SLURM_", "PBS_", "LSB_", "SGE_", "COBALT_", "FLUX_", "OMPI_COMM_WORLD_", "PMI_", "PALS_"];

/// … and whole names.
static SCHEDULER_NAMES: &[&str] = &[
    "NSLOTS",
    "NCPUS",
    "NPROCS",
    "NP",
    "PPN",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "PYTHON_CPU_COUNT",
    "JULIA_NUM_THREADS",
];

/// The same thing under a second name: what it is written as, and what it is called here. Whole dotted parts.
static ALIASES: &[(&str, &str)] = &[
    ("concurrent.futures.process.ProcessPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
    ("concurrent.futures.thread.ThreadPoolExecutor", "concurrent.futures.ThreadPoolExecutor"),
    ("multiprocessing.process.Process", "multiprocessing.Process"),
    ("multiprocessing.context.Process", "multiprocessing.Process"),
    ("joblib.parallel.Parallel", "joblib.Parallel"),
    ("joblib.parallel.cpu_count", "joblib.cpu_count"),
    ("sklearn.externals.joblib", "joblib"),
    ("sklearn.utils.parallel.Parallel", "joblib.Parallel"),
    ("gensim.models.ldamulticore.LdaMulticore", "gensim.models.LdaMulticore"),
    ("distributed.LocalCluster", "dask.distributed.LocalCluster"),
    ("pathos.helpers.mp", "multiprocess"),
    ("matplotlib.pylab", "matplotlib.pyplot"),
    ("pylab", "matplotlib.pyplot"),
    ("matplotlib.pyplot.matplotlib", "matplotlib"),
    ("posix", "os"),
];

/// What `from MODULE import *` gives, as far as it matters here.
static STARS: &[(&str, &[&str])] = &[
    (
        "multiprocessing",
        &["Pool", "Process", "Queue", "Manager", "Value", "Array", "cpu_count", "get_context", "set_start_method"],
    ),
    ("torch.multiprocessing", &["Pool", "Process", "spawn", "cpu_count", "get_context", "set_start_method"]),
    ("multiprocess", &["Pool", "Process", "cpu_count", "get_context"]),
    ("concurrent.futures", &["ProcessPoolExecutor", "ThreadPoolExecutor"]),
    ("joblib", &["Parallel", "delayed", "cpu_count"]),
    ("os", &["cpu_count", "process_cpu_count", "sched_getaffinity", "environ", "getenv"]),
    ("sys", &["argv"]),
    ("psutil", &["cpu_count"]),
    ("gensim.models", &["LdaMulticore"]),
];

/// Modules that a name stands for although the file never binds it: the author forgot the import.
static FORGOTTEN: &[&str] = &["multiprocessing", "os", "sys"];

/// Modules whose star import gives none of these.
static WITHOUT_MODULES: &[&str] = &[
    "numpy",
    "math",
    "multiprocessing",
    "typing",
    "collections",
    "itertools",
    "functools",
    "time",
    "random",
    "joblib",
];

/// The last parts of the names of calls that start processes: only these have `arg.count`.
pub fn starters() -> impl Iterator<Item = &'static str> {
    STARTERS.iter().filter_map(|(name, _)| name.rsplit('.').next())
}

/// How texts may begin a dotted name that begins with `first` here, itself among them.
pub fn spellings(first: &str) -> impl Iterator<Item = &str> {
    let begins = |name: &'static str| name.split('.').next().unwrap_or(name);
    let others = ALIASES.iter().filter(move |(_, known)| begins(known) == first).map(move |(alias, _)| begins(alias));
    std::iter::once(first).chain(others)
}

/// How a call that starts processes is told their number; `None` for other calls.
pub fn starter(callee: &str) -> Option<Count> {
    STARTERS.iter().find(|(name, _)| *name == callee).map(|(_, count)| *count)
}

/// True when a starter of processes ends in this name.
pub fn looks_like_starter(name: &str) -> bool {
    STARTERS.iter().any(|(starter, _)| starter.rsplit('.').next() == Some(name))
}

/// True for a call that counts all processors.
pub fn counts_all(callee: &str) -> bool {
    ALL_CPUS.contains(&callee)
}

/// True for a call that counts the processors which this process may use.
pub fn counts_affinity(callee: &str) -> bool {
    AFFINITY.contains(&callee)
}

/// True for a call that gives the processors which this process may use.
pub fn lists_affinity(callee: &str) -> bool {
    AFFINITY_SETS.contains(&callee)
}

/// True for a call or value of the command line.
pub fn is_command_line(name: &str) -> bool {
    COMMAND_LINE.iter().any(|known| is_or_in(name, known))
}

/// True for a call that reads settings, and for members of modules that hold them.
pub fn is_settings(name: &str) -> bool {
    SETTINGS.contains(&name)
        || name
            .rsplit_once('.')
            .is_some_and(|(module, _)| module.rsplit('.').next().is_some_and(|last| SETTINGS_MODULES.contains(&last)))
}

/// True for a name that usually holds the parsed command line.
pub fn is_command_line_name(name: &str) -> bool {
    COMMAND_LINE_NAMES.contains(&name)
}

/// True for a name that usually holds settings.
pub fn is_settings_name(name: &str) -> bool {
    SETTINGS_NAMES.contains(&name)
}

/// True for an environment variable that tells what the scheduler gave.
pub fn is_scheduler_variable(name: &str) -> bool {
    SCHEDULER_NAMES.contains(&name) || SCHEDULER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The name under which a thing is known here.
pub fn canonical(name: String) -> String {
    for (alias, known) in ALIASES {
        if is_or_in(&name, alias) {
            return format!("{known}{}", &name[alias.len()..]);
        }
    }
    name
}

/// True when a star import of `module` binds `name`.
pub fn star_gives(module: &str, name: &str) -> bool {
    STARS.iter().any(|(known, names)| *known == module && names.contains(&name))
}

/// True for a module that an unbound name can only mean, also below a star import of these modules.
pub fn is_forgotten_module(name: &str, stars: &[&str]) -> bool {
    FORGOTTEN.contains(&name) && stars.iter().all(|star| WITHOUT_MODULES.contains(star))
}

fn is_or_in(name: &str, thing: &str) -> bool {
    name.strip_prefix(thing).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
