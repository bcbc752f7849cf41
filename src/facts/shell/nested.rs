//! Scripts inside a script: substitutions, strings that a shell runs, here documents.

use std::sync::Arc;

use super::command::Line;
use super::frame::Frame;
use super::state::State;
use super::walk::Walker;
use crate::source::Span;
use crate::syntax::shell::ast::{Heredoc, RedirectOp, Simple};
use crate::syntax::shell::word::{Part, parts, parts_of_body};

impl Walker<'_> {
    /// Walks the substitutions of a word, which change nothing outside, and notes the scheduler's variables.
    pub fn nested_scripts(&mut self, word: Span) {
        let text = Arc::clone(&self.frame.text);
        let written = text.as_bytes().get(word.start..word.end).unwrap_or_default();
        // Most are so short that a search would take longer to begin.
        if !written.iter().any(|byte| matches!(byte, b'`' | b'(' | b'$')) {
            return;
        }
        self.nested_parts(parts(&text, word));
    }

    /// The same in the body of a here document.
    pub fn nested_in_body(&mut self, body: Span) {
        let text = Arc::clone(&self.frame.text);
        self.nested_parts(parts_of_body(&text, body));
    }

    fn nested_parts(&mut self, parts: Vec<Part<'_>>) {
        for part in parts {
            if let Part::Variable { name, op, span } = &part {
                self.scheduler_variable(name, op, *span);
            }
            if let Part::Opaque { span } = part {
                self.names_in_arithmetic(span);
            }
            if let Part::Command { body, .. } | Part::Process { body, .. } = part {
                let before = self.state.clone();
                let pipe = std::mem::take(&mut self.pipe);
                self.within("substitution", |walker| walker.part(body));
                self.pipe = pipe;
                self.state = before;
            }
        }
    }

    /// Scripts that the command runs: `bash -c '…'`, `ssh host '…'`, here documents.
    pub fn scripts_of(&mut self, line: &Line, simple: &Simple) {
        let remote = self.context.contains(&"remote");
        for words in &line.scripts {
            let Some(first) = words.first() else { continue };
            let mut decoded = self.resolver().decoded(first.word);
            for word in &words[1..] {
                let place = self.frame.place(word.word);
                decoded.push(" ", Span::at(place.start));
                let more = self.resolver().decoded(word.word);
                decoded.append(more);
            }
            let end = words.last().map_or(0, |word| self.frame.place(word.word).end);
            let frame = decoded.into_frame(end, self.frame.shell, self.frame.silent);
            let outer = self.state.clone();
            if line.run == "bash" {
                self.state.enter_shell(line.option("--login").is_some() || line.option("-i").is_some());
            }
            self.inner_script(frame, remote, "string");
            self.state = outer;
        }
        // Found once: a command may have thousands of here documents.
        let output = simple.redirects.iter().find(|redirect| redirect.op == RedirectOp::Write);
        let output = output.map(|redirect| redirect.target);
        for heredoc in simple.redirects.iter().filter_map(|redirect| redirect.heredoc) {
            self.heredoc(line, heredoc, output);
        }
    }

    /// Walks a script that is a process of its own.
    fn inner_script(&mut self, frame: Frame, remote: bool, context: &'static str) {
        let before = self.state.clone();
        let pipe = std::mem::take(&mut self.pipe);
        if remote {
            self.state = State::default();
        }
        self.within(context, |walker| walker.script_in(frame, true));
        self.pipe = pipe;
        self.state = before;
    }

    /// A here document by its reader: a shell runs it, Python runs it, `cat > job.sh` and `sbatch` make it a
    /// script of its own; anything else takes it as text.
    fn heredoc(&mut self, line: &Line, heredoc: Heredoc, output: Option<Span>) {
        let body = |walker: &Self, silent| {
            let end = walker.frame.place(heredoc.body).end;
            let decoded = walker.resolver().decoded_body(heredoc.body, heredoc.quoted);
            let decoded = if heredoc.strip_tabs { decoded.without_tabs() } else { decoded };
            decoded.into_frame(end, walker.frame.shell, silent)
        };
        let silent = self.frame.silent;
        let reads_input =
            line.args.is_empty() || line.args.first().is_some_and(|arg| arg.text.text == "-" || arg.text.text == "-s");
        match line.run.as_str() {
            "bash" if line.option("-c").is_none() && (reads_input || line.option("-s").is_some()) => {
                let frame = body(self, silent);
                let remote = self.context.contains(&"remote");
                self.inner_script(frame, remote, "heredoc");
            }
            "ssh" => {
                let frame = body(self, silent);
                self.within("remote", |walker| walker.inner_script(frame, true, "heredoc"));
            }
            "python" if reads_input && !silent => {
                let frame = body(self, false);
                self.python_text(&frame);
            }
            "sbatch" | "qsub" | "bsub" if !silent => {
                self.embedded(body(self, false), !heredoc.quoted, true);
            }
            "cat" | "tee" if matches!(self.pipe.1.as_deref(), Some("bash" | "python")) => {
                let python = self.pipe.1.as_deref() == Some("python");
                let frame = body(self, silent);
                match (python, silent) {
                    (true, false) => self.python_text(&frame),
                    (true, true) => {}
                    (false, _) => self.inner_script(frame, false, "heredoc"),
                }
            }
            // Nothing is a script of its own without a first line or a directive.
            "cat" | "tee" | "echo" if !silent && self.frame.slice(heredoc.body).contains('#') => {
                let named = output
                    .map(|target| self.resolver().text(target).into())
                    .or_else(|| line.args.first().map(|a| a.text.clone()));
                let written = named.is_some() || matches!(self.pipe.1.as_deref(), Some("sbatch" | "qsub" | "bsub"));
                if written {
                    self.embedded(body(self, false), !heredoc.quoted, false);
                }
            }
            _ => {}
        }
    }
}
