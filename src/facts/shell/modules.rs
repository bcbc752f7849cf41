//! The `module` command and its short form `ml`.

use ecow::EcoString;

use super::command::Line;
use super::value::Arg;
use super::walk::Walker;
use crate::facts::interest::MODULE_PROGRAMS;
use crate::facts::module_name::ModuleName;
use crate::facts::{FactKind, Record, Value};

impl Walker<'_> {
    /// Facts and effects of a `module` or `ml` command; `false` for another command.
    pub fn module_command(&mut self, line: &Line) -> bool {
        let Some((verb, names)) = verb_and_names(line) else { return false };
        match verb {
            "load" => self.module_load(&names),
            "unload" => names.iter().for_each(|name| self.module_unload(name, &names)),
            "swap" => self.module_swap(&names),
            "purge" => {
                self.module_fact("purge", None, &names, line);
                self.state.purge_modules();
            }
            "reset" | "restore" => {
                self.module_fact(verb, None, &names, line);
                self.state.purge_modules();
                self.state.doubt_modules();
            }
            _ => self.module_fact(verb, None, &names, line),
        }
        true
    }

    fn module_load(&mut self, names: &[Arg]) {
        for name in names {
            if let Some(unloaded) = name.text.text.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                let arg = Arg { text: name.text.saying(unloaded).into(), ..name.clone() };
                self.module_unload(&arg, names);
            } else {
                self.module_loaded(name, names, "load", None);
            }
        }
    }

    fn module_loaded(&mut self, name: &Arg, names: &[Arg], verb: &'static str, replaces: Option<&str>) {
        let Some(place) = name.text.span.get() else { return };
        let parsed = self.module_record(name);
        if !name.text.is_known() {
            self.state.doubt_modules();
        }
        self.emit_module(verb, Some((name, &parsed)), names, replaces);
        let mut loaded = Record::at(place);
        for field in ["full", "name", "version", "family", "generation"] {
            loaded.add_some(field, parsed.get(field).cloned());
        }
        loaded.add("line", self.line(place) as i64);
        self.state.load_module(loaded);
    }

    /// What the name tells, and which version of the module fits what is loaded.
    fn module_record(&self, name: &Arg) -> Record {
        let parsed = ModuleName::parse(&name.text.text, self.script.tables);
        let mut record = Record::new();
        let written = name.text.span.get().map(|span| self.script.source.slice(span)).unwrap_or_default();
        parsed.write(&mut record, &name.text, written);
        record.add_some("toolchain", parsed.toolchain.as_deref());
        let loaded =
            self.state.modules().iter().rev().map(|module| module.text("generation")).find(|text| !text.is_empty());
        let open = parsed.version.is_none() || parsed.generation.is_some();
        if let Some(loaded) = loaded.filter(|loaded| open && parsed.generation.as_deref() != Some(*loaded)) {
            record.add_some("fitting", parsed.fitting(loaded, self.script.tables));
        }
        record
    }

    fn module_unload(&mut self, name: &Arg, names: &[Arg]) {
        let parsed = self.module_record(name);
        self.emit_module("unload", Some((name, &parsed)), names, None);
        self.state.unload_module(&name.text.text);
    }

    fn module_swap(&mut self, names: &[Arg]) {
        let (old, new) = match names {
            [new] => (None, new),
            [old, new, ..] => (Some(old.text.text.clone()), new),
            [] => return,
        };
        let name = new.text.text.split('/').next().unwrap_or("").to_owned();
        self.state.unload_module(old.as_deref().unwrap_or(&name));
        self.module_loaded(new, names, "swap", old.as_deref());
    }

    fn module_fact(&mut self, verb: &'static str, name: Option<(&Arg, &Record)>, names: &[Arg], line: &Line) {
        if name.is_none() && self.first_time(FactKind::Module, line.words, 0) {
            let mut record = Record::at(line.words).with("verb", verb);
            record.add("with", names.iter().map(|name| name.text.clone()).collect::<Vec<_>>());
            record.add("line", self.line(line.words) as i64);
            self.surroundings(&mut record);
            self.push(FactKind::Module, line.words, record);
        }
    }

    fn emit_module(
        &mut self,
        verb: &'static str,
        name: Option<(&Arg, &Record)>,
        names: &[Arg],
        replaces: Option<&str>,
    ) {
        let Some((arg, parsed)) = name else { return };
        let Some(place) = arg.text.span.get() else { return };
        if !self.first_time(FactKind::Module, place, discriminator(&arg.text.text)) {
            return;
        }
        let mut record = parsed.clone().placed(Some(place));
        record.add("verb", verb);
        record.add_some("replaces", replaces);
        record.add("with", Value::List(names.iter().map(|name| name.text.clone().into()).collect()));
        record.add("line", self.line(place) as i64);
        self.surroundings(&mut record);
        self.push(FactKind::Module, place, record);
    }
}

/// A number for a text, so that one word that stands for several modules gives a fact for each.
pub(super) fn discriminator(text: &str) -> usize {
    text.bytes().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)))
}

/// The verb, under one name for its spellings, and the modules.
fn verb_and_names(line: &Line) -> Option<(&'static str, Vec<Arg>)> {
    let (program, word) = line.run.split_once(' ').unwrap_or((&line.run, ""));
    if !MODULE_PROGRAMS.contains(&program) {
        return None;
    }
    let mut names = line.args.clone();
    let word = match program {
        "module" => word.into(),
        "ml" => {
            let first = names.first().map(|arg| arg.text.text.clone()).unwrap_or_default();
            if verb(&first).is_some() {
                names.remove(0);
                first
            } else {
                // `ml -name` unloads: the word looks like an option.
                for option in &line.options {
                    if option.written.text.starts_with('-')
                        && option.written.text.len() > 2
                        && !option.written.text.starts_with("--")
                    {
                        let arg = Arg {
                            text: option.written.clone(),
                            word: option.written.span.get()?,
                            quoted: false,
                            plain: 0,
                        };
                        names.push(arg);
                    }
                }
                if names.is_empty() { "list".into() } else { "load".into() }
            }
        }
        _ => EcoString::new(),
    };
    Some((verb(&word).unwrap_or("other"), names))
}

fn verb(word: &str) -> Option<&'static str> {
    Some(match word {
        "load" | "add" | "try-load" | "try-add" | "load-any" | "switch-load" => "load",
        "unload" | "rm" | "del" | "remove" | "delete" => "unload",
        "swap" | "switch" | "sw" => "swap",
        "purge" => "purge",
        "reset" => "reset",
        "restore" | "r" => "restore",
        "use" | "unuse" => "use",
        "save" | "s" => "save",
        "list" | "avail" | "av" | "spider" | "show" | "whatis" | "keyword" | "help" | "display" | "is-loaded"
        | "is-avail" | "initadd" | "refresh" | "update" | "describe" | "savelist" | "disable" | "overview" => "other",
        _ => return None,
    })
}
