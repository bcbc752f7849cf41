//! `pydoctor check`: read, judge, mend, report.

use std::cell::RefCell;
use std::io::{self, Read};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use foldhash::{HashSet, HashSetExt};

use crate::check::Severity;
use crate::facts::Gap;
use crate::policy::config::NAMES;
use crate::policy::{CommandLine, Selection};
use crate::report::{Excluded, FileResult, Format, HumanOptions, Palette, Report, SiteChoice, Why, closing};
use crate::source::{self, Found, Kind, Loaded, Source, Span, WalkOptions};

use super::Status;
use super::args::{self, Output};
use super::engine::{Engine, FAIL_ON};
use super::mend::{Mending, Refused, tell_unfinished};
use super::panics;
use super::progress::Progress;
use super::settings::Exclusion;
use super::snapshot::Snapshot;
use super::streams::{Streams, apart, emit};
use super::workers::{MANY, Workers};

/// The largest standard input that is read, in bytes: the largest that any kind may have.
const STDIN_LIMIT: u64 = source::size_limit(Kind::Notebook);

/// Runs `pydoctor check`.
pub(super) fn run(args: &args::Check, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let outputs = outputs(args)?;
    if args.interactive && !snapshot.answers {
        bail!("--interactive needs a terminal to ask on; leave it out, or use --diff to see what --fix would change");
    }
    let paths = match (args.paths.as_slice(), &args.stdin_filename) {
        ([], None) => vec![PathBuf::from(".")],
        ([], Some(_)) => vec![PathBuf::from("-")],
        (paths, Some(_)) if !paths.iter().any(|path| is_stdin(path)) => {
            bail!("--stdin-filename names standard input, which is not among the paths; add `-`")
        }
        (paths, _) => paths.to_vec(),
    };
    // The process ends with the run: what it holds goes with it, and nobody waits for it to be taken apart.
    let mut engine = ManuallyDrop::new(Engine::new(&args.policy, line(args, &snapshot.cwd), snapshot)?);
    engine.prefiltering = args.prefilter.into();
    if snapshot.live && !args.quiet {
        streams.progress.start();
    }
    let workers = ManuallyDrop::new(Workers::new(args.jobs, snapshot).telling(&streams.progress));
    // Folders may hold many files; what they will all be asked is read while they are looked for.
    if paths.iter().any(|path| path.is_dir()) {
        engine.read_ahead(&workers);
    }

    let input = Input::read(args, &paths, &engine, &workers, &streams.progress)?;
    let trouble = !input.problems.is_empty();
    for problem in &input.problems {
        streams.complain(problem);
    }
    let mut session = ManuallyDrop::new(engine.open(input.sources, &workers)?);
    session.load_baselines(args.write_baseline)?;
    let runs = ManuallyDrop::new(session.runs(&workers));
    let mut results = session.results(&runs, &workers);
    for file in input.too_large {
        results.push(engine.judge_unread(file)?);
    }

    let half_written = tell_unfinished(args, snapshot, streams);
    let mut status = if trouble || !half_written.is_empty() { Status::Trouble } else { Status::Clean };
    let job = Mending {
        args,
        session: &session,
        runs: &runs,
        workers: &workers,
        engine: &engine,
        half_written,
        snapshot,
        safe_unasked: false,
    };
    let (mut changed, mut fixes, mut refused) = (false, None, Refused::default());
    if args.diff {
        (changed, refused) = job.diff(&results, streams);
    } else if args.fix || args.add_ignores {
        let fixed = job.fix(results, streams);
        status = status.max(if fixed.failed { Status::Trouble } else { Status::Clean });
        (results, fixes, refused) = (fixed.left, Some(fixed.done), fixed.refused);
    }
    let not_obeyed = session.not_obeyed(&runs);
    let kept_loud = if args.write_baseline || args.add_ignores { session.kept_loud(&results) } else { 0 };
    let baselines =
        if args.write_baseline { session.write_baselines(&mut results)? } else { session.baselines(&results) };
    let mut report = ManuallyDrop::new(session.report(results, &workers));
    // What was tried and does not stand will not be mended by trying again.
    report.summary.fixable_safe = report.summary.fixable_safe.saturating_sub(refused.safe);
    report.summary.fixable_unsafe = report.summary.fixable_unsafe.saturating_sub(refused.other);
    report.baselines = baselines;
    report.not_checked = input.not_checked;
    report.configurations = session.configurations();
    report.fixes = fixes;
    report.not_obeyed = not_obeyed;
    report.notes = session.notes();
    report.kept_loud = kept_loud;
    report.excluded = input.excluded;
    report.problems = input.problems;
    let found = if args.diff { changed } else { report.fails() };
    status = status.max(if found && !args.exit_zero { Status::Found } else { Status::Clean });
    report.exit_code = status.code();
    if args.diff && !args.quiet {
        closing::kept_loud(&report).iter().for_each(|told| streams.remark(told));
        streams.remark(&closing::line(&report));
    }
    let mut write = || write_outputs(&outputs, &report, args, streams);
    let written = if report.findings.len() < MANY { write() } else { workers.install(|_| write()) };
    Ok(status.max(if written { Status::Clean } else { Status::Trouble }))
}

