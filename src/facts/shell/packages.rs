//! Packages and channels that a command line asks for.

use std::sync::Arc;

use super::command::Line;
use super::walk::Walker;
use crate::facts::matchspec::{self, Manager};
use crate::facts::{FactKind, Record, Text};
use crate::tables::commands::Commands;

impl Line {
    /// True when the command asks for packages.
    pub fn packages_of(&self, commands: &Commands) -> bool {
        commands.command(&self.run).is_some_and(|grammar| grammar.packages.is_some())
    }
}

impl Walker<'_> {
    /// The packages as records.
    pub fn package_records(&self, line: &Line) -> Vec<Record> {
        let grammar = self.script.tables.commands.command(&line.run);
        let pip = grammar.and_then(|grammar| grammar.packages.as_deref()) == Some("pip");
        let manager = if pip { Manager::Pip } else { Manager::Conda };
        let editable = line.all_options("--editable").map(|option| &option.value);
        let words = line.named("packages").iter().map(|arg| &arg.text);
        // No file is named like a pattern of versions or builds, so that the shell leaves it as it stands.
        let plain = |text: &Arc<Text>| {
            let mut text = Text::clone(text);
            text.unresolved.retain(|name| name != "*");
            text
        };
        words.chain(editable).map(plain).filter_map(|text| package(text, manager)).collect()
    }

    /// True when `conda create` brings Python or pip.
    pub fn asks_for_python(&self, line: &Line) -> bool {
        self.package_records(line).iter().any(|package| matches!(package.text("name"), "python" | "pip" | "anaconda"))
    }

    /// Facts for packages and channels.
    pub fn packages(&mut self, line: &Line) {
        if !line.packages_of(&self.script.tables.commands) || self.frame.silent {
            return;
        }
        for package in self.package_records(line) {
            let Some(span) = package.span.get() else { continue };
            if !self.first_time(FactKind::Dependency, span, package.text("text").len()) {
                continue;
            }
            let mut record = package;
            record.add("run", line.run.as_str());
            record.add("option", line.option_record());
            record.add("vars", line.vars_record());
            self.surroundings(&mut record);
            self.push(FactKind::Dependency, span, record);
        }
        self.channels(line);
    }

    fn channels(&mut self, line: &Line) {
        let names: Vec<Arc<Text>> = line.all_options("--channel").map(|option| option.value.clone()).collect();
        for (index, name) in names.iter().enumerate() {
            let Some(span) = name.span.get() else { continue };
            if !self.first_time(FactKind::Channel, span, 0) {
                continue;
            }
            let others: Vec<Arc<Text>> =
                names.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, n)| n.clone()).collect();
            let mut record = Record::at(span)
                .with("name", name.clone())
                .with("source", "command")
                .with("only", others.is_empty())
                .with("others", others);
            self.surroundings(&mut record);
            self.push(FactKind::Channel, span, record);
        }
    }
}

fn package(text: Text, manager: Manager) -> Option<Record> {
    let parsed = match manager {
        Manager::Pip => matchspec::pip(&text.text),
        Manager::Conda => matchspec::conda(&text.text),
    }?;
    let mut record = Record::new().placed(text.span);
    parsed.write(&mut record, text, manager, "command");
    Some(record)
}
