//! Masking secrets and personal data in other people's text before it is passed on.
//!
//! What always looks like itself (tokens, keys, addresses) is masked wherever it stands; user and host names are
//! learned first, from prompts, home paths and mail headers, and then masked as words. Lines stay lines.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};

mod address;

pub use address::{without_hosts, without_secrets, without_sign_in};

/// What a user name is replaced by: right in a command, too.
const USER: &str = "$USER";
/// What a host name is replaced by.
const HOST: &str = "HOST";

/// Words that stand where user names do and are none.
const NO_USERS: [&str; 44] = [
    "user",
    "username",
    "users",
    "root",
    "shared",
    "data",
    "test",
    "admin",
    "home",
    "local",
    "work",
    "scratch",
    "project",
    "projects",
    "group",
    "groups",
    "public",
    "software",
    "apps",
    "you",
    "me",
    "name",
    "localhost",
    "login",
    "global",
    "common",
    "tmp",
    "temp",
    "lab",
    "gpfs",
    "lustre",
    "nfs",
    "conda",
    "envs",
    "midway",
    "src",
    "soft",
    "tools",
    "programs",
    "opt",
    "install",
    "python",
    "bin",
    "lib",
];

/// Words that stand where host names do, and are words of the text as well.
const NO_HOSTS: [&str; 16] = [
    "localhost",
    "remote",
    "remotehost",
    "host",
    "hostname",
    "server",
    "servername",
    "localserver",
    "machine",
    "cluster",
    "hpc",
    "login",
    "node",
    "headnode",
    "gateway",
    "address",
];

/// True for a word that is no account: numbered folders (`data2`) are none either.
fn is_no_user(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NO_USERS.contains(&name.as_str()) || NO_USERS.contains(&name.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Masks text of one ticket or account.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    users: Option<Regex>,
    people: Option<Regex>,
    hosts: Option<Regex>,
}

/// What is known of whom the text is about.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Account names.
    pub users: BTreeSet<String>,
    /// Names of people.
    pub people: BTreeSet<String>,
    /// Names of hosts.
    pub hosts: BTreeSet<String>,
    /// Names that may be words as well: they are somebody's, or a host's, where they are the name of a folder.
    pub folders: BTreeSet<String>,
}

impl Known {
    /// Reads names from prompts, home paths and mail headers.
    pub fn learn(&mut self, text: &str) {
        for found in PROMPT.captures_iter(text) {
            self.user(&found["user"]);
            self.host(&found["host"]);
        }
        for found in HOME.captures_iter(text).chain(ACCOUNT.captures_iter(text)).chain(OWN.captures_iter(text)) {
            self.user(&found["user"]);
        }
        // An account is often called as its mail address is.
        for found in ADDRESS.find_iter(text) {
            let name = found.as_str().split('@').next().unwrap_or_default();
            if text.contains(&format!("/{name}/")) || text.contains(&format!("/{name}\n")) {
                self.user(name);
            }
        }
        for found in NODE.captures_iter(text) {
            self.host(&found["host"]);
        }
        for found in AUTHOR.captures_iter(text) {
            let named = names(&found["rest"]);
            // One word alone is as often a group's, or a program's.
            if named.len() >= 2 && !named.iter().any(|word| is_no_user(word)) {
                self.people.extend(named.iter().map(|word| (*word).to_owned()));
            }
        }
        for found in HEADER.captures_iter(text) {
            let named = names(&found["rest"]);
            self.people.extend(named.iter().map(|word| (*word).to_owned()));
            let folders = accounts(&named);
            let is_folder =
                |name: &&String| text.contains(&format!("/{name}/")) || text.contains(&format!("/{name}\n"));
            for name in folders.iter().filter(is_folder) {
                self.user(name);
            }
        }
    }

    /// Reads names of folders that are called as somebody is, and masked where they stand.
    pub fn learn_folders(&mut self, text: &str) {
        for found in PERSONAL.captures_iter(text).filter(|found| personal(found) != found[0]) {
            self.folders.insert(found["user"].to_owned());
        }
    }

    /// Notes the name of an account or a host, unless many folders are called so that are nobody's.
    pub fn folder(&mut self, name: &str) {
        if name.len() >= 2 && !is_no_user(name) {
            self.folders.insert(name.to_owned());
        }
    }

    fn user(&mut self, name: &str) {
        if name.len() >= 3 && !is_no_user(name) {
            self.users.insert(name.to_owned());
        }
    }

