//! Tickets as they come: every file `fixtures/tickets/CAUSE/NAME` is one, and `CAUSE` is what must be named first
//! (`none`: nothing). Beside it, `NAME.diagnosis.json` holds what is said of it in short, and `NAME.reply`, where there
//! is one, the draft of the answer. `BLESS=1 cargo test` writes the former, and the latter where one lies already.

#![expect(clippy::disallowed_methods, reason = "tests start the program and read what it wrote")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "oracle/mod.rs"]
mod oracle;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// The folder of tickets that match nothing.
const NONE: &str = "none";

/// So many tickets each symptom has at least: one wording is no proof.
const TICKETS: usize = 3;

#[test]
fn tickets_have_the_diagnosis_that_lies_beside_them() {
    let tickets = tickets();
    let output = triage(&tickets, &["-f", "jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut wrong = Vec::new();
    for (ticket, line) in tickets.iter().zip(lines.lines()) {
        let diagnosis: Value = serde_json::from_str(line).unwrap();
        let expected = ticket.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let first = diagnosis["causes"][0]["id"].as_str().unwrap_or(NONE);
        if first != expected {
            wrong.push(format!("{}: {first} comes first", ticket.display()));
        }
        // Words that name what the ticket does not show leave nothing unsaid.
        let causes = diagnosis["causes"].as_array().unwrap();
        if causes.iter().any(|cause| cause["summary"] == "" || cause["remedy"] == "") {
            wrong.push(format!("{}: a cause without words", ticket.display()));
        }
        let short = format!("{}\n", serde_json::to_string_pretty(&in_short(&diagnosis)).unwrap());
        if let Err(difference) = golden(&beside(ticket, "diagnosis.json"), &short) {
            wrong.push(difference);
        }
    }
    assert_eq!(lines.lines().count(), tickets.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_symptom_has_three_tickets() {
    let mut by_cause: BTreeMap<String, usize> = BTreeMap::new();
    for ticket in tickets() {
        let cause = ticket.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        *by_cause.entry(cause).or_default() += 1;
    }
    let symptoms = fs::read_dir(root().join("rules/symptoms")).unwrap().map(|entry| entry.unwrap().path());
    let without: Vec<String> = symptoms
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|symptom| by_cause.get(symptom).copied().unwrap_or(0) < TICKETS)
        .collect();
    assert!(without.is_empty(), "symptoms with fewer than {TICKETS} tickets: {without:?}");
}

#[test]
fn replies_are_as_they_lie_beside_the_tickets() {
    let with_reply: Vec<PathBuf> = tickets().into_iter().filter(|ticket| beside(ticket, "reply").exists()).collect();
    assert!(with_reply.len() >= 10, "only {} tickets have a draft beside them", with_reply.len());
    let drafts = with_reply.iter().filter_map(|ticket| {
        let output = triage(std::slice::from_ref(ticket), &["-f", "reply"]);
        golden(&beside(ticket, "reply"), &String::from_utf8_lossy(&output.stdout)).err()
    });
    let wrong: Vec<String> = drafts.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A ticket whose every line tries to run something, or to look like something else.
fn hostile() -> String {
    let mark = "document.title='HACKED'";
    let mut text = String::from("Subject: <script>document.title='HACKED'</script>\nFrom: a@b.org\n\n");
    for line in [
        format!("</pre></section><script>{mark}</script>"),
        format!("<img src=x onerror=\"{mark}\">"),
        format!("<svg onload=\"{mark}\">"),
        format!("Disk quota exceeded: '/home/ada/\"><script>{mark}</script>'"),
        format!("[ada@login1 ~]$ conda activate \"><img src=x onerror={mark}>"),
        "# Your shell has not been properly configured to use 'conda activate' `` ` ``` </code><iframe srcdoc='<script>parent.document.title=1</script>'>".to_owned(),
        "```</textarea><style>body{display:none}</style>".to_owned(),
        "{{ 7 * 7 }} {% include '/etc/passwd' %} {{ cause.__class__ }}".to_owned(),
        "\u{1b}]0;HACKED\u{7}\u{1b}[2J\u{202e}drowssap".to_owned(),
        format!("#!/bin/bash\n#SBATCH --memb=\"><script>{mark}</script>\nconda init <script>{mark}</script>\nmodule load x`{mark}`"),
        format!("javascript:{mark} data:text/html,<script>{mark}</script>"),
    ] {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[test]
fn nothing_in_a_hostile_ticket_runs_in_a_real_browser() {
    let folder = tempfile::tempdir().unwrap();
    let ticket = folder.path().join("a<b>.eml");
    fs::write(&ticket, hostile()).unwrap();
    let output = triage(&[ticket], &["-f", "html"]);
    assert_eq!(output.status.code(), Some(0));
    let html = String::from_utf8(output.stdout).unwrap();
    assert!(html.contains("home-quota") && html.contains("HACKED"), "{html}");
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<svg") && !html.contains("<iframe"));
    let page = folder.path().join("page.html");
    fs::write(&page, &html).unwrap();
    if !oracle::have("chromium") {
        return;
    }
    let dom = chromium(folder.path(), &page);
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default();
    assert!(title.starts_with("Triage of "), "{title}");
    assert!(dom.contains("<main id=\"main\">") && dom.contains("home-quota"), "{dom}");
    for element in ["<script", "<img", "<svg", "<iframe", "onerror=\"", "onload=\""] {
        assert!(!dom.contains(element), "{element} in {dom}");
    }
    // The same browser does run what a page brings that is not escaped, so the test can fail.
    let open = "<!DOCTYPE html><title>Triage of x</title><script>document.title='HACKED'</script>";
    fs::write(&page, open).unwrap();
    assert!(chromium(folder.path(), &page).contains("<title>HACKED</title>"));
}

/// The page as a headless browser sees it when everything on it has run.
fn chromium(folder: &Path, page: &Path) -> String {
    let profile = tempfile::tempdir_in(folder).unwrap();
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--virtual-time-budget=2000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn no_format_lets_a_ticket_steer_the_terminal_or_the_markup() {
    let folder = tempfile::tempdir().unwrap();
    let ticket = folder.path().join("t.txt");
    fs::write(&ticket, hostile()).unwrap();
    for format in ["human", "json", "jsonl", "markdown", "html", "reply"] {
        let output = triage(std::slice::from_ref(&ticket), &["-f", format]);
        assert_eq!(output.status.code(), Some(0), "{format}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let steers = |c: &char| c.is_control() && *c != '\n' && *c != '\t';
        assert_eq!(text.chars().find(steers), None, "{format}");
        assert!(
            !text.contains('\u{202e}') && !text.contains("root:x:0:0") && !text.contains("49 "),
            "{format}: {text}"
        );
        if format == "markdown" {
            let outside = outside_blocks(&text);
            assert!(!outside.contains("<script") && !outside.contains("<img"), "{outside}");
        }
    }
}

/// The lines of Markdown that are in no block.
fn outside_blocks(markdown: &str) -> String {
    let (mut fence, mut outside) = (None::<&str>, String::new());
    for line in markdown.lines() {
        let marks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if line.len() == marks.len() && marks.len() >= open.len() => fence = None,
            Some(_) => {}
            None if marks.len() >= 3 => fence = Some(marks),
            None => outside += line,
        }
    }
    assert_eq!(fence, None, "a block stays open: {markdown}");
    outside
}

#[test]
fn secrets_and_personal_data_are_in_no_output() {
    let folder = tempfile::tempdir().unwrap();
    let ticket = folder.path().join("t.eml");
    let secrets = [
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "s3cretpw",
        "AKIAIOSFODNN7EXAMPLE",
        "9c9b7fb3885a5b6896c959c8a945773b8860c6e2e0bad629",
        "lovelace",
        "Lovelace",
        "midway3-login4",
        "773-555-0147",
        "10.50.221.9",
    ];
    let text = "From: Ada Lovelace <ada.lovelace@example.org>\nSubject: quota\n\n\
        [lovelace@midway3-login4 ~]$ pip install --index-url https://lovelace:s3cretpw@pypi.example.org/simple x\n\
        OSError: [Errno 122] Disk quota exceeded: '/home/lovelace/.conda/envs/x' ghp_abcdefghijklmnopqrstuvwxyz0123456789\n\
        http://10.50.221.9:8888/?token=9c9b7fb3885a5b6896c959c8a945773b8860c6e2e0bad629 port 8888 is already in use\n\n\
        #!/bin/bash\n#SBATCH --memb=4G\nexport AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nconda create -n /home/lovelace/x\n\
        conda init\n\nCall me: 773-555-0147, Ada Lovelace\n";
    fs::write(&ticket, text).unwrap();
    for format in ["human", "json", "jsonl", "markdown", "html", "reply"] {
        let output = triage(std::slice::from_ref(&ticket), &["-f", format]);
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains("quota"), "{shown}");
        for secret in secrets {
            assert!(!shown.contains(secret), "{format} shows {secret}: {shown}");
        }
    }
    let output = triage(std::slice::from_ref(&ticket), &["-f", "human", "--no-redact"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("/home/lovelace/.conda/envs/x' ghp_abcdefghijklmnopqrstuvwxyz0123456789"), "{shown}");
}

#[test]
fn large_and_nested_tickets_end_soon() {
    let folder = tempfile::tempdir().unwrap();
    let fences: String = (3..4000).map(|length| format!("{}\n", "`".repeat(length % 90 + 3))).collect();
    let nested: String = (3..900).map(|length| format!("{}\n", ["~", "`"][length % 2].repeat(length))).collect();
    for (name, text) in [
        ("keys", "name: x\n- a\n".repeat(40_000)),
        ("fences", fences),
        ("nested", nested),
        ("blank", format!("{}```\n```\n", "\n".repeat(100_000))),
        ("quoted", "> ".repeat(200_000)),
        ("prompts", "$ conda activate x\n".repeat(20_000)),
        ("hits", "Disk quota exceeded in the home directory, rank 0 of 1, ls hangs\n".repeat(10_000)),
    ] {
        let ticket = folder.path().join(name);
        fs::write(&ticket, text).unwrap();
        let before = std::time::Instant::now();
        let output = triage(&[ticket], &["-f", "json"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        // Most of it is that this is no optimised build, on a machine that does other things.
        assert!(before.elapsed().as_secs() < 60, "{name}: {:?}", before.elapsed());
    }
}

/// What of a diagnosis must not change by chance: all but the words, which are the symptom's.
fn in_short(diagnosis: &Value) -> Value {
    let cause = |cause: &Value| {
        let lines = cause["evidence"].as_array().unwrap().iter();
        let lines: Vec<String> =
            lines.map(|each| format!("{}: {}", each["line"], each["text"].as_str().unwrap())).collect();
        json!({
            "id": cause["id"],
            "confidence": cause["confidence"],
            "evidence": lines,
            "rules": cause["rules"],
            "contradictions": cause["contradictions"],
            "follows": cause["follows"],
        })
    };
    let finding = |finding: &Value| format!("{}: {}", finding["line"], finding["rule"].as_str().unwrap());
    json!({
        "site": diagnosis["site"],
        "site_why": diagnosis["site_why"],
        "causes": diagnosis["causes"].as_array().unwrap().iter().map(cause).collect::<Vec<_>>(),
        "findings": diagnosis["findings"].as_array().unwrap().iter().map(finding).collect::<Vec<_>>(),
        "pieces": diagnosis["pieces"],
        "questions": diagnosis["questions"].as_array().unwrap().len(),
        "left_out": diagnosis["left_out"],
    })
}

/// All tickets, by the paths that one would write in the project's folder.
fn tickets() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let folder = Path::new("fixtures/tickets");
    for cause in fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().file_name()) {
        for file in fs::read_dir(root().join(folder).join(&cause)).unwrap().map(|entry| entry.unwrap().file_name()) {
            let name = file.to_str().unwrap();
            if !name.ends_with(".diagnosis.json") && !name.ends_with(".reply") {
                found.push(folder.join(&cause).join(name));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

fn triage(tickets: &[PathBuf], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.arg("triage").arg("--isolated").args(arguments).args(tickets).current_dir(root());
    command.env_clear().env("HOME", "/nonexistent").env("LANG", "C.UTF-8").stdin(Stdio::null()).output().unwrap()
}

/// Compares with a file, or writes it.
fn golden(path: &Path, actual: &str) -> Result<(), String> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, actual).unwrap();
        return Ok(());
    }
    let diff = pydoctor::fix::diff::unified(path, expected.as_bytes(), actual.as_bytes());
    Err(String::from_utf8_lossy(&diff).into_owned())
}

/// The file beside a ticket with a further ending.
fn beside(ticket: &Path, ending: &str) -> PathBuf {
    root().join(format!("{}.{ending}", ticket.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