/// What the command line says of policy.
fn line(args: &args::Check, cwd: &Path) -> CommandLine {
    let selection = Selection {
        select: Some(args.select.clone()).filter(|select| !select.is_empty()),
        ignore: args.ignore.clone(),
        forced: !args.select.is_empty(),
        ..Selection::default()
    };
    let baseline = args.baseline.as_ref().map(|file| cwd.join(file));
    CommandLine { selection, fail_on: args.fail_on.map(Severity::from), baseline, ..CommandLine::default() }
}

/// Where the report goes, checked before anything is done.
fn outputs(args: &args::Check) -> anyhow::Result<Vec<Output<Format>>> {
    let to_stdout = args.format.iter().filter(|output| output.file.is_none()).count();
    apart(&args.format)?;
    if args.unsafe_fixes && !args.fix && !args.diff {
        bail!("--unsafe-fixes does nothing alone; add --fix or --diff");
    }
    if args.interactive && reads_stdin(args) {
        bail!("--interactive asks on the terminal, so that `-` cannot be checked; name a file");
    }
    let takes_stdout = args.diff || ((args.fix || args.add_ignores) && reads_stdin(args));
    if takes_stdout && to_stdout > 0 {
        let what = if args.diff { "the diff" } else { "the new text" };
        bail!("{what} goes to standard output; give the report a file: -f NAME=FILE");
    }
    let mut outputs = args.format.clone();
    if to_stdout == 0 && !takes_stdout && outputs.is_empty() {
        outputs.push(Output { format: Format::Human, file: None });
    }
    Ok(outputs)
}

/// Writes the report to every place; false when one could not be written, which stops no other.
fn write_outputs(outputs: &[Output<Format>], report: &Report, args: &args::Check, streams: &mut Streams) -> bool {
    let mut written = true;
    for output in outputs {
        let mut options = HumanOptions {
            palette: streams.palette,
            ascii: streams.ascii,
            quiet: args.quiet,
            verbose: args.verbose,
            statistics: args.statistics,
            links: streams.links.clone(),
        };
        if output.file.is_some() {
            (options.palette, options.ascii, options.links) = (Palette::PLAIN, false, None);
        }
        if let Err(error) = emit(output, streams, |format, out| format.write(report, &options, out)) {
            streams.complain(&format!("{error:#}"));
            written = false;
        }
    }
    written
}

