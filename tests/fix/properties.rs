//! Random files, rules and sites: what holds of every fix.
//!
//! The files are the fixtures, changed at random; with `PYDOCTOR_FILES` naming a folder, those below it. The number of
//! cases is `PYDOCTOR_CASES` (150).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use pydoctor::check::{self, Analysed, Finding, Run, Settings};
use pydoctor::facts::{self, Alone};
use pydoctor::fix::{Allow, Checked, Mended, RealSyntax, mend, preview};
use pydoctor::policy::{self, Effective, Policy, Selection};
use pydoctor::source::{Kind, Source, classify};

use crate::account::number;

fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| policy::builtin().unwrap())
}

/// All files that have a kind.
fn files() -> &'static [PathBuf] {
    static FILES: OnceLock<Vec<PathBuf>> = OnceLock::new();
    FILES.get_or_init(|| {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let mut waiting = vec![std::env::var_os("PYDOCTOR_FILES").map_or(fixtures, PathBuf::from)];
        let mut found = Vec::new();
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else if path.is_file() && classify(&path, &fs::read(&path).unwrap()) != Kind::Other {
                    found.push(path);
                }
            }
        }
        found.sort();
        assert!(found.len() > 100, "only {} files", found.len());
        found
    })
}

/// What is done to a file before it is checked.
#[derive(Clone, Copy, Debug)]
enum Change {
    Nothing,
    DosLineEnds,
    ByteOrderMark,
    NoLastLineEnd,
    NotUtf8,
    Twice,
}

fn changed(bytes: &[u8], change: Change) -> Vec<u8> {
    let text = || String::from_utf8_lossy(bytes).into_owned();
    match change {
        Change::Nothing => bytes.to_owned(),
        Change::DosLineEnds => text().replace("\r\n", "\n").replace('\n', "\r\n").into_bytes(),
        Change::ByteOrderMark => [b"\xef\xbb\xbf", bytes].concat(),
        Change::NoLastLineEnd => text().trim_end_matches(['\n', '\r']).to_owned().into_bytes(),
        Change::NotUtf8 => [bytes, b"# caf\xe9 \xff\xfe\n"].concat(),
        Change::Twice => [bytes, b"\n", bytes].concat(),
    }
}

/// A file, and by which policy it is judged.
#[derive(Debug)]
struct Case {
    source: Source,
    policy: Arc<Effective>,
}

impl Case {
    fn new(file: usize, change: Change, site: usize, rules: Option<Vec<usize>>) -> Self {
        let path = &files()[file % files().len()];
        let bytes = changed(&fs::read(path).unwrap(), change);
        let kind = classify(path, &bytes);
        let name = PathBuf::from(path.file_name().unwrap());
        let sites: Vec<&String> = policy().sites.keys().collect();
        let selection = Selection {
            select: Some(match rules {
                Some(rules) => {
                    rules.iter().map(|rule| policy().rules[rule % policy().rules.len()].id.clone()).collect()
                }
                None => vec!["ALL".to_owned()],
            }),
            forced: true,
            ..Selection::default()
        };
        let effective = policy().effective(sites[site % sites.len()], &selection).unwrap();
        Self { source: Source::new(name, kind, bytes), policy: Arc::new(effective) }
    }

    fn check(&self, source: &Source) -> Checked {
        let facts = facts::collect(source, &policy().tables, &Alone);
        let gaps = facts.gaps.clone();
        let input = Analysed { source: source.clone(), facts, policy: Arc::clone(&self.policy), embedded: false };
        let home = PathBuf::from("/home/ada");
        let settings =
            Settings { cwd: home.clone(), project_root: home.clone(), home: Some(home), ..Settings::default() };
        let inputs = [input];
        let mut findings = Run::new(&inputs, &settings).check(0);
        check::sort(&mut findings);
        Checked { findings, gaps }
    }

    fn mend(&self, source: &Source, allow: Allow, wanted: &dyn Fn(&Source, &Finding) -> bool) -> Mended {
        let syntax = RealSyntax::find();
        mend(source, self.check(source), allow, wanted, &|source| self.check(source), &syntax)
    }
}