    fn host(&mut self, name: &str) {
        if name.len() >= 3 && !NO_HOSTS.contains(&name.to_ascii_lowercase().as_str()) {
            self.hosts.insert(name.to_owned());
        }
    }
}

impl Redactor {
    /// A redactor that masks these names besides everything that looks like a secret.
    pub fn new(known: &Known) -> Self {
        Self { users: words(&known.users), people: words(&known.people), hosts: words(&known.hosts) }
    }

    /// The text without secrets and personal data, with as many lines as before.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut masked = Cow::Borrowed(text);
        if text.contains("PRIVATE KEY-----") {
            masked = Cow::Owned(without_keys(text));
        }
        apply(&mut masked, address::without_credentials);
        for (pattern, replacement) in SECRETS.iter() {
            apply(&mut masked, |text| pattern.replace_all(text, *replacement));
        }
        apply(&mut masked, |text| PROMPT.replace_all(text, "${before}$$USER@HOST"));
        apply(&mut masked, |text| ADDRESS.replace_all(text, "[email]"));
        apply(&mut masked, |text| IPV4.replace_all(text, ipv4));
        apply(&mut masked, |text| IPV6.replace_all(text, ipv6));
        apply(&mut masked, |text| PHONE.replace_all(text, "${before}[phone]"));
        apply(&mut masked, |text| HOME.replace_all(text, home));
        apply(&mut masked, |text| PERSONAL.replace_all(text, personal));
        apply(&mut masked, |text| HEADER.replace_all(text, "${header} [name]"));
        for (names, replacement) in [(&self.users, "$$USER"), (&self.people, "[name]"), (&self.hosts, HOST)] {
            if let Some(names) = names {
                apply(&mut masked, |text| names.replace_all(text, replacement));
            }
        }
        apply(&mut masked, |text| DOMAIN.replace_all(text, domain));
        masked
    }
}

fn apply(text: &mut Cow<'_, str>, change: impl FnOnce(&str) -> Cow<'_, str>) {
    if let Cow::Owned(new) = change(text) {
        *text = Cow::Owned(new);
    }
}

/// Words that may be names of people.
fn names(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphabetic() && c != '-')
        .filter(|word| word.chars().count() >= 3 && word.chars().next().is_some_and(char::is_uppercase))
        .collect()
}

/// What the accounts of the person with these names may be called.
fn accounts(named: &[&str]) -> Vec<String> {
    let lower: Vec<String> = named.iter().map(|name| name.to_lowercase()).collect();
    let mut accounts = lower.clone();
    for pair in lower.windows(2) {
        for (one, other) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            let initial: String = one.chars().take(1).collect();
            accounts
                .extend([format!("{initial}{other}"), format!("{one}{}", other.chars().take(1).collect::<String>())]);
            accounts.extend(["", ".", "_"].map(|between| format!("{one}{between}{other}")));
        }
    }
    accounts
}

/// One expression for all names, each as a word of its own.
fn words(names: &BTreeSet<String>) -> Option<Regex> {
    if names.is_empty() {
        return None;
    }
    let names: Vec<String> = names.iter().rev().map(|name| regex::escape(name)).collect();
    Regex::new(&format!(r"\b(?:{})\b", names.join("|"))).ok()
}

