//! Submitting jobs through `packaging/slurm`, against a real Slurm of one node that this test starts for itself.

#![expect(clippy::disallowed_methods, reason = "tests start programs and read what they wrote")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod oracle;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const GOOD: &str = "#!/bin/bash\n#SBATCH --ntasks=1\n#SBATCH --time=5\nhostname\n";
const BAD: &str = "#!/bin/bash\n#SBATCH --ntasks=1\nmodule load anything\nsource deactivate\nhostname\n";
const REFUSED: &str = "#!/bin/bash\n#SBATCH --nodse=1\nhostname\n";

/// A Slurm of one node, which ends with the test.
struct Slurm {
    folder: tempfile::TempDir,
    daemons: Vec<Child>,
}

impl Slurm {
    fn start(filter: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in ["state", "spool", "bin", "jobs"] {
            fs::create_dir(path.join(name)).unwrap();
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pydoctor"), path.join("bin/pydoctor")).unwrap();
        let host = rustix::system::uname().nodename().to_string_lossy().split('.').next().unwrap().to_owned();
        let root = rustix::process::geteuid().is_root();
        let user = if root { "root".to_owned() } else { std::env::var("USER").unwrap() };
        let ports: Vec<TcpListener> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let port = |index: usize| ports[index].local_addr().unwrap().port();
        let here = path.display();
        let filters = if filter { "CliFilterPlugins=lua\n" } else { "" };
        let conf = format!(
            "ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser={user}\nSlurmdUser={user}\nAuthType=auth/none\n\
             CredType=cred/none\nSlurmctldPort={}\nSlurmdPort={}\nStateSaveLocation={here}/state\n\
             SlurmdSpoolDir={here}/spool\nSlurmctldPidFile={here}/ctld.pid\nSlurmdPidFile={here}/d.pid\n\
             SlurmctldLogFile={here}/ctld.log\nSlurmdLogFile={here}/d.log\nProctrackType=proctrack/linuxproc\n\
             TaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\nSelectType=select/cons_tres\n\
             SelectTypeParameters=CR_Core\nReturnToService=2\nMpiDefault=none\nSwitchType=switch/none\n{filters}\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=1 RealMemory=100 State=UNKNOWN\n\
             PartitionName=debug Nodes={host} Default=YES MaxTime=01:00:00 State=UP\n",
            port(0),
            port(1),
        );
        fs::write(path.join("slurm.conf"), conf).unwrap();
        let script = fs::read_to_string(packaging().join("slurm/cli_filter.lua")).unwrap();
        fs::write(path.join("cli_filter.lua"), script).unwrap();
        drop(ports);
        let daemon = |program: &str, args: &[&str]| {
            let mut command = Command::new(program);
            command.args(args).env("SLURM_CONF", path.join("slurm.conf"));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let daemons = vec![daemon("slurmctld", &["-D"]), daemon("slurmd", &["-D", "-N", &host])];
        let slurm = Self { folder, daemons };
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let state = slurm.command("sinfo").args(["-h", "-o", "%T"]).output().unwrap();
            if String::from_utf8_lossy(&state.stdout).trim() == "idle" {
                return slurm;
            }
            assert!(Instant::now() < end, "the node does not come up: {state:?}");
            sleep(Duration::from_millis(100));
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command that sees this Slurm, and the `pydoctor` of its folder.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:{}", self.path().join("bin").display(), std::env::var("PATH").unwrap());
        command.current_dir(self.path().join("jobs")).env("SLURM_CONF", self.path().join("slurm.conf"));
        command.env("PATH", path).env("HOME", self.path()).stdin(Stdio::null());
        command
    }

    /// Writes a job script.
    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join("jobs").join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Puts something else in pydoctor's place.
    fn replace_pydoctor(&self, text: Option<&str>) {
        let path = self.path().join("bin/pydoctor");
        fs::remove_file(&path).unwrap();
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// True when the controller knows the job that a submission reported.
    fn knows_job_of(&self, output: &Output) -> bool {
        let stdout = String::from_utf8_lossy(&output.stdout);
        let Some(job) = stdout.trim().strip_prefix("Submitted batch job ") else { return false };
        self.command("scontrol").args(["show", "job", job]).output().unwrap().status.success()
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        for daemon in &mut self.daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn have_slurm() -> bool {
    // All of them, so that each that is missing is told.
    ["sbatch", "slurmctld", "slurmd", "scontrol"].map(oracle::have).iter().all(|have| *have)
}

#[test]
fn fifty_submissions_through_the_wrapper() {
    if !have_slurm() {
        return;
    }
    let slurm = Slurm::start(false);
    let wrapper = packaging().join("slurm/sbatch");
    let submit = |args: &[&str], stdin: Option<&Path>| {
        let mut command = slurm.command(wrapper.to_str().unwrap());
        if let Some(stdin) = stdin {
            command.stdin(fs::File::open(stdin).unwrap());
        }
        command.args(args).output().unwrap()
    };
    let (good, bad) = (slurm.script("good.sbatch", GOOD), slurm.script("with blank.sh", BAD));
    let bad_name = bad.to_str().unwrap();
    for round in 0..16 {
        let output = submit(&[good.to_str().unwrap()], None);
        assert!(slurm.knows_job_of(&output) && output.stderr.is_empty(), "{round}: {output:?}");

        // The script is found behind options of every form.
        let forms: [&[&str]; 4] = [
            &["-J", "x", "--time", "5", bad_name, "argument"],
            &["-n1", "--job-name=x", "--hold", bad_name],
            &["--quiet", "--exclusive", "--comment", "good.sbatch", bad_name],
            &["--", bad_name],
        ];
        let output = submit(forms[round % forms.len()], None);
        assert!(stderr(&output).contains("[source-deactivate]"), "{round}: {output:?}");
        assert!(output.status.success(), "{round}: {output:?}");

        let output = submit(&["-n", "1"], Some(&bad));
        assert!(slurm.knows_job_of(&output) && stderr(&output).contains("job.sbatch:4:1"), "{round}: {output:?}");
    }
    let output = submit(&["-n", "1", "--wrap", "hostname"], None);
    assert!(slurm.knows_job_of(&output) && output.stderr.is_empty(), "{output:?}");
    // What Slurm itself refuses is refused by Slurm, with its own status.
    let output = submit(&[slurm.script("refused.sh", REFUSED).to_str().unwrap()], None);
    assert!(stderr(&output).contains("unknown-directive") && !output.status.success(), "{output:?}");
}

#[test]
fn what_happens_to_pydoctor_stops_no_job() {
    if !have_slurm() {
        return;
    }
    for filter in [false, true] {
        let slurm = Slurm::start(filter);
        let sbatch = if filter { PathBuf::from("sbatch") } else { packaging().join("slurm/sbatch") };
        let bad = slurm.script("bad.sh", BAD);
        let submit = || slurm.command(sbatch.to_str().unwrap()).arg(&bad).output().unwrap();
        let output = submit();
        assert!(slurm.knows_job_of(&output) && stderr(&output).contains("[source-deactivate]"), "{filter} {output:?}");
        for trouble in ["#!/bin/sh\nkill -9 $$\n", "#!/bin/sh\necho broken >&2\nexit 2\n", "#!/bin/sh\nexec sleep 60\n"]
        {
            slurm.replace_pydoctor(Some(trouble));
            let output = submit();
            assert!(slurm.knows_job_of(&output) && output.stderr.is_empty(), "{filter} {trouble}: {output:?}");
        }
        slurm.replace_pydoctor(None);
        let output = submit();
        assert!(slurm.knows_job_of(&output) && output.stderr.is_empty(), "{filter}: {output:?}");
    }
}

#[test]
fn errors_stop_a_submission_where_the_site_says_so() {
    if !have_slurm() {
        return;
    }
    let slurm = Slurm::start(false);
    let wrapper = slurm.path().join("jobs/sbatch");
    let text = fs::read_to_string(packaging().join("slurm/sbatch")).unwrap();
    let text = text.replacen("\nrefuse=no\n", "\nrefuse=yes\n", 1);
    fs::write(&wrapper, &text).unwrap();
    assert!(text.contains("\nrefuse=yes\n"));
    let submit = |script: &Path| Command::arg(slurm.command("bash").arg(&wrapper), script).output().unwrap();
    let output = submit(&slurm.script("refused.sh", REFUSED));
    assert!(output.status.code() == Some(1) && stderr(&output).contains("not submitted"), "{output:?}");
    assert!(slurm.knows_job_of(&submit(&slurm.script("bad.sh", BAD))));
}

#[test]
fn the_wrapper_knows_the_options_of_sbatch() {
    let wrapper = fs::read_to_string(packaging().join("slurm/sbatch")).unwrap();
    let between = |from: &str, to: &str| wrapper.split(from).nth(1).unwrap().split(to).next().unwrap().to_owned();
    let flags: Vec<String> = between("flags=\"", "\"").split_whitespace().map(str::to_owned).collect();
    let valued = between("valued=", "\n");
    let table = include_str!("../rules/data/sbatch-options.tsv");
    for row in table.lines().filter(|line| !line.starts_with('#') && !line.starts_with("option\t")) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [name, short, value] = cells[..3] else { panic!("{row}") };
        assert_eq!(flags.iter().any(|flag| flag == name), value != "yes", "--{name}");
        if let Some(letter) = short.chars().next() {
            assert_eq!(valued.contains(letter), value == "yes", "-{letter}");
        }
    }
}
