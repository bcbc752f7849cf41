//! Requirements as conda and pip write them, in files and on command lines.

use crate::facts::{Record, Text};
use crate::source::Span;

/// One requirement, in parts. Ranges are bytes of the word that was parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// The normalised name; empty when only a path or URL is given.
    pub name: String,
    /// Where the name stands.
    pub name_at: (usize, usize),
    /// The version constraint as written, without the name.
    pub version: Option<String>,
    /// conda: the build string or pattern.
    pub build: Option<String>,
    /// conda: where the build part stands with its `=` or blank, when it can be cut out.
    pub build_at: Option<(usize, usize)>,
    /// conda: the channel before `::`, or of the URL.
    pub channel: Option<String>,
    /// pip: the extras.
    pub extras: Vec<String>,
    /// pip: what follows `;`.
    pub marker: Option<String>,
    /// A path or URL instead of a name.
    pub direct: bool,
}

/// Who installs a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// conda, mamba, micromamba.
    Conda,
    /// pip, uv.
    Pip,
}

impl Manager {
    /// The name that facts use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conda => "conda",
            Self::Pip => "pip",
        }
    }
}

/// Takes a conda MatchSpec apart: `numpy=1.26.4=py311_0`, `mpi4py =4.0.0`, `conda-forge::hdf5[build=mpi_*]`,
/// `python >=3.9,<3.12`, a URL or path of a package. `None` for a word that is none (an option, nothing).
pub fn conda(word: &str) -> Option<Requirement> {
    let trimmed = word.trim();
    let lead = word.len() - word.trim_start().len();
    if trimmed.is_empty() || trimmed.starts_with('-') || trimmed.starts_with("{{") {
        return None;
    }
    if is_package_file(trimmed) {
        return Some(package_file(trimmed));
    }
    let mut found = Requirement::default();
    let (head, brackets) = match trimmed.find('[') {
        Some(at) if trimmed.ends_with(']') => (&trimmed[..at], Some((at, &trimmed[at + 1..trimmed.len() - 1]))),
        _ => (trimmed, None),
    };
    let name_from = match head.rfind("::") {
        Some(at) => {
            found.channel = Some(head[..at].trim().to_owned());
            at + 2
        }
        None => 0,
    };
    let rest = &head[name_from..];
    let blank = rest.len() - rest.trim_start().len();
    let start = name_from + blank;
    let rest = rest.trim_start();
    let length = rest.find([' ', '=', '<', '>', '!', '~', '\t', ',']).unwrap_or(rest.len());
    found.name = rest[..length].to_lowercase();
    found.name_at = (lead + start, lead + start + length);
    version_and_build(&rest[length..], lead + start + length, &mut found);
    if let Some((at, inside)) = brackets {
        bracket_fields(inside, lead + at + 1, &mut found);
    }
    (!found.name.is_empty()).then_some(found)
}

/// Takes a pip requirement apart: `numpy[extra]>=1.20; python_version<"3.9"`, `name @ URL`, a path or URL.
/// `None` for a word that is none (an option, nothing).
pub fn pip(word: &str) -> Option<Requirement> {
    let trimmed = word.trim();
    let lead = word.len() - word.trim_start().len();
    if trimmed.is_empty() || trimmed.starts_with('-') {
        return None;
    }
    let mut found = Requirement::default();
    if is_direct(trimmed) {
        found.direct = true;
        if let Some(name) = egg(trimmed) {
            found.name = normalise(name);
        }
        return Some(found);
    }
    let (body, marker) = match trimmed.split_once(';') {
        Some((body, marker)) => (body.trim_end(), Some(marker.trim().to_owned())),
        None => (trimmed, None),
    };
    found.marker = marker;
    // Options of one requirement come after it: `--hash=…`, `-f URL`.
    let body = body.find(" -").map_or(body, |at| body[..at].trim_end());
    let length = body.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(body.len());
    if length == 0 {
        return None;
    }
    found.name = normalise(&body[..length]);
    found.name_at = (lead, lead + length);
    let mut rest = body[length..].trim_start();
    if let Some(inside) = rest.strip_prefix('[') {
        let (extras, after) = inside.split_once(']').unwrap_or((inside, ""));
        found.extras =
            extras.split(',').map(|extra| extra.trim().to_owned()).filter(|extra| !extra.is_empty()).collect();
        rest = after.trim_start();
    }
    if let Some(url) = rest.strip_prefix('@') {
        found.direct = !url.trim().is_empty();
        return Some(found);
    }
    let version = rest.trim_start_matches('(').trim_end_matches(')').trim();
    found.version = (!version.is_empty()).then(|| version.to_owned());
    Some(found)
}

