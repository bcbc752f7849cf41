//! What the report on an account says, section by section, before any format writes it: one line for each thing that
//! is fine, then what is not, the most harmful first, then the details.

use std::path::{Path, PathBuf};

use crate::check::Severity;
use crate::doctor::size;
use crate::doctor::startup::{Chain, Node, State};
use crate::doctor::survey::Tally;
use crate::doctor::usage::Room;
use crate::facts::{FactKind, Record, Value};
use crate::fix::Applied;
use crate::policy::Applicability;
use crate::report::closing::count;
use crate::report::model::Finding;

use super::{AccountReport, fine, secret};

/// So many of the parts that fill a home are shown.
const PARTS: usize = 8;

/// The whole report.
pub(super) struct Page {
    pub(super) title: String,
    pub(super) head: Vec<String>,
    pub(super) sections: Vec<Section>,
    pub(super) closing: String,
}

pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block>,
}

/// Something in a section. In every text what stands between backquotes is code, and nothing else has a meaning.
pub(super) enum Block {
    Lines(Vec<String>),
    Fine(Vec<String>),
    Table {
        head: Vec<&'static str>,
        rows: Vec<Vec<String>>,
    },
    Tree(Vec<Branch>),
    /// Something of which so many per cent are used, of what somebody allows.
    Bar {
        name: &'static str,
        share: i64,
        of: &'static str,
    },
    Findings(Vec<Item>),
    Commands(Vec<String>),
}

pub(super) struct Branch {
    pub(super) text: String,
    pub(super) note: String,
    pub(super) inner: Vec<Branch>,
}

/// Something that is wrong, and the next step.
pub(super) struct Item {
    pub(super) severity: Severity,
    pub(super) at: String,
    pub(super) message: String,
    pub(super) help: String,
    pub(super) rule: String,
}

impl Page {
    pub(super) fn of(account: &AccountReport) -> Self {
        let mut sections = Vec::new();
        let mut add = |title, blocks: Vec<Block>| {
            if !blocks.is_empty() {
                sections.push(Section { title, blocks });
            }
        };
        add("Fine", some(fine::lines(account), Block::Fine));
        add("Mended", some(mended(account), Block::Lines));
        add("What to do, the most harmful first", some(findings(account), Block::Findings));
        add("Start-up files", startup(account));
        add("Installations and environments", installations(account));
        add("Space", space(account));
        add("Commands that make room, none of which is run by itself", moves(account));
        add("Search paths", search_paths(account));
        add("Settings", settings(account));
        add("Not looked at", some(account.not_looked_at.clone(), Block::Lines));
        let title = format!("Account {}", account.home.display());
        let mut page = Self { title, head: head(account), sections, closing: closing(account) };
        secret::mask_page(&mut page);
        page
    }
}

/// A block, when there is something in it.
fn some<T>(items: Vec<T>, block: impl FnOnce(Vec<T>) -> Block) -> Vec<Block> {
    if items.is_empty() { Vec::new() } else { vec![block(items)] }
}

fn head(account: &AccountReport) -> Vec<String> {
    let mut head = vec![format!("site {}: {}", account.site.id, account.site.why)];
    head.extend(account.retired.clone());
    if !account.live {
        head.push("files only: the environment of its shells cannot be seen from here".to_owned());
        head.push(format!("commands that name no path, as `conda clean`, are for {} to run", account.user));
    }
    if account.stopped {
        head.push("counting was stopped: sizes are too small, and environments may be missing".to_owned());
    }
    head
}

fn closing(account: &AccountReport) -> String {
    let summary = &account.report.summary;
    let counts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.hints, "hint")];
    let found: Vec<String> =
        counts.iter().filter(|(number, _)| *number > 0).map(|(number, name)| count(*number, name)).collect();
    match (found.is_empty(), account.stopped) {
        (true, false) => "Nothing is wrong with this account.".to_owned(),
        (true, true) => "Nothing wrong was found until it was stopped.".to_owned(),
        (false, _) => {
            let mended = match (summary.fixable_safe, account.live) {
                (0, _) | (_, false) => String::new(),
                (safe, true) => format!(" `pydoctor doctor --fix` mends {safe} of them by itself."),
            };
            format!("{} in this account.{mended}", found.join(", "))
        }
    }
}