/// The lines of private keys, each replaced.
fn without_keys(text: &str) -> String {
    let mut inside = false;
    let line = |line: &str| {
        let (begins, ends) = (line.contains("-----BEGIN"), line.contains("-----END"));
        let secret = inside || (begins && line.contains("PRIVATE KEY"));
        inside = secret && !ends;
        if secret { "[private key]".to_owned() } else { line.to_owned() }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The first two numbers stay: they tell the network, and whether an address works from outside.
fn ipv4(found: &Captures<'_>) -> String {
    let whole = &found[0];
    let numbers: Vec<&str> = found["address"].split('.').collect();
    let is_address = numbers.iter().all(|number| number.parse::<u8>().is_ok());
    if !is_address || numbers[0] == "127" || numbers[0] == "0" || &found["address"] == "8.8.8.8" {
        return whole.to_owned();
    }
    format!("{}{}.{}.x.y", &found["before"], numbers[0], numbers[1])
}

fn ipv6(found: &Captures<'_>) -> String {
    if found[0].chars().any(|c| c.is_ascii_digit()) && !found[0].starts_with("::1") {
        return "[address]".to_owned();
    }
    found[0].to_owned()
}

fn home(found: &Captures<'_>) -> String {
    if is_no_user(&found["user"]) {
        return found[0].to_owned();
    }
    format!("{}{USER}", &found["root"])
}

fn personal(found: &Captures<'_>) -> String {
    let is_installation = ["conda", "forge", "mamba", "env"].iter().any(|part| found["user"].contains(part));
    if is_installation || is_no_user(&found["user"]) {
        return found[0].to_owned();
    }
    format!("{}{USER}{}", &found["root"], &found["rest"])
}

/// Full host names; an address of a document stays.
fn domain(found: &Captures<'_>) -> String {
    match found.name("scheme") {
        Some(scheme) if found.name("port").is_none() => format!("{}{}", scheme.as_str(), &found["host"]),
        scheme => {
            let port = found.name("port").map_or("", |port| port.as_str());
            format!("{}{HOST}{port}", scheme.map_or("", |scheme| scheme.as_str()))
        }
    }
}

/// An expression that a test has compiled.
fn known(source: &str) -> Regex {
    match Regex::new(source) {
        Ok(regex) => regex,
        // A pattern that no test let through; nothing is masked by an expression that matches nothing.
        Err(_) => unreachable!("{source}"),
    }
}

static PROMPT: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"(?m)(?P<before>^(?:\([\w./-]+\)\s*)*\[?|\bssh (?:-\S+ (?:\d\S* )?)*)(?P<user>[a-z_][\w.-]*)@(?P<host>[\w.-]*\w)",
    )
});
static HOME: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r#"(?P<root>(?:/user/\w+/\d+|/home\d?|/users?|/Users|/global/(?:homes|u1|u2)/\w|/user/\w+/\w+|/u/home(?:/\w)?|/rds/homes/\w|[A-Z]:\\Users)[/\\]|~)(?P<user>[A-Za-z_][\w.-]*)"#,
    )
});
/// Folders below those of projects that hold what only a person has, such as an installation: most likely called as their
/// owners are. They are masked where they stand, since they may be words as well.
static PERSONAL: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"(?P<root>/(?:(?:project\d?|projects|proj|groups?|storage|mnt|hpc|cluster|fs\d|eagle|flare)/[\w.$-]+|work|data|lustre\w*|gpfs\w*|beegfs|ceph\w*|nfs\w*|nobackup)(?:/[\w.$-]+)*?/)(?P<user>[a-z][a-z0-9_.-]{2,})(?P<rest>/\.?(?:(?:ana|mini|micro)?conda\d?|mini(?:forge|conda)\d?|mambaforge|micromamba|mamba|conda[-_]?envs?|envs|venvs?|virtualenvs?|local|cache|jupyter|pyenv)\b)",
    )
});
/// Folders on file systems of projects that are called as their owners are.
static OWN: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"/(?:(?:scratch|work|lustre|gpfs|data|projects?|proj|groups?|nfs|cluster|pscratch)[\w./-]*/users?/|global/cscratch1/sd/|pscratch/sd/[a-z]/|scratch/(?:midway\d/)?)(?P<user>[a-z][a-z]{2,11}\d{0,4})(?:[/\s:'\x22]|$)",
    )
});
static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"(?m)\b(?:USER|LOGNAME|SLURM_JOB_USER|UserId|user ?name|login|cnetid|netid)\s?(?:=|:|is)\s*(?P<user>[a-z_][\w.-]*\w)",
    )
});
static NODE: LazyLock<Regex> = LazyLock::new(|| {
    known(r"(?m)\b(?:NodeList|BatchHost|HOSTNAME|hostname|Node|node|host)\s?[=:]\s?(?P<host>[a-z][\w.-]*\d[\w.-]*)")
});
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"(?m)^(?P<header>[>\s]*(?:From|To|Cc|Bcc|Sender|Reply-To|Return-Path|Delivered-To|Von|An|De|À):)(?P<rest>.*)$",
    )
});
/// Who wrote a script, by its own comment.
static AUTHOR: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"(?m)^[>\s]*(?:#|//|%|;|\*)+\s*@?(?i:authors?|maintainers?|(?:created|written) by)\s*[:=]?\s(?P<rest>[^\n<(]{3,80})",
    )
});
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| known(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"));
static IPV4: LazyLock<Regex> =
    LazyLock::new(|| known(r"(?P<before>^|[^\w.=-]|[^=]=)(?P<address>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\b"));
static IPV6: LazyLock<Regex> = LazyLock::new(|| {
    known(r"(?i)\b(?:[0-9a-f]{1,4}:){5,7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}\b")
});
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"(?im)(?P<before>^|[\s(:])(?:\+\d{1,3}[ ./()-]{0,2}(?:\d[ ./()-]{0,2}){6,12}\d|\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}[-.]\d{3}[-.]\d{4}|\(0\d{1,4}\) ?\d{2,4}(?:[ -]\d{2,4}){1,3}|00[1-9]\d[ ./-](?:\d[ ./()-]{0,2}){6,12}\d|0\d{2,3}/\d{2,3}(?: \d{2,3}){2,3}|0[1-9](?: \d{2}){4})\b",
    )
});
static DOMAIN: LazyLock<Regex> = LazyLock::new(|| {
    known(
        r"(?P<scheme>\b\w+://)?(?P<host>\b[a-zA-Z0-9][\w-]*(?:\.[\w-]+)+\.(?:edu|gov|org|com|net|int|mil|local|cluster|internal|be|au|de|fr|ch|nl|uk|fi|se|no|dk|at|it|es|pl|cz|ca|jp|cn|nz|us|eu|br)\b)(?P<port>:\d{2,5}\b)?",
    )
});

