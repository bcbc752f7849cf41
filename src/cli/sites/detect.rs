//! `pydoctor sites detect [PATH…]`: which site would judge, by what evidence, and what was looked at.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::check::{Grounds, SiteChoice};
use crate::facts::{Alone, FileFacts};
use crate::policy::{CommandLine, Policy};
use crate::report::{encode, for_terminal};
use crate::source::{self, Kind, Loaded, Source, WalkOptions};

use super::super::Status;
use super::super::args::{Detect, ListFormat};
use super::super::engine::{Engine, notes};
use super::super::settings::{Exclusion, FileSettings};
use super::super::snapshot::Snapshot;
use super::super::streams::{Streams, emit};

/// Runs `pydoctor sites detect`.
pub(in super::super) fn run(args: &Detect, snapshot: &Snapshot, streams: &mut Streams) -> anyhow::Result<Status> {
    let engine = Engine::new(&args.policy, CommandLine::default(), snapshot)?;
    let mut detection = Detection::new(&engine);
    if args.paths.is_empty() {
        let here = engine.settings.here()?;
        detection.add(None, here, &Source::new(PathBuf::new(), Kind::Other, Vec::new()), &FileFacts::default())?;
    } else {
        detection.add_files(&args.paths)?;
    }
    engine.settings.check_line(&detection.policies)?;
    detection.problems.extend(engine.settings.faults());
    for problem in &detection.problems {
        streams.complain(problem);
    }
    emit(&args.format, streams, |format, out| match format {
        ListFormat::Human => detection.human(out),
        ListFormat::Json => {
            encode::compact(&detection.json(), out)?;
            writeln!(out)
        }
    })?;
    Ok(if detection.problems.is_empty() { Status::Clean } else { Status::Trouble })
}

/// What was found out.
struct Detection<'e> {
    engine: &'e Engine,
    /// For each file; without a path for the place where one is.
    choices: Vec<(Option<PathBuf>, SiteChoice)>,
    policies: Vec<Arc<Policy>>,
    /// The environment variables by which sites are recognised.
    variables: BTreeSet<String>,
    /// Configurations that hold, with the sites that they name for these files.
    configurations: BTreeSet<(PathBuf, Option<String>)>,
    problems: Vec<String>,
}

impl<'e> Detection<'e> {
    fn new(engine: &'e Engine) -> Self {
        let mut detection = Self {
            engine,
            choices: Vec::new(),
            policies: Vec::new(),
            variables: BTreeSet::new(),
            configurations: BTreeSet::new(),
            problems: Vec::new(),
        };
        detection.knows(&engine.settings.nothing().known);
        detection
    }

    /// Takes in a policy by which sites are recognised.
    fn knows(&mut self, policy: &Arc<Policy>) {
        if !self.policies.iter().any(|known| Arc::ptr_eq(known, policy)) {
            let variables = policy.sites.heads().flat_map(|site| site.detect.env.iter().map(|(name, _)| name));
            self.variables.extend(variables.cloned());
            self.policies.push(Arc::clone(policy));
        }
    }

