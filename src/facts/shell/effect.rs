//! What commands do to the state of the shell.

use std::sync::Arc;

use foldhash::HashMap;

use ecow::EcoString;

use super::command::Line;
use super::frame::{Frame, Place};
use super::state::{Created, Ready, unknown};
use super::value::Arg;
use super::walk::Walker;
use crate::facts::Text;
use crate::facts::{Fact, FactKind, Link, LinkKind};
use crate::source::{Kind, Shell, Span};

/// Files that a shell reads when it starts.
const STARTUP_FILES: [&str; 10] = [
    ".bashrc",
    ".bash_profile",
    ".profile",
    ".bash_login",
    ".zshrc",
    ".zprofile",
    ".zshenv",
    ".cshrc",
    ".tcshrc",
    ".bashrc.ext",
];

/// Variables whose folder can be told when files are linked: the home, and where the job was submitted.
const FOLDERS: [&str; 7] =
    ["HOME", "PWD", "SLURM_SUBMIT_DIR", "PBS_O_WORKDIR", "SGE_O_WORKDIR", "LS_SUBCWD", "LSB_SUBCWD"];

impl Walker<'_> {
    /// Changes the state as the command does.
    pub fn effect(&mut self, line: &Line, args: &[Arg]) {
        if self.module_command(line) {
            return;
        }
        if line.wrappers.iter().any(|name| name == "exec") && !line.run.is_empty() && line.run != "exec" {
            self.exits();
        }
        match line.run.as_str() {
            "cd" | "pushd" | "chdir" => self.change_folder(line),
            "popd" => self.state.set_cwd(Some(unknown("PWD").into())),
            "source" => self.source(line),
            "source activate" | "conda activate" => self.activate(line),
            "deactivate" | "conda deactivate" | "source deactivate" => self.state.set_env(None),
            "set" => self.set(line, args),
            "return" => self.returns(),
            "exit" | "logout" => self.exits(),
            "unset" | "unsetenv" => {
                for arg in &line.args {
                    self.state.unset_variable(&arg.text.text);
                }
            }
            "read" | "mapfile" | "readarray" | "getopts" => {
                for arg in &line.args {
                    self.state.forget_variable(&arg.text.text);
                }
            }
            "alias" => self.alias(line),
            "eval" => self.eval(line),
            "trap" => self.trap(line),
            "conda create" | "conda env create" | "python -m venv" | "virtualenv" | "uv venv" => self.created(line),
            _ => {
                self.call(&line.path.text, &line.args);
            }
        }
    }

    fn change_folder(&mut self, line: &Line) {
        let target = match line.args.first() {
            None => unknown("HOME").into(),
            Some(arg) if arg.text.text == "-" || arg.text.text.starts_with('+') => unknown("OLDPWD").into(),
            Some(arg) => arg.text.clone(),
        };
        let cwd = if target.text.starts_with(['/', '$', '~']) {
            target
        } else {
            let before = self.state.cwd().cloned().unwrap_or_else(|| unknown("PWD").into());
            let mut cwd = target.saying(join_path(&before.text, &target.text));
            cwd.unresolved.splice(0..0, before.unresolved.iter().cloned());
            cwd.into()
        };
        self.state.set_cwd(Some(cwd));
    }

    fn activate(&mut self, line: &Line) {
        let by = if line.run == "source activate" { "source activate" } else { "conda activate" };
        if by == "source activate" {
            self.state.make_ready(Ready::Yes);
        }
        let name = line.field("destination", &self.script.tables.commands);
        let name = name.or_else(|| line.option("--name").map(|option| option.value.clone()));
        let name = name.or_else(|| line.named("env").first().map(|arg| arg.text.clone()));
        let name = name.unwrap_or_else(|| Text::at("base", line.words).into());
        self.enter_environment("conda", name, by);
    }

    fn set(&mut self, line: &Line, args: &[Arg]) {
        let number = self.line(line.words);
        let mut words = args.iter().skip(1).map(|arg| arg.text.text.as_str());
        while let Some(word) = words.next() {
            let Some(on) = word.chars().next().filter(|sign| matches!(sign, '-' | '+')).map(|sign| sign == '-') else {
                break;
            };
            for letter in word.chars().skip(1) {
                match letter {
                    'u' => self.state.set_u(on.then_some(number)),
                    'e' => self.state.set_e(on),
                    'o' => match words.next() {
                        Some("nounset") => self.state.set_u(on.then_some(number)),
                        Some("errexit") => self.state.set_e(on),
                        _ => {}
                    },
                    '-' => return,
                    _ => {}
                }
            }
        }
    }

    /// `. FILE`: an activate script, conda's functions, a start-up file, or another script.
    fn source(&mut self, line: &Line) {
        let Some(path) = line.named("script").first().map(|arg| arg.text.clone()) else {
            // `source <name>/bin/activate`: a placeholder, which the shell reads as redirections.
            self.state.make_ready(Ready::Maybe);
            self.state.doubt_modules();
            if self.state.env().is_none() {
                self.enter_environment("unknown", Arc::default(), "unknown");
            }
            return;
        };
        let name = path.file_name().to_owned();
        self.state.add_sourced(path.clone());
        self.link_of_eval(line);
        if name == "activate" || name == "activate.csh" {
            return self.activate_script(line, &path);
        }
        if matches!(name.as_str(), "conda.sh" | "mamba.sh" | "conda.csh" | "micromamba.sh") {
            return self.state.make_ready(Ready::Yes);
        }
        let startup = STARTUP_FILES.contains(&name.as_str());
        if startup {
            self.state.read_startup();
        }
        if path.text.starts_with("/dev/") || path.text.contains("<(") {
            return;
        }
        let cwd = self.state.cwd().map(|cwd| cwd.text.clone());
        let file = self.script.reach.file(self.script.source, &path.text, cwd.as_deref());
        match file {
            Some(file) if !std::ptr::eq(&*file, self.script.source) => {
                let shell = match file.kind {
                    Kind::Shell { shell, .. } => shell,
                    _ => Shell::Bash,
                };
                let frame =
                    Frame { text: Arc::clone(&file.text), place: Place::Whole(line.words), shell, silent: true };
                self.within("sourced", |walker| walker.script_in(frame, false));
                // `return` ends the file, not the script.
                self.state.ended = false;
            }
            _ if startup => self.state.make_ready(Ready::Maybe),
            _ if path.text.starts_with("/etc/") || path.text.starts_with("/usr/") => {}
            _ => {
                self.state.make_ready(Ready::Maybe);
                self.state.doubt_modules();
                if self.state.env().is_none() {
                    self.enter_environment("unknown", path, "unknown");
                }
            }
        }
    }

    /// `eval`: conda's hook, or text that is a script in this shell.
    fn eval(&mut self, line: &Line) {
        if line.args.iter().any(|arg| Self::is_hook(&arg.text.text)) {
            return self.state.make_ready(Ready::Yes);
        }
        let known = line.args.iter().all(|arg| arg.text.is_known() && !arg.text.text.contains("$("));
        if !known {
            return;
        }
        let words: Vec<&str> = line.args.iter().map(|arg| arg.text.text.as_str()).collect();
        let frame = Frame {
            text: words.join(" ").into(),
            place: Place::Whole(line.words),
            shell: self.frame.shell,
            silent: self.frame.silent,
        };
        self.within("string", |walker| walker.script_in(frame, false));
    }

    /// What `eval` reads is read by the line that `eval` stands on, whose fact it is.
    fn link_of_eval(&mut self, line: &Line) {
        let Place::Whole(place) = self.frame.place else { return };
        let is_eval =
            |fact: &Fact| fact.kind == FactKind::Command && fact.span == place && fact.fields.text("run") == "eval";
        if let Some(fact) = self.out.facts.iter().rposition(is_eval).filter(|_| !self.frame.silent) {
            self.link(line, fact);
        }
    }

    fn trap(&mut self, line: &Line) {
        let Some(arg) = line.args.first().filter(|arg| arg.quoted && arg.text.text != "-") else { return };
        let decoded = self.resolver().decoded(arg.word);
        let end = arg.text.span.get().map_or(0, |span| span.end);
        let frame = decoded.into_frame(end, self.frame.shell, self.frame.silent);
        let before = self.state.clone();
        self.within("trap", |walker| walker.script_in(frame, false));
        self.state = before;
    }

    /// `alias NAME='…'`: its text is there on demand.
    fn alias(&mut self, line: &Line) {
        if self.frame.shell == Shell::Csh {
            return self.csh_alias(line);
        }
        for arg in line.args.clone() {
            let Some((name, value)) = arg.text.text.split_once('=') else { continue };
            let name = name.to_owned();
            self.aliases.insert(name.clone(), arg.text.saying(value));
            let decoded = self.resolver().decoded(arg.word).after('=');
            let end = arg.text.span.get().map_or(0, |span| span.end);
            let frame = decoded.into_frame(end, self.frame.shell, self.frame.silent);
            let before = self.state.clone();
            let outer = self.alias.replace(name);
            self.script_in(frame, false);
            self.alias = outer;
            self.state = before;
        }
    }

    /// csh's `alias NAME words`.
    fn csh_alias(&mut self, line: &Line) {
        let [name, rest @ ..] = line.args.as_slice() else { return };
        let name = name.text.text.clone();
        let mut decoded = super::frame::Decoded::default();
        for word in rest {
            decoded.append(self.resolver().decoded(word.word));
            decoded.push(" ", crate::source::Span::at(word.text.span.get().map_or(0, |span| span.end)));
        }
        let end = line.words.end;
        self.aliases
            .insert(name.to_string(), Text { text: EcoString::new(), span: line.words.into(), ..Text::default() });
        let frame = decoded.into_frame(end, self.frame.shell, self.frame.silent);
        let before = self.state.clone();
        let outer = self.alias.replace(name.to_string());
        self.script_in(frame, false);
        self.alias = outer;
        self.state = before;
    }

    fn created(&mut self, line: &Line) {
        let commands = &self.script.tables.commands;
        let kind = match line.run.as_str() {
            "uv venv" => "uv",
            run if run.starts_with("conda") => "conda",
            _ => "venv",
        };
        let path = line.field("destination", commands).map(|path| self.anchored(path));
        let Some(name) = path.or_else(|| line.field("env", commands)) else { return };
        let seeded = match kind {
            "uv" => Some(line.option("--seed").is_some()),
            "conda" if line.option("--file").is_some() || self.asks_for_python(line) => Some(true),
            "conda" => line.named("packages").is_empty().then_some(false),
            _ => Some(line.option("--without-pip").is_none()),
        };
        self.state.created.push(Created { kind, name, seeded });
    }

    /// A relative path as it is from where the script started.
    pub fn anchored(&self, path: Arc<Text>) -> Arc<Text> {
        if path.text.starts_with(['/', '$', '~']) {
            return path;
        }
        let folder = self.state.cwd().map_or("$PWD", |folder| folder.text.as_str());
        path.saying(join_path(folder, &path.text)).into()
    }

    /// Files that the command runs or reads.
    pub fn link(&mut self, line: &Line, fact: usize) {
        let target = |name: &str| line.field(name, &self.script.tables.commands);
        let (how, target) = match line.run.as_str() {
            "python" | "ipython" | "bash" | "sbatch" | "qsub" | "bsub" => (LinkKind::Runs, target("script")),
            "source" => (LinkKind::Sources, target("script")),
            "conda create" | "conda env create" | "conda env update" | "conda install" | "pip install"
            | "uv pip install" => (LinkKind::CreatesFrom, target("script")),
            _ if line.path.text.ends_with(".py") || line.path.text.ends_with(".sh") => {
                (LinkKind::Runs, Some(line.path.clone()))
            }
            _ => return,
        };
        let Some(target) = target.filter(|target| !target.text.is_empty()) else { return };
        let cwd = self
            .state
            .cwd()
            .filter(|cwd| cwd.unresolved.iter().all(|name| FOLDERS.contains(&name.as_str())))
            .map(|cwd| cwd.text.to_string());
        self.out.links.push(Link { fact, how, target, cwd });
    }

    /// Python text in a here document.
    pub fn python_text(&mut self, frame: &Frame) {
        crate::facts::collect::embedded_python(frame, self.script.source, self.out);
    }

    /// A script of its own in a here document: its directives and commands, with a state of its own. With
    /// `expanded` this script puts the values of its variables into that one.
    pub fn embedded(&mut self, frame: Frame, expanded: bool, surely: bool) {
        let text = Arc::clone(&frame.text);
        let directive = |line: &str| ["#SBATCH", "#PBS", "#BSUB", "#$ -"].iter().any(|mark| line.starts_with(mark));
        if !surely && !text.starts_with("#!") && !text.lines().any(directive) {
            return;
        }
        crate::facts::collect::embedded(self.script, &frame, expanded, self.out);
    }
}

