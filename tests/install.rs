//! The ways in which pydoctor reaches its users: the hooks of pre-commit, the wheel, the modulefile.

#![expect(clippy::disallowed_methods, reason = "tests start programs and read what they wrote")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod oracle;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const JOB: &str = "#!/bin/bash\n#SBATCH --ntasks=1\n#SBATCH --memb=8GB\npython train.py\n";
const MENDED: &str = "#!/bin/bash\n#SBATCH --ntasks=1\n#SBATCH --mem=8GB\npython train.py\n";

/// Where hooks are built, so that what they depend on is built once. Not beside the tests: cargo takes two checkouts of
/// one package for the same there.
fn built() -> PathBuf {
    root().join("target/hooks")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn done(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    [output.stdout.as_slice(), output.stderr.as_slice()].map(String::from_utf8_lossy).concat()
}

fn git(folder: &Path, args: &[&str]) -> String {
    let user = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main"];
    done(Command::new("git").args(user).args(args).current_dir(folder))
}

/// This repository's working copy, committed, as a repository that pre-commit can take hooks from.
fn working_copy(into: &Path) -> String {
    fs::create_dir_all(into).unwrap();
    git(into, &["init", "-q"]);
    let names = git(root(), &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    for name in names.split_terminator('\0') {
        let (from, to) = (root().join(name), into.join(name));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        match fs::read_link(&from) {
            Ok(target) => std::os::unix::fs::symlink(target, to).unwrap(),
            // A file that is deleted and not yet committed so.
            Err(_) if !from.exists() => {}
            Err(_) => drop(fs::copy(&from, &to).unwrap()),
        }
    }
    git(into, &["add", "--all", "--force"]);
    git(into, &["commit", "-q", "-m", "working copy"]);
    git(into, &["rev-parse", "HEAD"]).trim().to_owned()
}

#[test]
fn pre_commit_stops_a_bad_job_script_and_mends_it() {
    let Some(python) = oracle::python() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let hooks = scratch.path().join("hooks");
    let revision = working_copy(&hooks);
    let project = scratch.path().join("project");
    fs::create_dir(&project).unwrap();
    git(&project, &["init", "-q"]);
    // What docs/ci.md tells people to write, with the address and revision of this working copy.
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let (_, snippet) = page.split_once("# .pre-commit-config.yaml\n").unwrap();
    let snippet = snippet.split("```").next().unwrap().replace("/path/to/pydoctor", hooks.to_str().unwrap());
    fs::write(project.join(".pre-commit-config.yaml"), snippet.replace("v0.1.0", &revision)).unwrap();
    let names = ["job.sbatch", "run.slurm", "job.pbs", "environment.yml", "a.py", "notes.txt"];
    fs::write(project.join(names[0]), JOB).unwrap();
    fs::write(project.join(names[1]), "#!/bin/bash\n#SBATCH -n 1\nsource deactivate\n").unwrap();
    fs::write(project.join(names[2]), "#!/bin/bash\n#PBS -l walltime=1:00:00\nsource deactivate\n").unwrap();
    fs::write(project.join(names[3]), "channels: [conda-forge]\ndependencies:\n- python\nprefix: /home/ada/x\n")
        .unwrap();
    fs::write(project.join(names[4]), "import multiprocessing\np = multiprocessing.Pool()\n").unwrap();
    fs::write(project.join(names[5]), "source deactivate\n").unwrap();
    fs::write(project.join(".bashrc"), "conda init\n").unwrap();
    // A release would take minutes.
    let pre_commit = |args: &[&str]| {
        let mut command = Command::new(&python);
        command.args(["-m", "pre_commit"]).args(args).current_dir(&project);
        command.env("PRE_COMMIT_HOME", scratch.path().join("cache")).env("CARGO_TARGET_DIR", built());
        command.env("MATURIN_PEP517_ARGS", "--profile quick").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        run(&mut command)
    };

    git(&project, &["add", "--all"]);
    done(Command::new(&python).args(["-m", "pre_commit", "install"]).current_dir(&project));
    let output = pre_commit(&["run", "--all-files"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for name in [names[0], names[1], names[2], names[3], names[4], ".bashrc"] {
        assert!(said(&output).contains(&format!("{name}:")), "nothing of {name}: {}", said(&output));
    }
    assert!(!said(&output).contains(names[5]), "{}", said(&output));

    let mend = ["run", "--hook-stage", "manual", "pydoctor-fix", "--files", names[0]];
    let output = pre_commit(&mend);
    assert!(said(&output).contains("files were modified by this hook"), "{}", said(&output));
    assert_eq!(fs::read_to_string(project.join(names[0])).unwrap(), MENDED);
    let output = pre_commit(&mend);
    assert!(output.status.success() && said(&output).contains("Passed"), "{}", said(&output));
}

#[test]
fn the_wheel_runs_where_glibc_is_old() {
    let Some(python) = oracle::python() else { return };
    if !oracle::have("readelf") {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    // The same build as of a release, without its optimisation; `packaging/build wheel` is checked in the same way.
    let mut build = Command::new(root().join("packaging/build"));
    done(build.arg("wheel").env("PROFILE", "quick").env("DIST", out.path()).env_remove("CARGO_TARGET_DIR"));
    let wheels: Vec<PathBuf> = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [wheel] = wheels.as_slice() else { panic!("{wheels:?}") };
    let name = wheel.file_name().unwrap().to_string_lossy();
    assert!(name.starts_with("pydoctor_hpc-") && name.contains("manylinux2014"), "{name}");

    let venv = out.path().join("venv");
    done(Command::new(&python).args(["-m", "venv"]).arg(&venv));
    let pip = ["install", "--quiet", "--no-index", "--disable-pip-version-check"];
    done(Command::new(venv.join("bin/pip")).args(pip).arg(wheel));
    let program = venv.join("bin/pydoctor");
    fs::write(out.path().join("job.sbatch"), JOB).unwrap();
    let output = run(Command::new(&program).args(["check", "--isolated", "job.sbatch"]).current_dir(out.path()));
    assert!(output.status.code() == Some(1) && said(&output).contains("unknown-directive"), "{}", said(&output));

    let needed = done(Command::new("readelf").args(["--version-info", "--wide"]).arg(&program));
    let newest = needed
        .split("GLIBC_")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit() && c != '.').next())
        .map(|version| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>())
        .max()
        .unwrap();
    assert!(newest <= vec![2, 17], "needs GLIBC {newest:?}");
}

/// A folder as an administrator would lay it out, with everything that `packaging/modulefiles` expects.
fn installed() -> tempfile::TempDir {
    let prefix = tempfile::tempdir().unwrap();
    let modules = prefix.path().join("modulefiles/pydoctor");
    fs::create_dir_all(&modules).unwrap();
    for folder in ["bin", "policy", "share/man"] {
        fs::create_dir_all(prefix.path().join(folder)).unwrap();
    }
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pydoctor"), prefix.path().join("bin/pydoctor")).unwrap();
    for entry in fs::read_dir(root().join("packaging/modulefiles/pydoctor")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, modules.join(path.file_name().unwrap())).unwrap();
    }
    prefix
}

#[test]
fn the_modulefile_loads() {
    let prefix = installed();
    let version = env!("CARGO_PKG_VERSION");
    let systems = [oracle::environment_modules(), oracle::lmod()];
    for setup in systems.into_iter().flatten() {
        let script = format!(
            "{setup}\nmodule use {0}/modulefiles\nmodule load pydoctor/{version}\ncommand -v pydoctor\n\
             echo \"$PYDOCTOR_POLICY_PATH\"\npydoctor --version\nmodule unload pydoctor\necho \"[$PYDOCTOR_POLICY_PATH]\"\n",
            prefix.path().display()
        );
        let shown =
            done(Command::new("bash").args(["--norc", "--noprofile", "-c", &script]).env("HOME", prefix.path()));
        let here = prefix.path().display();
        assert_eq!(shown, format!("{here}/bin/pydoctor\n{here}/policy\npydoctor {version}\n[]\n"), "{setup}");
    }
}

#[test]
fn scripts_that_are_installed_can_be_run() {
    for name in ["packaging/build", "packaging/slurm/sbatch"] {
        let mode = fs::metadata(root().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{name}");
    }
}
