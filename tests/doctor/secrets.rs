//! `--bundle`: nothing that is secret or tells who and where somebody is leaves with it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use super::{scratch, write};

const USER: &str = "quillfeather";
const HOST: &str = "hpc-login7";
const DOMAIN: &str = "hpc-login7.cluster.example.edu";

/// What is planted: a word for its kind, and the secret itself.
const SECRETS: [(&str, &str); 52] = [
    ("user name", USER),
    ("user name in capitals", "QUILLFEATHER"),
    ("host name", HOST),
    ("full host name", DOMAIN),
    ("classic token of GitHub", "ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"),
    ("fine-grained token of GitHub", "github_pat_11ABCDEFG0aB3dE5gH7jK9_mN1pQ3sT5vW7yZ9"),
    ("token of GitHub in a path", "ghs_zY9xW7vU5tS3rQ1pO9nM7lK5jI3hG1fE9dC7"),
    ("token of GitHub as the name of an environment", "gho_qW2eR4tY6uI8oP0aS2dF4gH6jK8lZ0xC2vB4"),
    ("token of GitHub in the target of a link", "ghr_mN1bV3cX5zA7sD9fG1hJ3kL5qW7eR9tY1uI3"),
    ("token of GitHub in the name of a missing file", "ghu_pO1iU3yT5rE7wQ9aS1dF3gH5jK7lZ9xC1vB3"),
    ("token of GitLab", "glpat-Xy7Zw9Vu1Ts3Rq5Po7Nm"),
    ("key of AWS", "AKIAIOSFODNN7EXAMPLE"),
    ("secret of AWS", "wJalrXUtnFEMIK7MDENGbPxRfiCYzEXAMPLEKEY"),
    ("token of Hugging Face", "hf_LkJhGfDsAqWeRtYuIoPzXcVbNm"),
    ("token of PyPI", "pypi-AgEIcHlwaS5vcmcCJDAwMDAwMDAw"),
    ("password in .netrc", "netrc-pass-8841"),
    ("password in .pypirc", "pypirc-pass-1187"),
    ("token of Jupyter", "jupyter-token-551923"),
    ("hashed password of Jupyter", "argon2:$argon2id$v=19$m=10240$hashhash"),
    ("key of Weights & Biases", "9c9b7fb3885a5b6896c959c8a945773b8860c6e2"),
    ("token of Slack", "xoxb-123456789012-abcdefABCDEF"),
    ("app token of Slack", "xapp-1-A0123456789-abcdef"),
    ("key of OpenAI", "sk-proj-AbCdEfGhIjKlMnOpQrStUv"),
    ("JSON web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"),
    ("token in the address of a conda channel", "qu-7f3e5d1c-9b8a"),
    ("password in PIP_INDEX_URL", "pip-index-pass"),
    ("password in PIP_EXTRA_INDEX_URL", "pip-extra-pass"),
    ("password in UV_INDEX_URL", "uv-index-pass"),
    ("token in UV_PUBLISH_TOKEN", "uv-publish-pass"),
    ("variable of conda that nobody knows", "conda-plainword-value"),
    ("variable of pip that nobody knows", "pip-plainword-value"),
    ("variable that is no tool's", "other-plainword-value"),
    ("private key", "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"),
    ("e-mail address", "ada.quill@physics.example.edu"),
    ("e-mail address as the name of a folder", "quill.f@maths.example.org"),
    ("IPv4 address", "10.61.23.45"),
    ("IPv6 address", "2001:db8:85a3:1:2:8a2e:370:7334"),
    ("password on a command line", "hunter22-cli"),
    ("token in a header", "QmVhcmVyVG9rZW5WYWx1ZTEyMzQ1Njc4OTA"),
    ("token of Docker Hub", "dckr_pat_AbCdEfGhIjKlMnOpQrStUvWxYz0"),
    ("token of npm", "npm_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG"),
    ("password of a data base", "db-pass-word-77"),
    ("password in uv.toml", "uv-toml-pass"),
    ("password in pip.conf", "pip-conf-pass"),
    ("e-mail address in an address", "carol%40uni-x.example"),
    ("host of a server of one's own", "git.private.example"),
    ("host of a channel of one's own", "ch.corp.example"),
    ("host of a file server", "smbhost7"),
    ("another user, known by a home", "plumwick"),
    ("another user, known by an installation", "tansyroot"),
    ("password of a proxy", "proxy-pass-31"),
    ("password of a start-up file elsewhere", "rc-pass-52"),
];

