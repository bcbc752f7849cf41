use super::*;

#[test]
fn a_pattern_shows_as_written() {
    for glob in ["plain", "/user/*/vsc[1-4]*", "a?[!b-dé]", "*"] {
        assert_eq!(Pattern::new(glob).to_string(), glob);
    }
}

fn hole(text: &str, name: &str, opaque: bool) -> Hole {
    let at = text.find(name).unwrap();
    Hole { range: at..at + name.len(), opaque }
}

#[test]
fn known_text() {
    for (glob, text, expected) in [
        ("conda create", "conda create", true),
        ("conda create", "conda creat", false),
        ("conda*", "conda", true),
        ("*/bin/activate", "venv/bin/activate", true),
        ("*/bin/activate", "bin/activate", false),
        ("python?", "python3", true),
        ("python?", "python", false),
        ("python?", "python31", false),
        ("python[23]*", "python3.11", true),
        ("python[!23]", "python3", false),
        ("[a-c]x", "bx", true),
        ("[a-c]x", "dx", false),
        ("[]]x", "]x", true),
        ("a[", "a[", true),
        (r"a\*b", "a*b", true),
        (r"a\*b", "axb", false),
        ("?", "é", true),
        ("*é?", "aéé", true),
        ("", "", true),
        ("", "a", false),
        ("*", "", true),
        ("*a*b*c", "xxaxxbxxc", true),
        ("*a*b*c", "xxaxxbxx", false),
    ] {
        assert_eq!(Pattern::new(glob).is_match(text), expected, "{glob} on {text}");
        let pattern = Pattern::new(glob);
        assert_eq!(
            States { tokens: &pattern.tokens() }.simulate(text, &[], false),
            expected,
            "the two matchers differ: {glob} on {text}"
        );
    }
}

#[test]
fn holes_decide_only_when_they_can() {
    for (glob, text, name, opaque, expected) in [
        ("/home/*", "$X/envs", "$X", false, Match::Unknown),
        ("*/envs", "$X/envs", "$X", false, Match::Yes),
        ("*/bin", "$X/envs", "$X", false, Match::No),
        ("/home/*", "$HOME/envs", "$HOME", true, Match::No),
        ("$HOME/*", "$HOME/envs", "$HOME", true, Match::Yes),
        ("$X/*", "$X/envs", "$X", false, Match::Yes),
        ("$X*/*", "$X_DIR/envs", "$X_DIR", false, Match::Yes),
        ("$X/*", "$X_DIR/envs", "$X_DIR", true, Match::No),
        ("/scratch/*", "/scratch/$X", "$X", false, Match::Yes),
        ("/scratch/a*", "/scratch/$X", "$X", false, Match::Unknown),
        ("/data/a*", "/scratch/$X", "$X", false, Match::No),
        ("*conda*", "$conda_dir/bin", "$conda_dir", false, Match::Unknown),
        ("abc", "a$X", "$X", false, Match::Unknown),
        ("abc", "b$X", "$X", false, Match::No),
    ] {
        assert_eq!(Pattern::new(glob).test(text, &[hole(text, name, opaque)]), expected, "{glob} on {text}");
    }
}

#[test]
fn many_stars_end_soon() {
    let glob = "*a".repeat(200) + "b";
    let text = "a".repeat(20_000);
    let start = std::time::Instant::now();
    assert!(!Pattern::new(&glob).is_match(&text));
    assert!(start.elapsed().as_secs() < 5);
}