fn mended(account: &AccountReport) -> Vec<String> {
    let Some(fixes) = &account.report.fixes else { return Vec::new() };
    let mut lines = Vec::new();
    for run in &fixes.files {
        let path = below_home(account, &run.path);
        match &run.not_written {
            Some(why) => lines.push(format!("{path} was not written: {why}")),
            None if !run.applied.is_empty() => {
                let what = |applied: &Applied| format!("{} ({})", applied.title, applied.rule);
                let done: Vec<String> = run.applied.iter().map(what).collect();
                let note = run.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
                lines.push(format!("{path}: {}{note}", done.join("; ")));
            }
            None => {}
        }
        lines.extend(run.dropped.iter().map(|dropped| {
            format!("{path}:{}: fix of {} not applied: {}", dropped.line, dropped.rule, dropped.reason)
        }));
    }
    let asked = account.report.visible().filter_map(|finding| finding.fix.as_ref());
    let asked = asked.filter(|fix| fix.applicability != Applicability::Safe).count();
    match fixes.run {
        Some(run) if !lines.is_empty() => {
            lines.push(format!("`pydoctor undo --run {run}` takes it back"));
        }
        _ if lines.is_empty() => lines.push("nothing was mended".to_owned()),
        _ => {}
    }
    if asked > 0 {
        lines.push(format!(
            "not safe by itself: {}; `pydoctor doctor --fix` asks about each on a terminal",
            count(asked, "change")
        ));
    }
    lines
}

fn findings(account: &AccountReport) -> Vec<Item> {
    let mut findings: Vec<&Finding> = account.report.visible().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let item = |finding: &Finding| {
        let path = below_home(account, &finding.place.path);
        let line = if finding.place.span.is_empty() { String::new() } else { format!(":{}", finding.place.start.line) };
        Item {
            severity: finding.severity,
            at: format!("{path}{line}"),
            message: finding.message.clone(),
            help: finding.help.trim_end().to_owned(),
            rule: finding.rule.clone(),
        }
    };
    findings.into_iter().map(item).collect()
}

/// A path as people write it.
fn below_home(account: &AccountReport, path: &Path) -> String {
    let at = |below: &Path| if below.as_os_str().is_empty() { PathBuf::from("~") } else { Path::new("~").join(below) };
    let below = path.strip_prefix(&account.home).map(at);
    below.as_deref().unwrap_or(path).display().to_string()
}

fn startup(account: &AccountReport) -> Vec<Block> {
    if account.chains.is_empty() {
        return vec![Block::Lines(vec!["none: shells read the system's files only".to_owned()])];
    }
    let branch_of = |chain: &Chain| Branch {
        text: format!("{} {}", chain.shell.name(), chain.mode.name()),
        note: if chain.files.is_empty() { "reads nothing of the home".to_owned() } else { String::new() },
        inner: chain.files.iter().map(|node| branch(account, node)).collect(),
    };
    let mut branches: Vec<(&Chain, Branch)> = Vec::new();
    for chain in &account.chains {
        let same = |(other, _): &&mut (&Chain, Branch)| other.shell == chain.shell && other.files == chain.files;
        match branches.iter_mut().find(same) {
            // What reads the same is drawn once.
            Some((_, branch)) => branch.text.push_str(&format!(", {}", chain.mode.name())),
            None => branches.push((chain, branch_of(chain))),
        }
    }
    vec![Block::Tree(branches.into_iter().map(|(_, branch)| branch).collect())]
}

fn branch(account: &AccountReport, node: &Node) -> Branch {
    let mut notes: Vec<String> = Vec::new();
    notes.extend(node.line.map(|line| format!("line {line}")));
    match &node.function {
        Some(function) if !function.is_empty() => notes.push(format!("when `{function}` is called")),
        Some(_) => notes.push("when a function is called".to_owned()),
        None if !node.certain && node.state != State::Missing => notes.push("perhaps".to_owned()),
        None => {}
    }
    match node.state {
        State::Read => {
            let own = account.home.join(node.path.strip_prefix("~/").unwrap_or(&node.path));
            let found = account.report.visible().filter(|finding| *finding.place.path == *own).count();
            notes.extend((found > 0).then(|| count(found, "finding")));
        }
        State::Outside => {
            notes.extend(node.target.as_ref().map(|target| format!("leads to {}", target.display())));
            notes.push("outside the home, not looked at".to_owned());
        }
        State::Missing if node.certain => notes.push("is not there".to_owned()),
        State::Missing => notes.push("is not there, and need not be".to_owned()),
        State::Loop => notes.push("is being read already: a loop".to_owned()),
        State::Dangling => {
            let target = node.target.as_ref().map(|target| format!(", {}", target.display())).unwrap_or_default();
            notes.push(format!("a link to what is not there{target}"));
        }
        State::Unreadable => notes.push("its owner may not read it".to_owned()),
        State::TooLarge => notes.push("too large, not looked at".to_owned()),
        State::Fifo => notes.push("a pipe, at which shells hang".to_owned()),
        State::Folder => notes.push("a folder".to_owned()),
        State::NoFile => notes.push("no file".to_owned()),
        State::LinkLoop => notes.push("a link to itself".to_owned()),
        State::Unknown => notes.push("its name is only known when it runs".to_owned()),
    }
    let inner = node.files.iter().map(|node| branch(account, node)).collect();
    Branch { text: node.path.clone(), note: notes.join(", "), inner }
}