/// What is a secret by its look, and what stands in its place.
static SECRETS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]+@", "${scheme}[credentials]@"),
        (r"\b(?:gh[opusr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|gl(?:pat|dt|rt|ft|cbt|ptt|oas|soat)-[\w-]{10,})", "[token]"),
        (r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b", "[token]"),
        (r"\b(?:hf|npm|dckr_pat|pypi|api_org)[_-][A-Za-z0-9_-]{16,}", "[token]"),
        (r"\bxox[abeoprs]-[\w-]{8,}|\bxapp-[\w-]{8,}|\bsk-[A-Za-z0-9_-]{20,}", "[token]"),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?", "[token]"),
        (r"(?i)(?P<key>\b(?:bearer|basic|token)\s+)[A-Za-z0-9+/=_.-]{20,}", "${key}[token]"),
        (
            r#"(?i)(?P<key>[\w.-]*(?:token|passw(?:or)?[dt]|passphrase|kennwort|wachtwoord|mot de passe|contrase(?:ñ|n)a|secret|api[_-]?key|access[_-]?key)[\w-]*["']?(?:\s?[=:]\s?|\s+is:?\s+)["']?)(?:\[token\]|[^\s"'&\[][^\s"'&]{2,})"#,
            "${key}[secret]",
        ),
        (r"(?i)(?P<key>--(?:token|password|api-key|secret)[ =])[^\s]+", "${key}[secret]"),
        (r"(?i)(?P<key>AWS_\w*SECRET\w*\s*=\s*)\S+", "${key}[secret]"),
        (r"(?P<key>\b(?:curl|wget)\b[^\n|;&]*?\s(?:-u|-U|--user|--proxy-user)[ =]?)[^\s:]+:\S+", "${key}[credentials]"),
        (r"(?P<key>\bsshpass\s+-p\s*)\S+", "${key}[secret]"),
        (r"(?P<key>\b(?:mysql|mysqldump|mariadb)\b[^\n|;&]*?\s-p)\S+", "${key}[secret]"),
        (r"\b\d{4}-\d{4}-\d{4}-\d{3}[\dX]\b", "[orcid]"),
        (r"\b[A-Z]{2}\d{2} ?[A-Z0-9]{4}(?: ?\d{4}){2,6}(?: ?\d{1,4})?\b", "[iban]"),
        (r"\b[0-9a-f]{40,64}\b", "[hash]"),
    ]
    .map(|(source, replacement)| (known(source), replacement))
    .into()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut known = Known::default();
        known.learn(text);
        Redactor::new(&known).mask(text).into_owned()
    }

    #[test]
    fn secrets_are_masked_and_lines_stay() {
        let secrets = [
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuv",
            "glpat-AbCdEfGhIjKlMnOpQrSt",
            "AKIAIOSFODNN7EXAMPLE",
            "hf_AbCdEfGhIjKlMnOpQrStUvWxYz",
            "xoxb-123456789012-abcdefABCDEF",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
            "9c9b7fb3885a5b6896c959c8a945773b8860c6e2e0bad629",
        ];
        for secret in secrets {
            for text in [secret.to_owned(), format!("x {secret}\ny"), format!("TOKEN={secret}"), format!("'{secret}'")]
            {
                let shown = masked(&text);
                assert!(!shown.contains(secret), "{shown}");
                assert_eq!(shown.lines().count(), text.lines().count());
            }
        }
        for (text, secret) in [
            ("pip install --index-url https://ada:s3cret@pypi.example.org/simple x", "s3cret"),
            ("http://127.0.0.1:8888/lab?token=abc123", "abc123"),
            ("my password is: Hunter22!", "Hunter22!"),
            ("{\"password\": \"Hunter22!\"}", "Hunter22"),
            ("export WANDB_API_KEY=0123abcd", "0123abcd"),
            ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalr"),
            ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "abcdefghij"),
            ("curl -s -u ada:Hunter22! https://data.example.org", "Hunter22"),
            ("sshpass -p Hunter22! scp x ada@h:", "Hunter22"),
            ("mysql -h db -u ada -pHunter22! runs", "Hunter22"),
            ("Passwort: Hunter22!", "Hunter22"),
            ("DE89 3704 0044 0532 0130 00, GB82WEST12345698765432", "0532"),
            ("GB82WEST12345698765432", "1234"),
            ("https://orcid.org/0000-0002-1825-0097", "1825"),
            ("# Author: Grace Hopper\nsrun x\n\nGrace", "Grace"),
            ("mon mot de passe : Hunter22!", "Hunter22"),
        ] {
            assert!(!masked(text).contains(secret), "{}", masked(text));
        }
        let key = "a\n> -----BEGIN OPENSSH PRIVATE KEY-----\n> b3BlbnNzaC1rZXk\n> -----END OPENSSH PRIVATE KEY-----\nb";
        assert_eq!(masked(key), "a\n[private key]\n[private key]\n[private key]\nb");
    }

    #[test]
    fn people_accounts_and_machines_are_masked() {
        for (text, expected) in [
            ("[ada@midway3-login1 ~]$ ls", "[$USER@HOST ~]$ ls"),
            ("ada@login2:~$ ls /project/pi-x/ada/envs", "$USER@HOST:~$ ls /project/pi-x/$USER/envs"),
            ("(base) [ada@cn012 x]$ echo ada", "(base) [$USER@HOST x]$ echo $USER"),
            ("/home/ada/.bashrc: line 3", "/home/$USER/.bashrc: line 3"),
            ("/global/homes/a/ada/x", "/global/homes/a/$USER/x"),
            ("/proj/nobackup/snic22/dlopez/miniconda3/bin", "/proj/nobackup/snic22/$USER/miniconda3/bin"),
            ("/work/group/shared/envs/x of shared", "/work/group/shared/envs/x of shared"),
            ("/project/pi-x/miniconda3/envs/x", "/project/pi-x/miniconda3/envs/x"),
            ("/data/gent/401/vsc40123/miniconda3/envs/x", "/data/gent/401/$USER/miniconda3/envs/x"),
            ("/project/pi-x/users/ada/x of /project/ada", "/project/pi-x/users/$USER/x of /project/$USER"),
            ("/scratch/midway3/ada/x in /project/pi-x/ada", "/scratch/midway3/$USER/x in /project/pi-x/$USER"),
            ("/scratch/local/x and /scratch/midway3", "/scratch/local/x and /scratch/midway3"),
            ("From: Ada Byron\nsee /project/abyron/x", "From: [name]\nsee /project/$USER/x"),
            ("mail ada.l@example.org now", "mail [email] now"),
            ("mail carol%40uni-x.example now", "mail [email] now"),
            ("http://10.50.221.9:15021/ and 127.0.0.1", "http://10.50.x.y:15021/ and 127.0.0.1"),
            ("numpy-1.2.3.4 and x==1.2.3.4", "numpy-1.2.3.4 and x==1.2.3.4"),
            ("call +1 (773) 555-0147 or 773-555-0147", "call [phone] or [phone]"),
            ("Tel. (030) 123 45 67, 0049 30 1234567", "Tel. [phone], [phone]"),
            ("tel 016/32 11 11 or 06 12 34 56 78", "tel [phone] or [phone]"),
            (
                "at 10:02 on 2024/01/02, job 0012345678, 07 12 and 0.06 12",
                "at 10:02 on 2024/01/02, job 0012345678, 07 12 and 0.06 12",
            ),
            ("on cn-7.server.example.edu now", "on HOST now"),
            ("see https://docs.example.org/x", "see https://docs.example.org/x"),
            ("std::vector at 12:30:45", "std::vector at 12:30:45"),
            ("fe80::1ff:fe23:4567:890a", "[address]"),
            ("From: Ada Lovelace <ada@example.org>\nThanks, Ada", "From: [name]\nThanks, [name]"),
            ("/home/user/x stays, so does job 12345678", "/home/user/x stays, so does job 12345678"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