impl Requirement {
    /// The major version, when the constraint allows just one: `=3.9`, `2.7.*`, `>=3.6,<4`. Python below 3 is 2.
    pub fn major(&self) -> Option<i64> {
        major(self.version.as_deref()?, self.name == "python")
    }

    /// True when the build part names one build and not a pattern.
    pub fn build_exact(&self) -> bool {
        self.build.as_ref().is_some_and(|build| !build.contains(['*', '^', '$']))
    }

    /// Sets the fields of a package: those that `dependency` facts and the packages of commands share. `text` is
    /// the requirement as written, with its place, `source` is `file` or `command`.
    pub fn write(&self, record: &mut Record, text: Text, manager: Manager, source: &'static str) {
        let start = text.span.get().filter(|span| span.len() == text.text.len()).map(|span| span.start);
        let place =
            |(from, to): (usize, usize)| start.filter(|_| from < to).map(|start| Span::new(start + from, start + to));
        let written = text.text.clone();
        let unresolved = text.unresolved.clone();
        let part =
            |text: &String| Text { text: text.clone().into(), unresolved: unresolved.clone(), ..Text::default() };
        record.set("text", text);
        record.set("manager", manager.name());
        let name = Text { text: self.name.clone().into(), span: place(self.name_at).into(), ..Text::default() };
        if !self.name.is_empty() {
            record.set("name", name);
        }
        record.set_some("version", self.version.as_ref().map(part));
        record.set_some("build", self.build.as_ref().map(part));
        if self.build.is_some() {
            record.set("build-exact", self.build_exact());
        }
        record.set_some("channel", self.channel.as_deref());
        if !self.extras.is_empty() {
            record.set("extras", self.extras.clone());
        }
        record.set("source", source);
        record.set_some("major", self.major());
        record.set("editable", self.direct);
        if let (Some(at), true) = (self.build_at, source == "file")
            && let (Some(span), Some(part)) = (place(at), written.get(at.0..at.1))
        {
            record.set("build-part", Text::at(part, span));
        }
    }
}

/// What follows the name: `=1.2=build`, ` 1.2 build`, `>=1,<2`, `==1.2`. `at` is where it begins.
fn version_and_build(rest: &str, at: usize, found: &mut Requirement) {
    let body = rest.trim_start();
    let from = at + rest.len() - body.len();
    let body = body.trim_end();
    if body.is_empty() {
        return;
    }
    let operator = body.len() - body.trim_start_matches(['=', '<', '>', '!', '~', ' ']).len();
    let mut build_from = None;
    let bytes = body.as_bytes();
    // Blanks inside a template's braces part nothing.
    let mut braces = 0usize;
    for (index, byte) in bytes.iter().enumerate().skip(operator) {
        match byte {
            b'{' => braces += 1,
            b'}' => braces = braces.saturating_sub(1),
            _ => {}
        }
        if braces > 0 {
            continue;
        }
        let previous = bytes[index - 1.min(index)];
        let next = bytes.get(index + 1).copied().unwrap_or(0);
        let joins = matches!(previous, b'=' | b',' | b'|' | b'<' | b'>' | b'!' | b'~' | b' ');
        let goes_on = matches!(next, b'=' | b'<' | b'>' | b'!' | b'~' | b',' | b'|' | b' ' | 0);
        if matches!(byte, b'=' | b' ') && index > 0 && !joins && !goes_on {
            build_from = Some(index);
            break;
        }
    }
    let version = match build_from {
        Some(index) => {
            found.build = Some(body[index + 1..].trim().to_owned());
            found.build_at = Some((from + index, from + body.len()));
            body[..index].trim_end()
        }
        None => body,
    };
    found.version = Some(version.to_owned()).filter(|version| !version.is_empty());
}

/// `[version='>=1.2', build=mpi_*, channel=conda-forge]`.
fn bracket_fields(inside: &str, at: usize, found: &mut Requirement) {
    let mut start = 0;
    for part in split_outside_quotes(inside) {
        let from = at + start;
        start += part.len() + 1;
        let Some((key, value)) = part.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']).to_owned();
        match key.trim() {
            "version" => found.version = Some(value),
            "build" => {
                found.build = Some(value);
                // Alone in its brackets it goes with them.
                let alone = inside.len() == part.len();
                found.build_at = alone.then(|| (from - 1, from + part.len() + 1));
            }
            "channel" => found.channel = Some(value),
            _ => {}
        }
    }
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut quote = None;
    let mut from = 0;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, ',') => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

fn is_package_file(word: &str) -> bool {
    let path = word.split('#').next().unwrap_or(word);
    path.ends_with(".tar.bz2") || path.ends_with(".conda") || word.contains("://") && !word.contains("::")
}

