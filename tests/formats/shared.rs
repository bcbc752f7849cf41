//! The one report: made by hand, so that no rule's words change the goldens, of texts that are hard to write.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use pydoctor::check::{Applicability, By, Certainty, Edit, Finding, Fix, Label, Severity, Silenced, SilencedBy};
use pydoctor::facts::Gap;
use pydoctor::fix::{Applied, Dropped};
use pydoctor::report::{FileResult, FixRun, Fixes, Report, RuleInfo, SiteChoice};
use pydoctor::source::{Kind, Source, Span};

/// Names that have a meaning in every format.
const ODD: &str = "jobs/50% \"a\", b: <c>&d|`é.sbatch";
const NOTEBOOK: &str = "./run.ipynb";
const CLEAN: &str = "/elsewhere/.bashrc";

const JOB: &str = "\
#!/bin/bash
echo '😀' \u{1b}[2J && conda init bash
module load anaconda
source other.sh
";

const CELLS: &str = "{\"cells\": [{\"source\": [\"import os\\n\", \"os.cpu_count()\"]}]}\r\n";

/// Three files: one with findings of every sort, one with none, and a notebook.
pub fn report() -> Report {
    let mut report = Report::new(vec![
        file(ODD, JOB, "alpha", job_findings(), vec![gap(JOB, "source other.sh", "a `case` without\nesac ]]>")]),
        file(CLEAN, "# nothing\n", "beta", Vec::new(), Vec::new()),
        file(NOTEBOOK, CELLS, "alpha", notebook_findings(), Vec::new()),
    ]);
    report.folder = PathBuf::from("/work dir/é");
    report.problems = vec!["gone.sh: no such file\nlook: again, 100%".to_owned()];
    report.exit_code = 2;
    report.not_checked = vec![PathBuf::from("picture.png")];
    report.fixes = Some(Fixes { files: vec![fixed()], run: Some(7), ..Fixes::default() });
    report.rules = BTreeMap::from([("starts-conda".to_owned(), starts_conda())]);
    report
}

/// One file with so many findings, ten on a line.
pub fn long(findings: usize) -> Report {
    let text = "ééééééééé\n".repeat(findings / 10);
    let length = text.len() / findings;
    let found = (0..findings).map(|index| Span::new(length * index, length * index + 1));
    let found = found.map(|span| finding("other-module", Severity::Warning, ODD, span)).collect();
    Report::new(vec![file(ODD, &text, "alpha", found, Vec::new())])
}

fn file(path: &str, text: &str, site: &str, findings: Vec<Finding>, gaps: Vec<Gap>) -> FileResult {
    let source = Source::new(path.into(), Kind::Other, text.as_bytes().to_vec());
    let site = SiteChoice { id: site.to_owned(), why: "host name".to_owned() };
    FileResult { source: Arc::new(source), site, findings, gaps, fail_on: Severity::Warning }
}

/// The bytes of a part of a text.
fn span(text: &str, part: &str) -> Span {
    let start = text.find(part).expect("the part is in the text");
    Span::new(start, start + part.len())
}

fn gap(text: &str, part: &str, reason: &str) -> Gap {
    Gap { span: span(text, part), reason: reason.to_owned() }
}

fn finding(rule: &str, severity: Severity, path: &str, span: Span) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity,
        certainty: Certainty::Certain,
        message: "plain words".to_owned(),
        help: String::new(),
        url: String::new(),
        tags: vec!["conda".to_owned()],
        site: "alpha".to_owned(),
        path: path.into(),
        span,
        labels: Vec::new(),
        fingerprint: "0123456789abcdef".to_owned(),
        fix: None,
        no_fix: String::new(),
        by: By::default(),
        cell: None,
        suppressed: None,
    }
}

fn job_findings() -> Vec<Finding> {
    let conda = span(JOB, "conda init bash");
    let error = Finding {
        message: "`conda init` & <b>\"quotes\"</b>, 100%: a|b \u{1b}[31m\u{202e} ]]> @all ::error::\nsecond line"
            .to_owned(),
        help: "run `module load x|y`, or\n  do *nothing*".to_owned(),
        url: "https://example.org/a?b=c&d=(e)#f".to_owned(),
        labels: vec![
            Label { path: ODD.into(), span: span(JOB, "module load"), message: "loaded, here".to_owned() },
            Label { path: "other.sh".into(), span: Span::new(0, 3), message: "sourced there".to_owned() },
        ],
        fix: Some(Fix {
            title: "delete `conda init`".to_owned(),
            applicability: Applicability::Safe,
            edits: vec![
                Edit { path: None, span: Span::at(JOB.find("module").unwrap_or(0)), text: "# é😀\r\n".to_owned() },
                Edit { path: None, span: conda, text: "true".to_owned() },
            ],
            chmod: None,
        }),
        ..finding("starts-conda", Severity::Error, ODD, conda)
    };
    let whole_lines = Finding {
        certainty: Certainty::Possible,
        url: "https://example.org/plain".to_owned(),
        fix: Some(Fix {
            title: "load another".to_owned(),
            applicability: Applicability::Unsafe,
            edits: vec![Edit { path: Some(NOTEBOOK.into()), span: Span::new(0, 1), text: "[".to_owned() }],
            chmod: None,
        }),
        ..finding("other-module", Severity::Warning, ODD, span(JOB, "module load anaconda\nsource other.sh\n"))
    };
    let suppressed = Finding {
        suppressed: Some(Silenced { by: SilencedBy::Comment, reason: "agreed with <support>, 100%".to_owned() }),
        ..finding("other-module", Severity::Warning, ODD, span(JOB, "anaconda"))
    };
    // Equal to the one above but for its place: their fingerprints are the same.
    let again = finding("other-module", Severity::Warning, ODD, span(JOB, "source"));
    vec![error, whole_lines, suppressed, again]
}

fn notebook_findings() -> Vec<Finding> {
    vec![Finding {
        cell: Some(1),
        fix: Some(Fix {
            title: "count yourself".to_owned(),
            applicability: Applicability::Display,
            edits: Vec::new(),
            chmod: None,
        }),
        fingerprint: "fedcba9876543210".to_owned(),
        ..finding("counts-cores", Severity::Hint, NOTEBOOK, span(CELLS, "os.cpu_count()"))
    }]
}

fn fixed() -> FixRun {
    FixRun {
        path: CLEAN.into(),
        applied: vec![Applied {
            rule: "starts-conda".to_owned(),
            title: "delete the block".to_owned(),
            applicability: Applicability::Unsafe,
            line: 3,
        }],
        dropped: vec![Dropped {
            rule: "other-module".to_owned(),
            title: "load another".to_owned(),
            line: 4,
            reason: "bash would not read the file".to_owned(),
        }],
        not_written: None,
        note: Some("written in place: it has other names".to_owned()),
    }
}

fn starts_conda() -> RuleInfo {
    RuleInfo {
        title: "conda starts with every shell".to_owned(),
        why: "It is slow, and breaks\nremote desktops.\n".to_owned(),
        severity: Severity::Warning,
        tags: vec!["startup".to_owned(), "conda".to_owned()],
        sources: vec!["a ticket".to_owned(), "https://example.org/conda".to_owned()],
    }
}
