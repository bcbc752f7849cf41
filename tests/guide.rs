//! `docs/writing-rules.md` by its own words: files are written, commands are run, and what is shown is what comes of
//! them. `BLESS=1 cargo test` writes it. Also the example pack, whose fixtures are run.

#![expect(clippy::disallowed_methods, reason = "tests start the program, read the guide, and write it when asked")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What stands before a block whose text is written to a file.
const FILE: &str = "<!-- file: ";
/// What stands before a block that shows a file.
const SHOWN: &str = "<!-- shown: ";

#[test]
fn the_guide_does_what_it_says() {
    let path = root().join("docs/writing-rules.md");
    let guide = fs::read_to_string(&path).expect("the guide");
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let mut told = String::new();
    let mut lines = guide.lines().peekable();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        let _ = writeln!(told, "{line}");
        let (file, shown) = (named(line, FILE), named(line, SHOWN));
        let is_console = line == "```console";
        if file.is_none() && shown.is_none() && !is_console {
            continue;
        }
        if !is_console {
            let _ = writeln!(told, "{}", lines.next().expect("a block behind the name"));
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if let Some(file) = file {
            let text = block.join("\n") + "\n";
            let target = scratch.path().join(file);
            fs::create_dir_all(target.parent().expect("a folder")).expect("the folder is made");
            fs::write(target, &text).expect("the file is written");
            told.push_str(&text);
        } else if let Some(shown) = shown {
            told.push_str(fs::read_to_string(scratch.path().join(shown)).expect("the file to show").trim_end());
            told.push('\n');
        } else {
            for command in block.iter().filter(|line| line.starts_with("$ ")) {
                commands += 1;
                let _ = writeln!(told, "{command}");
                told.push_str(&run(scratch.path(), command.trim_start_matches("$ ")));
            }
        }
        told.push_str("```\n");
    }
    assert!(commands > 8, "only {commands} commands were found");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, told).expect("the guide is written");
    } else if told != guide {
        let diff = pydoctor::fix::diff::unified(&path, guide.as_bytes(), told.as_bytes());
        panic!("the guide shows something else (BLESS=1 rewrites it):\n{}", String::from_utf8_lossy(&diff));
    }
}

#[test]
fn the_example_pack_is_as_its_fixtures_show() {
    let folder = root().join("docs/examples");
    let told = run(&folder, "pydoctor rules test alliance");
    assert!(told.contains("all as expected"), "{told}");
    let told = run(&folder, "pydoctor rules check alliance");
    assert!(told.contains("nothing is wrong") && !told.contains("names no source"), "{told}");
}

/// The name in a line like `<!-- file: NAME -->`.
fn named<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.strip_prefix(mark)?.strip_suffix(" -->")
}

/// Runs a command of the guide: variables, `pydoctor`, words. Gives what both streams say.
fn run(folder: &Path, line: &str) -> String {
    let mut words = line.split(' ').peekable();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
    command.current_dir(folder).env_clear();
    // A day that does not move, for what is told of ages.
    command.env("SOURCE_DATE_EPOCH", "1796000000").env("HOME", folder);
    while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
        command.env(name, value);
        words.next();
    }
    assert_eq!(words.next(), Some("pydoctor"), "{line}");
    let output = command.args(words).output().expect("the binary runs");
    let told = [output.stdout, output.stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned()).concat();
    told.replace(&format!("{}/", folder.display()), "")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
