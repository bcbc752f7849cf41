//! What a block of a ticket is, by whatever tells: the language of its fence, a name, the content.

use std::path::Path;

use crate::source::{Kind, classify_named};

use super::recognise::is_shell;
use super::script::begins;

/// What a block is, by the language that its fence names, by the name that the text gives it, by its content.
pub(super) fn kind_of(language: &str, name: Option<&str>, text: &str) -> Kind {
    let sniffed = classify_named(Path::new(name.unwrap_or("-")), text.as_bytes());
    match language {
        "python" | "py" | "python3" | "ipython" => Kind::Python,
        "bash" | "sh" | "shell" | "zsh" | "slurm" | "sbatch" | "csh" | "tcsh" | "batch" => match sniffed {
            Kind::Shell { .. } => sniffed,
            _ => classify_named(Path::new("x.sh"), text.as_bytes()),
        },
        "yaml" | "yml" => match sniffed {
            Kind::Environment | Kind::Condarc => sniffed,
            _ => classify_named(Path::new("x.yml"), text.as_bytes()),
        },
        _ => match sniffed {
            Kind::Other => classify_named(Path::new("x.yml"), text.as_bytes()),
            // One word that begins like a command makes no script of a page of output.
            Kind::Shell { .. } if name.is_none() && !text.lines().any(begins) => {
                let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
                let shell = lines.iter().filter(|line| is_shell(line) || line.starts_with(' ')).count();
                if shell * 2 >= lines.len() { sniffed } else { Kind::Other }
            }
            kind => kind,
        },
    }
}