    fn add_files(&mut self, paths: &[PathBuf]) -> anyhow::Result<()> {
        let engine = self.engine;
        let exclude = |path: &Path| engine.settings.excluded(path) != Exclusion::No;
        let found = source::discover(paths, &WalkOptions { exclude: Some(&exclude) });
        let problem = |problem: &source::Problem| format!("{}: {}", problem.path.display(), problem.message);
        self.problems.extend(found.problems.iter().map(problem));
        for found in &found.files {
            let source = match source::load(found) {
                Loaded::Source { source, .. } | Loaded::TooLarge { source, .. } => source,
                Loaded::NotChecked if found.named => {
                    self.problems.push(format!("{}: not a kind that pydoctor checks", found.path.display()));
                    continue;
                }
                Loaded::NotChecked => continue,
                Loaded::Problem(found) => {
                    self.problems.push(problem(&found));
                    continue;
                }
            };
            // A faulty configuration is told once, for all its files.
            let Ok(settings) = engine.settings_of(&source.path) else { continue };
            let facts = engine.facts(&source, &settings.policy.tables, &Alone);
            self.add(Some(source.path.clone()), settings, &source, &facts)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        path: Option<PathBuf>,
        settings: FileSettings,
        source: &Source,
        facts: &FileFacts,
    ) -> anyhow::Result<()> {
        self.choices.push((path, self.engine.site(&settings, source, facts)?));
        self.knows(&settings.known);
        let path = settings.path.as_deref();
        for config in settings.layers.configs.iter().filter(|_| !settings.layers.isolated) {
            let site = config.parts_for(path).into_iter().filter_map(|part| part.site).next_back();
            self.configurations.insert((self.engine.settings.shown(&config.file).to_owned(), site));
        }
        Ok(())
    }

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = self.choices.iter().map(|(_, choice)| choice.id.len()).max().unwrap_or(0);
        match self.choices.as_slice() {
            [] => writeln!(out, "no file that pydoctor checks")?,
            [(None, choice)] => writeln!(out, "{}: {}", choice.id, for_terminal(&choice.why))?,
            [(_, first), rest @ ..] if !rest.is_empty() && rest.iter().all(|(_, choice)| choice == first) => {
                writeln!(out, "{} for {} files: {}", first.id, self.choices.len(), for_terminal(&first.why))?;
            }
            choices => {
                for (path, choice) in choices {
                    let path = path.as_deref().unwrap_or(Path::new(".")).to_string_lossy();
                    writeln!(out, "{:width$}  {}: {}", choice.id, for_terminal(&path), for_terminal(&choice.why))?;
                }
            }
        }
        for (path, choice) in &self.choices {
            if let Some(note) = notes::of_site(path.as_deref().unwrap_or(Path::new(".")), choice) {
                writeln!(out, "{}", for_terminal(&note))?;
            }
        }
        writeln!(out, "\nLooked at, the first that tells a site counts:")?;
        for (what, found) in self.looked_at() {
            writeln!(out, "  {what:14} {}", for_terminal(&found))?;
        }
        Ok(())
    }

    /// Every step of the search with what it found, in words.
    fn looked_at(&self) -> Vec<(&'static str, String)> {
        let files = self.choices.iter().filter(|(path, _)| path.is_some()).count();
        let count = |grounds| self.choices.iter().filter(|(_, choice)| choice.grounds == grounds).count();
        let in_files = |grounds| match (files, count(grounds)) {
            (0, _) => "no file given".to_owned(),
            (files, decided) => format!("decide {decided} of {files} file{}", if files == 1 { "" } else { "s" }),
        };
        let flag = self.engine.settings.flag().map_or("not given".to_owned(), str::to_owned);
        let configurations: Vec<String> = self
            .configurations
            .iter()
            .map(|(file, site)| format!("{} ({})", file.display(), site.as_deref().unwrap_or("names no site")))
            .collect();
        let configuration = if configurations.is_empty() { "none".to_owned() } else { configurations.join(", ") };
        let set: Vec<String> = self
            .variables
            .iter()
            .filter_map(|name| Some(format!("{name}={}", self.engine.machine.env.get(name)?)))
            .collect();
        let environment = match set.is_empty() {
            true => {
                format!("none of {} is set", self.variables.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
            false => set.join(", "),
        };
        let host = self.engine.machine.hostname.clone().unwrap_or_else(|| "not known".to_owned());
        vec![
            ("--site", flag),
            ("comments", in_files(Grounds::Pragma)),
            ("configuration", configuration),
            ("environment", environment),
            ("host name", host),
            ("paths, modules", in_files(Grounds::Evidence)),
        ]
    }

    fn json(&self) -> Json {
        let choice = |(path, choice): &(Option<PathBuf>, SiteChoice)| {
            json!({
                "path": path.as_ref().map(|path| path.to_string_lossy()),
                "site": choice.id,
                "by": choice.grounds.name(),
                "why": choice.why,
                "slip": choice.slip.as_ref().map(|(line, wrong)| json!({ "line": line, "message": wrong })),
            })
        };
        let configuration =
            |(file, site): &(PathBuf, Option<String>)| json!({ "path": file.to_string_lossy(), "site": site });
        let env = &self.engine.machine.env;
        let variables: serde_json::Map<String, Json> =
            self.variables.iter().map(|name| (name.to_owned(), json!(env.get(name)))).collect();
        json!({
            "version": 1,
            "choices": self.choices.iter().map(choice).collect::<Vec<_>>(),
            "looked_at": {
                "flag": self.engine.settings.flag(),
                "configurations": self.configurations.iter().map(configuration).collect::<Vec<_>>(),
                "environment": variables,
                "host": self.engine.machine.hostname,
            },
        })
    }
}