/// `https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py311h64a7726_0.conda#md5`.
fn package_file(word: &str) -> Requirement {
    let path = word.split('#').next().unwrap_or(word);
    let mut found = Requirement { direct: true, ..Requirement::default() };
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.strip_suffix(".tar.bz2").or_else(|| file.strip_suffix(".conda")).unwrap_or(file);
    let mut parts = stem.rsplitn(3, '-');
    if let (Some(build), Some(version), Some(name)) = (parts.next(), parts.next(), parts.next()) {
        found.name = name.to_lowercase();
        found.version = Some(version.to_owned());
        found.build = Some(build.to_owned());
    }
    let mut folders = path.rsplit('/').skip(2);
    if path.contains("://") {
        found.channel = folders.next().map(str::to_owned);
    }
    found
}

/// A path, an archive, or a URL with or without a version control system before it.
fn is_direct(word: &str) -> bool {
    let start = word.split([' ', ';', '[']).next().unwrap_or(word);
    let archive = [".whl", ".tar.gz", ".zip", ".tar.bz2"].iter().any(|end| start.ends_with(end));
    let named = word.split('@').next().is_some_and(|name| {
        word.contains('@') && !name.contains(['/', ':']) && !name.trim().is_empty() && !name.starts_with('.')
    });
    (start.contains("://") && !named) || start.starts_with(['.', '/', '~']) || archive || start.contains('/') && !named
}

/// The name after `#egg=` of a URL, or of a wheel's file name.
fn egg(word: &str) -> Option<&str> {
    if let Some(at) = word.find("#egg=").or_else(|| word.find("&egg=")) {
        let name = &word[at + 5..];
        return Some(&name[..name.find(['&', '[', ' ']).unwrap_or(name.len())]);
    }
    let file = word.split([' ', ';', '#']).next()?.rsplit('/').next()?;
    file.strip_suffix(".whl").and_then(|stem| stem.split('-').next())
}

/// pip's normal form: lower case, runs of `-`, `_` and `.` as one `-`.
fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        let c = if matches!(c, '_' | '.') { '-' } else { c.to_ascii_lowercase() };
        if c != '-' || !normal.ends_with('-') {
            normal.push(c);
        }
    }
    normal
}

/// The one major version that all alternatives of a constraint allow.
fn major(constraint: &str, python: bool) -> Option<i64> {
    let mut all = None;
    for alternative in constraint.split('|') {
        let one = major_of_all(alternative, python)?;
        if all.is_some_and(|other| other != one) {
            return None;
        }
        all = Some(one);
    }
    all
}