fn counts(findings: &[Finding]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.suppressed.is_none()) {
        *counts.entry(finding.rule.as_str()).or_default() += 1;
    }
    counts
}

/// What must hold; the number of fixes that were applied.
fn hold(case: &Case, allow: Allow) -> Result<usize, TestCaseError> {
    let before = case.check(&case.source);
    let once = case.mend(&case.source, allow, &|_, _| true);
    let place = format!("{}\n{:?}", case.source.path.display(), once.applied);

    let twice = case.mend(&once.source, allow, &|_, _| true);
    prop_assert_eq!(&twice.source.text, &once.source.text, "mending twice is not mending once: {}", place);

    let after = case.check(&once.source);
    let size = |checked: &Checked| checked.gaps.iter().map(|gap| gap.span.len()).sum::<usize>();
    prop_assert!(after.gaps.len() <= before.gaps.len(), "a region is not understood any more: {}", place);
    prop_assert!(size(&after) <= size(&before) + 200, "{}", place);
    if allow == Allow::Safe {
        let old = counts(&before.findings);
        for (rule, count) in counts(&after.findings) {
            // A rule that speaks once a file shows its next place.
            let known =
                old.get(rule).copied().unwrap_or(0).max(usize::from(once.applied.iter().any(|fix| fix.rule == rule)));
            prop_assert!(count <= known, "{} more often than before: {}", rule, place);
        }
    }
    one_at_a_time(case, allow)?;
    Ok(once.applied.len())
}

/// Each fix alone changes the bytes that its edits name, and no others.
fn one_at_a_time(case: &Case, allow: Allow) -> Result<(), TestCaseError> {
    let offered = RefCell::new(None);
    let first = |source: &Source, finding: &Finding| {
        let mut offered = offered.borrow_mut();
        let is_first = offered.is_none();
        if is_first {
            *offered = Some((preview(source, finding), finding.clone()));
        }
        is_first
    };
    let mended = case.mend(&case.source, allow, &first);
    let Some((expected, finding)) = offered.into_inner() else { return Ok(()) };
    let (old, new) = (&case.source.bytes, &mended.source.bytes);
    prop_assert!(**new == *expected || old == new, "{} did something else than it showed", finding.rule);
    if old != new {
        let edits = finding.fix.unwrap().edits;
        let (mut at_old, mut at_new) = (0, 0);
        for edit in edits {
            let kept = edit.span.start - at_old;
            prop_assert_eq!(
                &old[at_old..edit.span.start],
                &new[at_new..at_new + kept],
                "before an edit of {}",
                finding.rule
            );
            (at_old, at_new) = (edit.span.end, at_new + kept + edit.text.len());
        }
        prop_assert_eq!(&old[at_old..], &new[at_new..], "behind the edits of {}", finding.rule);
    }
    Ok(())
}

#[test]
fn fixes_of_random_files_and_rules_keep_their_promises() {
    let cases = u32::try_from(number("PYDOCTOR_CASES", 150)).unwrap();
    let change = prop_oneof![
        3 => Just(Change::Nothing),
        1 => Just(Change::DosLineEnds),
        1 => Just(Change::ByteOrderMark),
        1 => Just(Change::NoLastLineEnd),
        1 => Just(Change::NotUtf8),
        1 => Just(Change::Twice),
    ];
    let rules = prop_oneof![Just(None), prop::collection::vec(any::<usize>(), 1..30).prop_map(Some)];
    let strategy = (any::<usize>(), change, any::<usize>(), rules, any::<bool>());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let (applied, mended) = (RefCell::new(0), RefCell::new(0));
    let outcome = runner.run(&strategy, |(file, change, site, rules, all)| {
        let count = hold(&Case::new(file, change, site, rules), if all { Allow::Unsafe } else { Allow::Safe })?;
        *applied.borrow_mut() += count;
        *mended.borrow_mut() += usize::from(count > 0);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    eprintln!("{cases} cases, {} with fixes, {} fixes", mended.borrow(), applied.borrow());
    assert!(*mended.borrow() * 10 >= cases as usize, "too few files had fixes to say anything");
}
