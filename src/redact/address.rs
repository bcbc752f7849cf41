//! Addresses (`scheme://…`) in texts: who signs in with what is masked, and the name of a host that is not well known; the
//! rest stays.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{HOST, known};

/// Hosts that everybody uses, a line each; `*.` stands for all names below. They tell nothing of whoever names them.
const PUBLIC: &str = include_str!("public-hosts.txt");

/// Servers of packages whose addresses begin with a token.
const TOKEN_FIRST: [&str; 2] = ["dl.cloudsmith.io", "fury.io"];

/// The text without passwords and users in addresses.
pub(super) fn without_credentials(text: &str) -> Cow<'_, str> {
    each(text, |address| address.sign_in(), |_| None)
}

/// The text with nothing in its addresses that lets somebody in: neither users and passwords nor tokens in the path or the
/// query. Variables are no secrets and stay.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    let whole = each(text, |address| address.sign_in(), |address| Some(address.without_tokens()));
    match BARE_CHANNEL.replace_all(&whole, "${before}[token]") {
        Cow::Borrowed(_) => whole,
        Cow::Owned(masked) => Cow::Owned(masked),
    }
}

/// A value that may be an address without its scheme, as of proxies: `user:password@host:80`.
pub fn without_sign_in(value: &str) -> Cow<'_, str> {
    match value.rsplit_once('@') {
        Some((_, host)) if !value.contains("://") => Cow::Owned(format!("[credentials]@{host}")),
        _ => Cow::Borrowed(value),
    }
}

/// The text with hosts of addresses masked but those that everybody uses.
pub fn without_hosts(text: &str) -> Cow<'_, str> {
    let url = URL_HOST.replace_all(text, |found: &Captures<'_>| match is_public(&found["host"]) {
        true => found[0].to_owned(),
        false => format!("{}{HOST}", &found["before"]),
    });
    match SHARE.replace_all(&url, |found: &Captures<'_>| match FOLDERS.contains(&&found["host"]) {
        true => found[0].to_owned(),
        false => format!("{}//{HOST}/", &found["before"]),
    }) {
        Cow::Borrowed(_) => url,
        Cow::Owned(masked) => Cow::Owned(masked),
    }
}

fn is_public(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is = |line: &str| match line.strip_prefix('*') {
        Some(below) => host.ends_with(below),
        None => host == line,
    };
    // A variable names nobody, and what was masked before stays.
    host.starts_with(['$', '[', '{']) || host == HOST.to_ascii_lowercase() || PUBLIC.lines().any(is)
}

/// Folders that are written with two slashes now and then, and are no hosts.
const FOLDERS: [&str; 14] =
    ["bin", "data", "etc", "gpfs", "home", "lib", "lustre", "mnt", "opt", "project", "scratch", "tmp", "usr", "work"];

/// An address: what stands before `://`, and what follows up to a blank.
struct Address<'a> {
    scheme: &'a str,
    rest: &'a str,
}

impl<'a> Address<'a> {
    /// How much of the rest says who signs in, with its `@`; 0 for nobody, or nobody's secret.
    fn sign_in(&self) -> usize {
        let host_end = self.rest.find(['/', '?', '#']).unwrap_or(self.rest.len());
        let (authority, behind) = self.rest.split_at(host_end);
        let length = match authority.rfind('@') {
            Some(at) => at + 1,
            // `/` and `#` must not stand in passwords as they are, but do.
            None => match authority.split_once(':') {
                Some((user, port)) if is_no_port(port) && !user.starts_with('[') => {
                    behind.rfind('@').map_or(0, |at| host_end + at + 1)
                }
                _ => 0,
            },
        };
        let who = self.rest[..length].trim_end_matches('@');
        match who.split_once(':') {
            Some((_, password)) if is_variable(password) => 0,
            // The user of a shell is called by a name, mostly `git`.
            None if is_variable(who) || self.scheme.ends_with("ssh") || self.scheme.ends_with("sftp") => 0,
            _ => length,
        }
    }

    /// The rest without tokens.
    fn without_tokens(&self) -> String {
        let host_end = self.rest.find(['/', '?', '#']).unwrap_or(self.rest.len());
        let host = self.rest[..host_end].rsplit('@').next().unwrap_or_default();
        let path = CHANNEL.replace_all(self.rest, "${before}[token]");
        let path = match TOKEN_FIRST.iter().any(|known| host == *known || host.ends_with(&format!(".{known}"))) {
            true => FIRST_FOLDER.replace(&path, "${before}[token]").into_owned(),
            false => path.into_owned(),
        };
        QUERY.replace_all(&path, "${before}[secret]").into_owned()
    }
}

/// Applies `cut`, the length that is masked at the begin, and `change` to the rest of each address.
fn each<'t>(
    text: &'t str,
    cut: impl Fn(&Address<'_>) -> usize,
    change: impl Fn(&Address<'_>) -> Option<String>,
) -> Cow<'t, str> {
    const MARK: &str = "://";
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut todo = text;
    while let Some(at) = todo.find(MARK) {
        let (before, after) = todo.split_at(at + MARK.len());
        out.push_str(before);
        let address = Address { scheme: scheme(&before[..at]), rest: &after[..end(after)] };
        let length = cut(&address);
        if length > 0 {
            out.push_str("[credentials]@");
        }
        let rest = Address { rest: &address.rest[length..], ..address };
        match change(&rest) {
            Some(changed) => out.push_str(&changed),
            None => out.push_str(rest.rest),
        }
        todo = &after[address.rest.len()..];
    }
    out.push_str(todo);
    Cow::Owned(out)
}