/// Of conditions that must all hold.
fn major_of_all(conditions: &str, python: bool) -> Option<i64> {
    let (mut low, mut high) = (if python { Some(2) } else { None }, None::<i64>);
    for condition in conditions.split(',') {
        let condition = condition.trim();
        let operator: String = condition.chars().take_while(|c| matches!(c, '=' | '<' | '>' | '!' | '~')).collect();
        let version = condition[operator.len()..].trim();
        let mut numbers = version.split(['.', '*']).map(|part| part.parse::<i64>().ok());
        let number = numbers.next().flatten();
        let Some(number) = number else {
            if version.starts_with('*') || version.is_empty() {
                continue;
            }
            return None;
        };
        // `<3` and `<3.0` leave only what is below 3; `<3.1` still allows 3.
        let whole = numbers.flatten().all(|part| part == 0);
        match operator.as_str() {
            "" | "=" | "==" | "===" | "~=" => return Some(number),
            ">=" | ">" => low = Some(low.map_or(number, |low| low.max(number))),
            "<" => high = Some(number - i64::from(whole)),
            "<=" => high = Some(number),
            _ => {}
        }
    }
    let (low, high) = (low?, high?);
    (low == high).then_some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(found: Option<Requirement>) -> (String, String, String, String) {
        let found = found.unwrap_or_default();
        let text = |part: Option<String>| part.unwrap_or_default();
        (found.name, text(found.version), text(found.build), text(found.channel))
    }

    #[test]
    fn conda_forms() {
        for (word, name, version, build, channel) in [
            ("numpy", "numpy", "", "", ""),
            ("numpy=1.26.4=py311_0", "numpy", "=1.26.4", "py311_0", ""),
            ("numpy==1.26.4=py311_0", "numpy", "==1.26.4", "py311_0", ""),
            ("numpy==1.26.4", "numpy", "==1.26.4", "", ""),
            ("mpi4py =4.0.0", "mpi4py", "=4.0.0", "", ""),
            ("mpi4py = 4.0.0", "mpi4py", "= 4.0.0", "", ""),
            ("h5py=*=mpi*", "h5py", "=*", "mpi*", ""),
            ("h5py * mpi*", "h5py", "*", "mpi*", ""),
            ("conda-forge::hdf5[build=mpi_openmpi*]", "hdf5", "", "mpi_openmpi*", "conda-forge"),
            ("hdf5[version='>=1.12,<2', build=nompi*]", "hdf5", ">=1.12,<2", "nompi*", ""),
            ("python>=3.9,<3.12", "python", ">=3.9,<3.12", "", ""),
            ("python >=3.9, <3.12", "python", ">=3.9, <3.12", "", ""),
            ("mpi=1.0=mpich", "mpi", "=1.0", "mpich", ""),
            ("numpy >=1.20", "numpy", ">=1.20", "", ""),
            ("numpy 1.20 py38_0", "numpy", "1.20", "py38_0", ""),
            ("numpy >=1.20 py38_0", "numpy", ">=1.20", "py38_0", ""),
            ("numpy 1.20|1.21", "numpy", "1.20|1.21", "", ""),
            ("conda-forge::pip=26", "pip", "=26", "", "conda-forge"),
            ("anaconda::tensorflow", "tensorflow", "", "", "anaconda"),
            ("conda-forge/linux-64::numpy", "numpy", "", "", "conda-forge/linux-64"),
            ("Python~=3.8", "python", "~=3.8", "", ""),
            ("_libgcc_mutex=0.1=main", "_libgcc_mutex", "=0.1", "main", ""),
            (
                "https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py311h64a7726_0.conda#ab",
                "numpy",
                "1.26.4",
                "py311h64a7726_0",
                "conda-forge",
            ),
            ("-c", "", "", "", ""),
            ("", "", "", "", ""),
        ] {
            let expected = (name.to_owned(), version.to_owned(), build.to_owned(), channel.to_owned());
            assert_eq!(parts(conda(word)), expected, "{word}");
        }
    }

    #[test]
    fn the_build_part_can_be_cut_out() {
        for (word, rest) in [
            ("numpy=1.26.4=py311_0", "numpy=1.26.4"),
            ("numpy 1.20 py38_0", "numpy 1.20"),
            (" hdf5[build=mpi*]", " hdf5"),
            ("numpy", "numpy"),
        ] {
            let mut text = word.to_owned();
            if let Some((from, to)) = conda(word).unwrap().build_at {
                text.replace_range(from..to, "");
            }
            assert_eq!(text, rest);
        }
    }

    #[test]
    fn pip_forms() {
        for (word, name, version, direct) in [
            ("numpy", "numpy", "", false),
            ("Scikit_Learn.x>=1.0,<2", "scikit-learn-x", ">=1.0,<2", false),
            ("dask[complete,array] == 2024.1 ; python_version < '3.9'", "dask", "== 2024.1", false),
            ("torch @ https://x.org/torch.whl", "torch", "", true),
            ("git+https://github.com/a/b@main#egg=my_pkg", "my-pkg", "", true),
            ("git+ssh://git@github.com/a/b.git", "", "", true),
            ("./pkg", "", "", true),
            (".", "", "", true),
            ("wheels/foo_bar-1.0-py3-none-any.whl", "foo-bar", "", true),
            ("requests (>=2.0)", "requests", ">=2.0", false),
            ("jax[cuda] -f https://x.org/y.html", "jax", "", false),
            ("flit-core === 3.9.0 --hash=sha256:1234", "flit-core", "=== 3.9.0", false),
        ] {
            let found = pip(word).unwrap_or_default();
            let version_found = found.version.unwrap_or_default();
            let found = (found.name.as_str(), version_found.as_str(), found.direct);
            assert_eq!(found, (name, version, direct), "{word}");
        }
        assert_eq!(pip("-r x.txt"), None);
        assert_eq!(pip("dask[complete, array]").unwrap().extras, ["complete", "array"]);
    }

    #[test]
    fn major_versions() {
        for (word, expected) in [
            ("python=2.7", Some(2)),
            ("python=3.9.*", Some(3)),
            ("python", None),
            ("python>=3.6", None),
            ("python>=3.6,<4", Some(3)),
            ("python>=3.6,<4.0", Some(3)),
            ("python>=2.7,<3", Some(2)),
            ("python<3", Some(2)),
            ("python<=2.7", Some(2)),
            ("python<3.10", None),
            ("python>=3.8,<3.12", Some(3)),
            ("python>=3,<=3.11", Some(3)),
            ("python 3.8|3.9", Some(3)),
            ("python 2.7|3.6", None),
            ("python!=3.8", None),
            ("python=*", None),
            ("numpy<2", None),
            ("python=$PYVER", None),
        ] {
            assert_eq!(conda(word).unwrap().major(), expected, "{word}");
        }
    }
}