fn installations(account: &AccountReport) -> Vec<Block> {
    let mut rows = Vec::new();
    for record in account.of(FactKind::Installation) {
        let problem = match record.text("problem") {
            "none" => "",
            "interpreter-gone" => "; broken: its interpreter is gone",
            "interpreter-shut" => "; broken: its interpreter cannot be reached",
            "moved" => "; broken: made for another path",
            "dangling" => "; leads to nothing",
            _ => "; without interpreter",
        };
        let processors = match record.text("built-for") {
            "" => String::new(),
            name => format!("; for {name} processors, by its path"),
        };
        let size = match record.text("kind") {
            "link" => format!("leads to {}", record.text("target")),
            _ => record.text("size").to_owned(),
        };
        rows.push(vec![
            tilde(record.text("path")),
            record.text("kind").to_owned(),
            or_dash(record.text("python")),
            or_dash(record.text("changed")),
            format!("{size}{problem}{processors}"),
        ]);
    }
    let mut blocks = match rows.is_empty() {
        true => vec![Block::Lines(vec!["none was found".to_owned()])],
        false => vec![Block::Table { head: vec!["path", "kind", "Python", "last change", "size"], rows }],
    };
    let searched = |(path, names): &(PathBuf, u64)| {
        format!("searched beside the home: {}, {} files", path.display(), size::grouped(*names))
    };
    blocks.extend(some(account.searched.iter().map(searched).collect(), Block::Lines));
    blocks
}

fn space(account: &AccountReport) -> Vec<Block> {
    let mut records = account.of(FactKind::Usage);
    let Some(home) = records.next() else { return Vec::new() };
    let limit = home.text("limit");
    let at_least = if account.stopped { "at least " } else { "" };
    let of = match (limit.is_empty(), home.text("quota").is_empty()) {
        (true, true) => "; the site's limit for homes is not known".to_owned(),
        (true, false) => String::new(),
        (false, _) => format!("; the site's documents allow {limit}"),
    };
    let mut lines = vec![format!("{at_least}{}{of}", home.text("size"))];
    let quota = home.text("quota");
    lines.extend(
        (!quota.is_empty()).then(|| format!("`quota` counts {quota} as yours on the file system that holds it")),
    );
    lines.extend(account.room.map(file_system));
    let mut blocks = vec![Block::Lines(lines)];
    for (name, share, by) in [("bytes", "bytes-share", "bytes-by"), ("files", "files-share", "files-by")] {
        if let Some(Value::Number(share)) = home.get(share) {
            let of =
                if home.text(by) == "quota" { "of the limit that `quota` tells" } else { "of what the site allows" };
            blocks.push(Block::Bar { name, share: *share, of });
        }
    }
    let rows: Vec<Vec<String>> = records
        .filter(|record| record.text("what") != "file-system")
        .take(PARTS)
        .map(|record| {
            let command = account.command(record.text("clean"));
            let next = if command.is_empty() { String::new() } else { format!("`{command}`") };
            let path = if record.text("path") == "$HOME" { String::new() } else { tilde(record.text("path")) };
            vec![record.text("title").to_owned(), path, record.text("size").to_owned(), next]
        })
        .collect();
    if !rows.is_empty() {
        blocks.push(Block::Table { head: vec!["what", "where", "size", "emptied by"], rows });
    }
    blocks.extend(forecast(home).map(|line| Block::Lines(vec![line])));
    blocks
}

/// What the file system says: of many that is the quota of the user or of a group.
fn file_system(room: Room) -> String {
    let percent = |free: u64, all: u64| free.saturating_mul(100) / all.max(1);
    let (free, all) = (size::bytes(room.free_bytes), size::bytes(room.bytes));
    let mut line =
        format!("the file system that holds it has {free} of {all} free ({} %)", percent(room.free_bytes, room.bytes));
    if room.files > 0 {
        let (free, all) = (size::grouped(room.free_files), size::grouped(room.files));
        line.push_str(&format!(", and room for {free} of {all} files ({} %)", percent(room.free_files, room.files)));
    }
    line
}