/// A relative path below a folder.
pub fn join_path(folder: &str, path: &str) -> String {
    let mut folder = folder.trim_end_matches('/');
    let mut path = path.trim_start_matches("./");
    while let Some(rest) = path.strip_prefix("../") {
        let Some((above, last)) = folder.rsplit_once('/') else { break };
        if last.starts_with('$') {
            break;
        }
        folder = above;
        path = rest;
    }
    match path {
        "" | "." => folder.to_owned(),
        ".." => folder.rsplit_once('/').map_or(folder, |(above, _)| above).to_owned(),
        _ => format!("{folder}/{path}"),
    }
}

/// Fills in what the blocks of the file stand in, and what they are needed for: commands outside that call conda.
pub fn finish_blocks(
    facts: &mut [crate::facts::Fact],
    places: &HashMap<Span, (Vec<&'static str>, bool)>,
    lines: &crate::source::LineIndex,
) {
    if facts.iter().all(|fact| fact.kind != FactKind::Block) {
        return;
    }
    let needs: Vec<(usize, i64)> = facts
        .iter()
        .filter(|fact| fact.kind == FactKind::Command && !fact.fields.lists("context", "block"))
        .filter(|fact| {
            let run = fact.fields.text("run");
            (run.starts_with("conda ") || run == "conda")
                && !fact.fields.text("path").contains('/')
                && run != "conda init"
        })
        .map(|fact| (fact.span.start, lines.line(fact.span.start) as i64))
        .collect();
    for fact in facts.iter_mut().filter(|fact| fact.kind == FactKind::Block) {
        let block = fact.span;
        let lines: Vec<i64> =
            needs.iter().filter(|(at, _)| !(block.start <= *at && *at < block.end)).map(|(_, line)| *line).collect();
        fact.fields.set("needed-by", lines);
        let (context, sole) = places.get(&block).cloned().unwrap_or_default();
        fact.fields.set("context", context);
        fact.fields.set("sole", sole);
    }
}
