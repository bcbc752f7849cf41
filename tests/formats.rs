//! One report with everything that is hard to write, in every format: a golden below `tests/formats/` for each, which
//! `BLESS=1 cargo test --test formats` writes; and readers of the formats that are not ours.

#![expect(clippy::disallowed_methods, reason = "tests read what was written, and start the readers")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "formats/shared.rs"]
mod shared;

#[path = "oracle/mod.rs"]
mod oracle;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pydoctor::report::{Format, HumanOptions, Report};

#[test]
fn every_format_has_a_golden() {
    let report = shared::report();
    let mut wrong = Vec::new();
    for format in Format::ALL {
        let text = readable(format, &written(format, &report, &HumanOptions::default()));
        let path = root().join("tests/formats").join(golden(format));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, text).unwrap();
            continue;
        }
        let expected = fs::read(&path).unwrap_or_default();
        let diff = pydoctor::fix::diff::unified(&path, &expected, text.as_bytes());
        wrong.extend((!diff.is_empty()).then(|| String::from_utf8_lossy(&diff).into_owned()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_golden_has_a_format() {
    let known: Vec<PathBuf> = Format::ALL.map(golden).map(PathBuf::from).to_vec();
    let folder = fs::read_dir(root().join("tests/formats")).unwrap();
    let names = folder.map(|entry| PathBuf::from(entry.unwrap().file_name()));
    let code = ["rs", "py"].map(Some);
    let stale: Vec<_> = names
        .filter(|name| !known.contains(name) && !code.contains(&name.extension().and_then(|end| end.to_str())))
        .collect();
    assert!(stale.is_empty(), "no format writes {stale:?}");
}

/// The name of a format's golden.
fn golden(format: Format) -> String {
    let end = match format {
        Format::Json | Format::Sarif | Format::Gitlab => "json",
        Format::Jsonl => "jsonl",
        Format::Junit | Format::Checkstyle => "xml",
        Format::Markdown => "md",
        Format::Human | Format::Concise | Format::Grouped | Format::Github => "txt",
    };
    format!("{}.{end}", format.name())
}

fn written(format: Format, report: &Report, options: &HumanOptions) -> Vec<u8> {
    let mut out = Vec::new();
    format.write(report, options, &mut out).unwrap();
    out
}

/// One object on one line is laid out for the eye; its strings stay as they were written.
fn readable(format: Format, bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    match format {
        Format::Json | Format::Sarif | Format::Gitlab => {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let mut out = Vec::new();
            pydoctor::report::encode::pretty(&value, &mut out).unwrap();
            String::from_utf8(out).unwrap() + "\n"
        }
        _ => text,
    }
}

#[test]
fn readers_of_the_formats_accept_them() {
    let Some(python) = oracle::python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let report = shared::report();
    for format in Format::ALL {
        let text = written(format, &report, &HumanOptions::default());
        fs::write(folder.path().join(format.name()), text).unwrap();
    }
    let read = Command::new(python).arg(root().join("tests/formats/read.py")).arg(folder.path()).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
}

#[test]
fn real_findings_lie_where_sarif_says() {
    let Some(python) = oracle::python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    check.args(["check", "--isolated", "--quiet", "fixtures/rules"]).current_dir(root());
    for format in Format::ALL {
        check.arg(format!("--format={}={}", format.name(), folder.path().join(format.name()).display()));
    }
    let checked = check.output().unwrap();
    assert_eq!(checked.status.code(), Some(1), "{}", String::from_utf8_lossy(&checked.stderr));
    let mut read = Command::new(python);
    let read = read.arg(root().join("tests/formats/read.py")).arg(folder.path()).arg(root()).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
}

/// More change nothing but the time: what is held back does not grow.
const FINDINGS: usize = 2000;

#[test]
fn long_reports_are_written_as_they_are_made() {
    let report = shared::long(FINDINGS);
    for format in Format::ALL {
        let mut out = Largest::default();
        format.write(&report, &HumanOptions::default(), &mut out).unwrap();
        assert!(out.largest < 1000, "{}: {} bytes at once", format.name(), out.largest);
        assert!(out.total > 20 * FINDINGS, "{}: {} bytes", format.name(), out.total);
    }
}

/// Counts what is written, and the largest piece of it.
#[derive(Default)]
struct Largest {
    largest: usize,
    total: usize,
}

impl std::io::Write for Largest {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.largest = self.largest.max(bytes.len());
        self.total += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