fn secret(kind: &str) -> &'static str {
    SECRETS.iter().find(|(name, _)| *name == kind).unwrap_or_else(|| panic!("{kind}")).1
}

fn plant(home: &Path) {
    let s = secret;
    let bashrc = [
        format!("export GITHUB_TOKEN={}", s("classic token of GitHub")),
        format!("export GH={}", s("fine-grained token of GitHub")),
        format!("export PYTHONPATH=/scratch/{USER}/{}:/data/{HOST}/lib", s("token of GitHub in a path")),
        format!("source ~/conf/{}.sh", s("token of GitHub in the name of a missing file")),
        format!("source /scratch/{}/setup.sh", s("user name in capitals")),
        format!("export AWS_ACCESS_KEY_ID={}", s("key of AWS")),
        format!("export AWS_SECRET_ACCESS_KEY={}", s("secret of AWS")),
        format!("export HF_TOKEN={}", s("token of Hugging Face")),
        format!("export WANDB_API_KEY={}", s("key of Weights & Biases")),
        format!("conda config --set slack {}", s("token of Slack")),
        format!("export SLACK={}", s("app token of Slack")),
        format!("export OPENAI={}", s("key of OpenAI")),
        format!("export JWT={}", s("JSON web token")),
        format!(
            "cat <<EOF\n-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\nEOF",
            s("private key")
        ),
        format!("source /opt/{}/activate", s("e-mail address")),
        format!("conda activate /net/{}/env", s("IPv4 address")),
        format!("source /net/[{}]/x", s("IPv6 address")),
        format!("mysql --password={} x", s("password on a command line")),
        format!("curl -H 'Authorization: Bearer {}' https://example.org", s("token in a header")),
        format!("pip install --user {}", s("token of Docker Hub")),
        format!("export PATH=/opt/{}/miniconda3/bin:$PATH", s("token of npm")),
        format!("export DB=postgres://ada:{}@db.example.org/x", s("password of a data base")),
        format!("alias l='ssh {USER}@{DOMAIN}'"),
        format!(". https://{}@{}/rc", s("e-mail address in an address"), s("host of a server of one's own")),
        format!(". https://tok:{}@github.com/rc", s("password of a start-up file elsewhere")),
        format!(". //{}/share/rc", s("host of a file server")),
        format!(". /home/{0}/rc; . /data/{0}/proj/setup.sh", s("another user, known by a home")),
        format!(". /data/{0}/miniconda3/x; . /x/{0}/y.sh", s("another user, known by an installation")),
        "conda activate base".to_owned(),
    ];
    write(&home.join(".bashrc"), &format!("{}\n", bashrc.join("\n")));
    write(
        &home.join(".condarc"),
        &format!(
            "channels:\n  - https://conda.anaconda.org/t/{}/main\n  - https://{}/c\n  - defaults\npkgs_dirs:\n  - /scratch/{USER}/pkgs\n",
            s("token in the address of a conda channel"),
            s("host of a channel of one's own"),
        ),
    );
    write(
        &home.join(".config/pip/pip.conf"),
        &format!(
            "[global]\nindex-url = https://ada:{}@pypi.example.org/simple\ncache-dir = /scratch/{USER}/{}\nproxy = http://u2:{}@proxy:3128\n",
            s("password in pip.conf"),
            s("token of GitLab"),
            s("password of a proxy"),
        ),
    );
    write(
        &home.join(".config/uv/uv.toml"),
        &format!(
            "cache-dir = \"/scratch/{USER}\"\npublish-url = \"https://u:{}@example.org\"\n",
            s("password in uv.toml")
        ),
    );
    write(&home.join(".netrc"), &format!("machine x login {USER} password {}\n", s("password in .netrc")));
    write(
        &home.join(".pypirc"),
        &format!("[pypi]\nusername = {}\npassword = {}\n", s("token of PyPI"), s("password in .pypirc")),
    );
    write(
        &home.join(".jupyter/jupyter_server_config.py"),
        &format!(
            "c.ServerApp.ip = '{}'\nc.ServerApp.token = '{}'\nc.ServerApp.password = '{}'\nc.ServerApp.notes = '{}'\n",
            s("IPv4 address"),
            s("token of Jupyter"),
            s("hashed password of Jupyter"),
            s("variable that is no tool's"),
        ),
    );
    for name in [s("token of GitHub as the name of an environment"), s("e-mail address as the name of a folder")] {
        write(&home.join(format!("envs/{name}-{USER}/conda-meta/history")), "==> 2024-01-01 00:00:00 <==\n");
    }
    symlink(format!("/project/{USER}/{}", s("token of GitHub in the target of a link")), home.join(".conda")).unwrap();
}

