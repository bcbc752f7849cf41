//! conda by name and by path: installers, installations that a command names, environments that become active.

use std::borrow::Cow;
use std::sync::Arc;

use super::command::{self, Line};
use super::option::GivenOption;
use super::state::Ready;
use super::value::Arg;
use super::walk::Walker;
use crate::facts::{Record, Text};
use crate::source::Span;

/// The run name under which the options of a conda installer stand in the command grammar.
const INSTALLER: &str = "conda-installer";

impl Walker<'_> {
    /// A shell that runs an installer, or the installer itself, read by the installer's own options.
    pub fn as_installer<'l>(&mut self, line: &'l Line) -> Cow<'l, Line> {
        self.note_download(line);
        let (file, rest) = match line.run.as_str() {
            "bash" | "source" => match line.named("script").first() {
                Some(script) => (script.text.clone(), &line.args[1..]),
                None => return Cow::Borrowed(line),
            },
            _ if line.path.text.contains('/') => (line.path.clone(), &[][..]),
            _ => return Cow::Borrowed(line),
        };
        if self.installer_family(file.file_name()).is_none() {
            return Cow::Borrowed(line);
        }
        let mut args =
            vec![Arg { text: file.saying(INSTALLER).into(), word: Span::default(), quoted: false, plain: 0 }];
        args.extend(rest.iter().cloned());
        if line.run != "bash" && line.run != "source" {
            // The words of the program itself were read without a grammar.
            for option in &line.options {
                args.extend(self.as_words(option));
            }
            args.extend(line.args.iter().cloned());
        }
        let Some(mut read) = command::read(&args, &self.script.tables.commands, &|span| span) else {
            return Cow::Borrowed(line);
        };
        if let Some(folder) = read.field("destination", &self.script.tables.commands) {
            self.installed.push(folder.text.trim_end_matches('/').to_owned());
        }
        read.words = line.words;
        read.head = line.head;
        read.program = line.program.clone();
        read.path = line.path.clone();
        read.wrappers = line.wrappers.clone();
        read.vars = line.vars.clone();
        read.unset = line.unset.clone();
        read.named
            .push(("script".to_owned(), vec![Arg { text: file, word: Span::default(), quoted: false, plain: 0 }]));
        Cow::Owned(read)
    }

    fn as_words(&self, option: &GivenOption) -> Vec<Arg> {
        let word = |text: &Arc<Text>| Arg { text: Arc::clone(text), word: Span::default(), quoted: false, plain: 0 };
        let mut words = vec![word(&option.written)];
        if !option.value.text.is_empty() {
            words.push(word(&option.value));
        }
        words
    }

    /// `wget -O x.sh URL/Miniconda3-….sh`: `x.sh` is that installer.
    fn note_download(&mut self, line: &Line) {
        if !matches!(line.run.as_str(), "wget" | "curl") {
            return;
        }
        let urls = line.args.iter().map(|arg| arg.text.file_name());
        let Some(name) = urls.into_iter().find(|name| self.script.tables.commands.installer(name).is_some()) else {
            return;
        };
        let name = name.to_owned();
        if let Some(file) = line.field("destination", &self.script.tables.commands) {
            let file = file.file_name().to_owned();
            self.downloads.insert(file, name);
        }
    }

    fn installer_family(&self, file: &str) -> Option<(String, String)> {
        let name = self.downloads.get(file).map_or(file, String::as_str);
        self.script.tables.commands.installer(name).map(|family| (family.to_owned(), name.to_owned()))
    }

    /// The installer that a command downloads or runs.
    pub fn installer_record(&self, line: &Line) -> Option<Record> {
        let candidates: Vec<&Text> = match line.run.as_str() {
            "wget" | "curl" => line.args.iter().map(|arg| &*arg.text).collect(),
            INSTALLER => line.named("script").iter().map(|arg| &*arg.text).collect(),
            _ => return None,
        };
        candidates.into_iter().find_map(|text| {
            let (family, name) = self.installer_family(text.file_name())?;
            let stem = name.trim_end_matches(".sh");
            let mut parts = stem.rsplit('-');
            let machine = parts.next().unwrap_or("");
            let system = parts.next().unwrap_or("");
            let mut record =
                Record::new().placed(text.span).with("name", text.saying(name.as_str())).with("family", family);
            if !system.is_empty() && !machine.contains(['$', '{', '(']) && !system.contains(['$', '{', '(']) {
                record.set("system", part_of(text, system));
                record.set("machine", part_of(text, machine));
            }
            Some(record)
        })
    }

    /// The conda installation that a command names: by its own path, by the file it sources, by a prefix.
    pub fn named_conda_root(&self, line: &Line) -> Option<Arc<Text>> {
        let path = match line.run.as_str() {
            "source" => line.named("script").first().map(|arg| arg.text.clone())?,
            INSTALLER => return line.field("destination", &self.script.tables.commands),
            _ if line.path.text.contains('/') => line.path.clone(),
            _ => return None,
        };
        self.root_of_file(&path).map(Arc::new)
    }

    /// `ROOT/etc/profile.d/conda.sh`, `ROOT/bin/activate`, `ROOT/bin/conda`, `ROOT/condabin/conda`.
    fn root_of_file(&self, path: &Text) -> Option<Text> {
        let text = &path.text;
        if let Some(root) = ["/etc/profile.d/conda.sh", "/etc/profile.d/mamba.sh", "/etc/profile.d/conda.csh"]
            .iter()
            .find_map(|tail| text.strip_suffix(tail))
        {
            return Some(path.saying(root));
        }
        let (folder, file) = text.rsplit_once('/')?;
        let folder = path.saying(folder);
        let (kind, root) = self.conda_folder(&folder);
        match (kind, file) {
            ("root" | "condabin" | "env", _) => root,
            (_, "conda" | "mamba" | "micromamba") => {
                let root = folder.text.strip_suffix("/bin").or_else(|| folder.text.strip_suffix("/condabin"))?;
                Some(path.saying(root))
            }
            _ => None,
        }
    }

    /// Makes an environment the active one.
    pub fn enter_environment(&mut self, kind: &str, name: Arc<Text>, by: &str) {
        let path = if name.text.contains('/') || kind == "venv" { self.anchored(name.clone()) } else { name.clone() };
        let created = self.state.created.iter().rev().find(|made| same_path(&made.name.text, &path.text)).cloned();
        let kind = created.as_ref().map_or(kind, |made| made.kind);
        let mut env = Record::new()
            .placed(name.span)
            .with("kind", kind)
            .with("name", if name.text.contains('/') { name.saying(name.file_name()).into() } else { name.clone() })
            .with("by", by)
            .with("created-here", created.is_some());
        env.set_some("seeded", created.as_ref().and_then(|made| made.seeded));
        if name.text.contains('/') || name.text.starts_with('$') {
            env.set("path", name.clone());
        }
        if let Some(span) = name.span.get() {
            env.set("line", self.line(span) as i64);
        }
        self.state.set_env(Some(env.into()));
    }

    /// `source PATH/bin/activate [NAME]`.
    pub fn activate_script(&mut self, line: &Line, path: &Text) {
        let folder = path.text.strip_suffix("/activate").unwrap_or(&path.text);
        let prefix = folder.strip_suffix("/bin").or_else(|| folder.strip_suffix("/Scripts")).unwrap_or(folder);
        let (kind, _) = self.conda_folder(&path.saying(folder));
        let last = prefix.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
        let named = line.args.get(1).map(|arg| arg.text.clone());
        let here = self.anchored(Text::plain(prefix).into()).text.clone();
        let made_here = self.state.created.iter().any(|made| same_path(&made.name.text, &here));
        let conda = !made_here
            && (kind != "none"
                || named.is_some()
                || (last.starts_with('$') && (last.contains("conda") || last.contains("forge"))));
        if conda {
            self.state.make_ready(Ready::Yes);
            let base = named.is_none() && kind != "env";
            let name = named.unwrap_or_else(|| path.saying(if kind == "env" { prefix } else { "base" }).into());
            self.enter_environment("conda", name, "activate script");
            // The base environment is the installation itself.
            if let Some(env) = self.state.env().filter(|_| base) {
                let mut env = Record::clone(env);
                env.set("path", path.saying(prefix));
                self.state.set_env(Some(env.into()));
            }
        } else {
            self.enter_environment("venv", path.saying(prefix).into(), "activate script");
        }
    }

    /// A word of `eval` that is conda's hook makes `conda activate` work; the installation is what it names.
    pub fn is_hook(text: &str) -> bool {
        let about = text.contains("conda") || text.contains("mamba") || text.contains("MAMBA_EXE");
        about && text.contains("hook")
    }
}

/// A part of a word, at its own place. In a word with variables or escapes it stands nowhere that can be told.
fn part_of(text: &Text, part: &str) -> Text {
    let quotes = |span: &Span| span.len().checked_sub(text.text.len());
    let plain = text.span.get().filter(|span| matches!(quotes(span), Some(0 | 2)) && text.unresolved.is_empty());
    let plain = plain.filter(|_| text.origin.get().is_none());
    let place = plain.zip(text.text.rfind(part)).map(|(span, at)| {
        let start = span.start + at + quotes(&span).unwrap_or(0) / 2;
        Span::new(start, start + part.len())
    });
    Text { text: part.into(), span: place.into(), ..Text::default() }
}

fn same_path(left: &str, right: &str) -> bool {
    let trim = |path: &str| path.trim_start_matches("./").trim_end_matches('/').to_owned();
    trim(left) == trim(right)
}