/// Where an address ends: at a blank, or where the next one of a list begins.
fn end(after: &str) -> usize {
    let word = after.find(char::is_whitespace).unwrap_or(after.len());
    match after[..word].find("://") {
        Some(next) => next - scheme(&after[..next]).len(),
        None => word,
    }
}

fn scheme(before: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
    &before[before.trim_end_matches(is_part).len()..]
}

fn is_no_port(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('$') && !text.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for `$NAME` and `${NAME}`.
fn is_variable(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|name| {
        let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// A token in the path of a channel: what `/t/` precedes, unless it is a variable.
static CHANNEL: LazyLock<Regex> = LazyLock::new(|| known(r#"(?P<before>/t/)[^\s/?#,"'`<>$\[]+"#));
/// The same in a channel that is written without its scheme.
static BARE_CHANNEL: LazyLock<Regex> =
    LazyLock::new(|| known(r#"(?P<before>(?:^|[\s,"'`=(])[\w-]+(?:\.[\w-]+)+(?::\d+)?/t/)[\w-]+"#));
static FIRST_FOLDER: LazyLock<Regex> = LazyLock::new(|| known(r"(?P<before>^[^/]*/(?:basic/)?)[A-Za-z0-9_-]{12,}"));
static QUERY: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r#"(?i)(?P<before>[?&;#][\w.-]*(?:token|passw|secret|key|sig|signature|auth|credential)[\w.-]*=)[^\s&;#"'`<>$]+"#,
    )
});
static URL_HOST: LazyLock<Regex> = LazyLock::new(|| {
    known(r#"(?P<before>\b[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^\s/?#"'`@]*@)?)(?P<host>[^\s/?#"'`:@,;)>]+)"#)
});
static SHARE: LazyLock<Regex> = LazyLock::new(|| known(r#"(?P<before>^|[\s"'`=(,])//(?P<host>[\w.-]+)/"#));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_somebody_in_is_masked_and_the_rest_stays() {
        for (text, expected) in [
            ("http://u2:pw2@proxy:3128", "http://[credentials]@proxy:3128"),
            ("`https://tok:x@host/rc`, see", "`https://[credentials]@host/rc`, see"),
            ("https://token@host/simple/", "https://[credentials]@host/simple/"),
            ("http://u:p@ss'w\"o@h/x@v1", "http://[credentials]@h/x@v1"),
            ("http://u:p/w#x@h/x", "http://[credentials]@h/x"),
            ("https://a:b@h/x, https://c:d@h", "https://[credentials]@h/x, https://[credentials]@h"),
            ("https://a:b@h,https://c:d@h", "https://[credentials]@h,https://[credentials]@h"),
            ("https://$U:$P@h https://${TOKEN}@h", "https://$U:$P@h https://${TOKEN}@h"),
            ("git+ssh://git@h/x ssh://u:p@h", "git+ssh://git@h/x ssh://[credentials]@h"),
            ("git+https://github.com/a/b@v1", "git+https://github.com/a/b@v1"),
            ("http://[::1]:8888/x@y http://h:80/x@y", "http://[::1]:8888/x@y http://h:80/x@y"),
            ("https://conda.anaconda.org/t/tk-1-ab/mychan", "https://conda.anaconda.org/t/[token]/mychan"),
            ("https://u:p@ch.example/t/x_y", "https://[credentials]@ch.example/t/[token]"),
            ("https://ch/t/$TOKEN/x", "https://ch/t/$TOKEN/x"),
            ("main, conda.anaconda.org/t/tk-1/x", "main, conda.anaconda.org/t/[token]/x"),
            ("/data/my.files/t/abc and ~/t/x", "/data/my.files/t/abc and ~/t/x"),
            ("https://h/x?private_token=ab&y=1", "https://h/x?private_token=[secret]&y=1"),
            ("https://pypi.fury.io/aB3dE5gH7jK9mN/me/", "https://pypi.fury.io/[token]/me/"),
            ("mail a@b.example", "mail a@b.example"),
        ] {
            assert_eq!(without_secrets(text), expected);
            assert_eq!(without_secrets(expected), expected, "a second time");
        }
        assert_eq!(without_sign_in("u:p@proxy:80"), "[credentials]@proxy:80");
        assert_eq!(without_sign_in("http://proxy:80/a@b"), "http://proxy:80/a@b");
    }

    #[test]
    fn hosts_are_masked_unless_everybody_uses_them() {
        for (text, expected) in [
            ("https://[credentials]@git.private.example/rc", "https://[credentials]@HOST/rc"),
            ("https://ch.corp.example:8443/c, x", "https://HOST:8443/c, x"),
            ("https://conda.anaconda.org/t/[token]/c", "https://conda.anaconda.org/t/[token]/c"),
            ("git+https://GitHub.com/a/b", "git+https://GitHub.com/a/b"),
            ("https://x.readthedocs.io/ http://evilgithub.com/", "https://x.readthedocs.io/ http://HOST/"),
            ("source //smbhost7/share/rc", "source //HOST/share/rc"),
            ("//usr/bin and a//b/c", "//usr/bin and a//b/c"),
            ("https://$HOST/x", "https://$HOST/x"),
        ] {
            assert_eq!(without_hosts(text), expected);
        }
    }

    #[test]
    fn the_list_of_hosts_is_in_order() {
        let lines: Vec<&str> = PUBLIC.lines().collect();
        assert!(lines.is_sorted() && lines.iter().all(|line| line.contains('.') && line.to_lowercase() == **line));
    }
}