/// True when standard input is checked: named by `-`, or by a name for it alone.
pub(super) fn reads_stdin(args: &args::Check) -> bool {
    args.paths.iter().any(|path| is_stdin(path)) || (args.paths.is_empty() && args.stdin_filename.is_some())
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Everything that was read.
#[derive(Default)]
struct Input {
    sources: Vec<Arc<Source>>,
    /// Files too large to read, with the gap that says so.
    too_large: Vec<FileResult>,
    /// Named files of no kind that is checked.
    not_checked: Vec<PathBuf>,
    /// What configurations exclude from the walk.
    excluded: Vec<Excluded>,
    /// Complaints.
    problems: Vec<String>,
}

impl Input {
    fn read(
        args: &args::Check,
        paths: &[PathBuf],
        engine: &Engine,
        workers: &Workers,
        progress: &Progress,
    ) -> anyhow::Result<Self> {
        let mut input = Self::default();
        let (stdin, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(|path| is_stdin(path));
        if !stdin.is_empty() {
            progress.begin("reading standard input");
            input.add_stdin(args.stdin_filename.as_deref())?;
        }
        // A fault above a folder is told even if nothing in it is checked.
        for path in &files {
            let _ = engine.settings_of(&path.join(NAMES[0]));
        }
        progress.begin("looking for files");
        let excluded = RefCell::new(Vec::new());
        let exclude = |path: &Path| {
            progress.step();
            let by = engine.settings.excluded(path);
            let why = match &by {
                Exclusion::By(origin) => Some(Why::By(engine.settings.origin(origin))),
                Exclusion::Fixtures(pack) => Some(Why::Fixtures(engine.settings.shown(pack).to_owned())),
                Exclusion::No | Exclusion::Faulty => None,
            };
            let told = why.map(|why| Excluded { path: engine.settings.shown(path).to_owned(), why });
            excluded.borrow_mut().extend(told);
            by != Exclusion::No
        };
        let found = source::discover(&files, &WalkOptions { exclude: Some(&exclude) });
        input.excluded = excluded.into_inner();
        input.problems.extend(found.problems.iter().map(problem));
        engine.settings.know_folders(found.folders);
        let loaded = workers.doing("reading files").map(&found.files, |found| panics::catch(|| source::load(found)));
        let mut seen = HashSet::new();
        for (found, loaded) in found.files.iter().zip(loaded) {
            input.add(found, loaded, &mut seen);
        }
        input.leave_out_faulty(engine)?;
        Ok(input)
    }

    /// Leaves out the files whose configuration is faulty: which rules they are meant to be judged by is not known.
    fn leave_out_faulty(&mut self, engine: &Engine) -> anyhow::Result<()> {
        self.sources.retain(|source| !engine.settings.is_faulty(&source.path));
        self.too_large.retain(|file| !engine.settings.is_faulty(&file.source.path));
        let faults = engine.settings.faults();
        if !faults.is_empty() && self.sources.is_empty() && self.too_large.is_empty() {
            bail!("{}", faults.join("\n\n"));
        }
        self.problems.extend(faults);
        Ok(())
    }

    fn add(&mut self, found: &Found, loaded: Result<Loaded, String>, seen: &mut HashSet<(u64, u64)>) {
        match loaded {
            // A link and its target are one file; the first name is shown.
            Ok(Loaded::Source { source, identity }) => {
                if seen.insert(identity) {
                    self.sources.push(Arc::new(source));
                }
            }
            Ok(Loaded::TooLarge { source, limit, .. }) => self.too_large.push(too_large(source, limit)),
            Ok(Loaded::NotChecked) if found.named => self.not_checked.push(found.path.clone()),
            Ok(Loaded::NotChecked) => {}
            Ok(Loaded::Problem(found)) => self.problems.push(problem(&found)),
            Err(panic) => self.problems.push(format!("{}: internal error: {panic}", found.path.display())),
        }
    }

    fn add_stdin(&mut self, name: Option<&Path>) -> anyhow::Result<()> {
        let name = name.unwrap_or_else(|| Path::new("-"));
        let mut bytes = Vec::new();
        io::stdin().lock().take(STDIN_LIMIT + 1).read_to_end(&mut bytes).context("standard input")?;
        let kind = source::classify_named(name, &bytes);
        let limit = source::size_limit(kind);
        if kind == Kind::Other {
            self.not_checked.push(name.to_owned());
        } else if bytes.len() as u64 > limit {
            self.too_large.push(too_large(Source::new(name.to_owned(), kind, Vec::new()), limit));
        } else {
            self.sources.push(Arc::new(Source::new(name.to_owned(), kind, bytes)));
        }
        Ok(())
    }
}

fn problem(problem: &source::Problem) -> String {
    format!("{}: {}", problem.path.display(), problem.message)
}

fn too_large(source: Source, limit: u64) -> FileResult {
    let gap = Gap { span: Span::at(0), reason: source::too_large(limit) };
    let site = SiteChoice::default();
    FileResult { source: Arc::new(source), site, findings: Vec::new(), gaps: vec![gap], fail_on: FAIL_ON }
}