/// What emptying every cache that is made again by itself gives back.
fn forecast(home: &Record) -> Option<String> {
    let number = |record: &Record, name: &str| match record.get(name) {
        Some(Value::Number(number)) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    };
    let back = Tally { files: number(home, "freed-files"), bytes: number(home, "freed-bytes") };
    if back.files == 0 {
        return None;
    }
    let share = |back: u64, limit: &str, of: &str| {
        let limit = number(home, limit);
        (limit > 0).then(|| format!("{} % of the {of}", back.saturating_mul(100) / limit))
    };
    let shares: Vec<String> = [share(back.bytes, "bytes-limit", "space"), share(back.files, "files-limit", "files")]
        .into_iter()
        .flatten()
        .collect();
    let shares = if shares.is_empty() { String::new() } else { format!(": {} that you may use", shares.join(" and ")) };
    Some(format!("emptying all caches, which are made again when needed, gives back {}{shares}", size::tally(back)))
}

fn moves(account: &AccountReport) -> Vec<Block> {
    let commands = account.moves();
    let mut blocks = Vec::new();
    let unknown = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let places = [&account.places.environments, &account.places.caches];
    let mut words: Vec<&str> = places.iter().flat_map(|place| place.split('/')).filter(|word| unknown(word)).collect();
    words.sort_unstable();
    words.dedup();
    words.retain(|word| commands.iter().any(|command| command.contains(word)));
    if !words.is_empty() {
        blocks.push(Block::Lines(vec![format!("write what is meant in place of {}", words.join(", "))]));
    }
    blocks.extend(some(commands, Block::Commands));
    blocks
}

fn search_paths(account: &AccountReport) -> Vec<Block> {
    let (mut rows, mut folders) = (Vec::new(), Vec::new());
    for record in account.of(FactKind::SearchPath) {
        let from = record.text("from").to_owned();
        let winner = record.text("winner").to_owned();
        match record.text("program") {
            "" => folders.push(vec![record.text("variable").to_owned(), winner, from]),
            program => {
                let hidden = match record.get("shadowed") {
                    Some(Value::List(hidden)) => hidden.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                    _ => String::new(),
                };
                let program = if program == "module" { "module's interpreter" } else { program };
                rows.push(vec![program.to_owned(), winner, from, or_dash(&hidden)]);
            }
        }
    }
    let mut blocks = Vec::new();
    if !rows.is_empty() {
        blocks.push(Block::Table { head: vec!["program", "found first", "whose", "hides"], rows });
    }
    if !folders.is_empty() {
        blocks.push(Block::Table { head: vec!["variable", "folder", "whose"], rows: folders });
    }
    blocks
}

fn settings(account: &AccountReport) -> Vec<Block> {
    let row = |record: &Record| {
        let place = match record.text("path") {
            "" => "environment".to_owned(),
            path => match record.get("line") {
                Some(line) => format!("{}:{line}", tilde(path)),
                None => tilde(path),
            },
        };
        let value = match record.get("value") {
            Some(_) if record.text("value").is_empty() => "(empty)".to_owned(),
            Some(value) => value.to_string(),
            None if record.get("problem").is_some() => format!("not loaded: {}", record.text("problem")),
            None if record.text("open-to") == "nobody" => "readable by its owner alone".to_owned(),
            None if record.text("name") == "permissions" => format!("readable by {}", record.text("open-to")),
            None => "(not shown)".to_owned(),
        };
        let winner = record.text("overridden-by");
        let fate = |what: &str, winner: &str| (!winner.is_empty()).then(|| format!("{what} {}", tilde(winner)));
        let fates = [
            (record.text("tool") == "mamba").then(|| "read by mamba alone".to_owned()),
            fate("overridden by", winner),
            fate("in mamba overridden by", record.text("overridden-in-mamba-by")),
        ];
        let fates: Vec<String> = fates.into_iter().flatten().collect();
        vec![place, record.text("name").to_owned(), value, fates.join(", ")]
    };
    let rows: Vec<Vec<String>> = account.of(FactKind::Setting).map(row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    vec![Block::Table { head: vec!["where", "setting", "value", ""], rows }]
}

fn tilde(path: &str) -> String {
    path.replacen("$HOME", "~", 1)
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}