#[test]
fn a_bundle_holds_no_secrets_and_no_names() {
    let (_dir, root) = scratch();
    let home = root.join(USER);
    plant(&home);
    let bundle = root.join("ticket.json");
    let s = secret;
    let address = |kind: &str| format!("https://ada:{}@pypi.example.org/simple", s(kind));
    let env = [
        ("USER", USER.to_owned()),
        ("LOGNAME", USER.to_owned()),
        ("HOSTNAME", DOMAIN.to_owned()),
        ("PIP_INDEX_URL", address("password in PIP_INDEX_URL")),
        ("PIP_EXTRA_INDEX_URL", address("password in PIP_EXTRA_INDEX_URL")),
        ("UV_INDEX_URL", address("password in UV_INDEX_URL")),
        ("UV_PUBLISH_TOKEN", s("token in UV_PUBLISH_TOKEN").to_owned()),
        ("CONDA_CORNER", s("variable of conda that nobody knows").to_owned()),
        ("PIP_CORNER", s("variable of pip that nobody knows").to_owned()),
        ("CORNER", s("variable that is no tool's").to_owned()),
        ("PYTHONPATH", format!("/scratch/{USER}/{}", s("token of GitHub in a path"))),
        ("AWS_SECRET_ACCESS_KEY", s("secret of AWS").to_owned()),
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_pydoctor"))
        .args(["doctor", "--isolated", "--site", "midway3", "-f", "json", "--bundle"])
        .arg(&bundle)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", &home)
        .envs(env)
        .current_dir(&root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&bundle).unwrap();
    let found: Vec<&str> = SECRETS.iter().filter(|(_, secret)| text.contains(secret)).map(|(kind, _)| *kind).collect();
    assert!(found.is_empty(), "{found:?} in\n{text}");
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert!(node.len() < 3 || !text.contains(&node), "the name of this host");
    assert!(!text.contains(root.to_str().unwrap()), "the path of the home");

    // It is worth something all the same, and what it is made of did hold most of the secrets.
    let report: Json = serde_json::from_str(&text).unwrap();
    assert!(report["findings"].as_array().unwrap().len() > 5);
    assert_eq!(report["installations"].as_array().unwrap().len(), 3);
    let whole = String::from_utf8_lossy(&output.stdout).into_owned();
    let held = SECRETS.iter().filter(|(_, secret)| whole.contains(secret)).count();
    assert!(held >= 10, "only {held} of the planted secrets are in the report that is masked");
}

/// What lets somebody in, by the setting, variable or file in which it stands.
const SIGN_INS: [(&str, &str); 12] = [
    ("proxy of pip.conf", "pw-aa1"),
    ("proxy of pip.conf without a scheme", "pw-bb2"),
    ("token of a channel", "tk-cc3-abcd"),
    ("password of a channel", "pw-dd4"),
    ("token of a channel without a scheme", "tk-ee5-abcd"),
    ("PIP_PROXY", "pw-ff6"),
    ("PIP_FIND_LINKS", "pw-gg7"),
    ("UV_DEFAULT_INDEX", "pw-hh8"),
    ("CONDA_PROXY_SERVERS__HTTP", "pw-ii9"),
    ("start-up file", "pw-jj10"),
    ("query", "pw-kk11"),
    ("proxy of conda", "pw-ll12"),
];

#[test]
fn no_format_tells_what_lets_somebody_in() {
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    let s = |kind: &str| SIGN_INS.iter().find(|(name, _)| *name == kind).unwrap_or_else(|| panic!("{kind}")).1;
    write(&home.join(".bashrc"), &format!(". https://tok:{}@host/rc\nsource ~/it\n", s("start-up file")));
    write(
        &home.join(".config/pip/pip.conf"),
        &format!("[global]\nproxy = http://u2:{}@proxy:3128\n", s("proxy of pip.conf")),
    );
    write(
        &home.join(".pip/pip.conf"),
        &format!("[install]\nproxy = u2:{}@proxy:3128\n", s("proxy of pip.conf without a scheme")),
    );
    write(
        &home.join(".condarc"),
        &format!(
            "proxy_servers:\n  http: http://u:{}@proxy:1\nchannels:\n- https://conda.anaconda.org/t/{}/mychan\n- https://u4:{}@ch.example/c\n- conda.anaconda.org/t/{}/c\n",
            s("proxy of conda"),
            s("token of a channel"),
            s("password of a channel"),
            s("token of a channel without a scheme")
        ),
    );
    let address = |kind: &str| format!("https://me:{}@srv.example/{}", s(kind), kind.to_lowercase());
    let links = format!("{} https://srv.example/?private_token={}", address("PIP_FIND_LINKS"), s("query"));
    let proxy = format!("me:{}@srv.example:80", s("PIP_PROXY"));
    let env = [
        ("PIP_PROXY", proxy.as_str()),
        ("PIP_FIND_LINKS", &links),
        ("UV_DEFAULT_INDEX", &address("UV_DEFAULT_INDEX")),
        ("CONDA_PROXY_SERVERS__HTTP", &address("CONDA_PROXY_SERVERS__HTTP")),
    ];
    for format in ["human", "json", "markdown", "html"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
        command.args(["doctor", "--isolated", "--site", "common", "-f", format]);
        let output = super::live::run(command, &home, &env);
        let shown = String::from_utf8(output.stdout).unwrap();
        let told: Vec<&str> =
            SIGN_INS.iter().filter(|(_, secret)| shown.contains(secret)).map(|(kind, _)| *kind).collect();
        assert!(told.is_empty(), "{format}: {told:?} in\n{shown}");
        // The rest of each address stays.
        let plain = shown.replace('\\', "").replace("&#64;", "@");
        for part in ["[credentials]@proxy:3128", "/t/[token]/mychan", "srv.example/uv_default_index", "@host/rc"] {
            assert!(plain.contains(part), "{format}: {part} not in\n{shown}");
        }
    }
}

#[test]
fn accounts_and_the_host_of_this_machine_are_masked_as_folders() {
    if !super::oracle::have("unshare") {
        return;
    }
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".bashrc"), ". /data/willowby/proj/setup.sh\n. ~/.xx/vm/rc.sh\n. /data/daemon/x /data/people/x\n");
    let passwd = root.join("passwd");
    write(&passwd, "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\nwillowby:x:1001:100::/home/w:/bin/sh\n");
    let bundle = root.join("ticket.json");
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let script = "mount --bind \"$1\" /etc/passwd && shift && exec \"$@\"";
    command.args(["sh", "-c", script, "sh"]).arg(&passwd).arg(env!("CARGO_BIN_EXE_pydoctor"));
    command.args(["doctor", "--isolated", "--site", "common", "--bundle"]).arg(&bundle);
    let output = super::live::run(command, &home, &[("HOSTNAME", "vm")]);
    let text = fs::read_to_string(&bundle).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    for (path, stays) in [
        ("/data/willowby/", false),
        ("/.xx/vm/", false),
        ("/data/[name]/proj/setup.sh", true),
        ("/.xx/[name]/rc.sh", true),
        ("/data/daemon/x", true),
    ] {
        assert_eq!(text.contains(path), stays, "{path} in\n{text}");
    }
}

#[test]
fn a_bundle_replaces_nothing_and_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, root) = scratch();
    let home = root.join("home/ada");
    write(&home.join(".bashrc"), "alias l=ls\n");
    let bundle = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pydoctor"));
        command.args(["doctor", "--isolated", "--site", "common", "--bundle"]).arg(root.join(name));
        super::live::run(command, &home, &[])
    };
    assert_eq!(bundle("new.json").status.code(), Some(0));
    assert_eq!(fs::metadata(root.join("new.json")).unwrap().permissions().mode() & 0o777, 0o600);
    write(&root.join("thesis.tex"), "years of work");
    symlink(root.join("thesis.tex"), root.join("link.json")).unwrap();
    symlink(root.join("nowhere"), root.join("dangling.json")).unwrap();
    for name in ["thesis.tex", "link.json", "dangling.json"] {
        let output = bundle(name);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains("name another file"), "{name}: {said}");
    }
    assert_eq!(fs::read_to_string(root.join("thesis.tex")).unwrap(), "years of work");
    assert!(!root.join("nowhere").exists());
}
