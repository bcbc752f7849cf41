//! Homes as people have them at the sites, made of real environments and of trees that look like conda's.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

use super::write;

/// How many small files a home gets.
const SOME: usize = 1100;

/// Small files, a hundred in each folder.
pub fn many_files(folder: &Path, number: usize) {
    let part = |numbers: std::ops::Range<usize>| {
        for index in numbers {
            let above = folder.join(format!("{}", index / 100));
            if index % 100 == 0 {
                fs::create_dir_all(&above).unwrap();
            }
            fs::write(above.join(format!("{index}.json")), "{}").unwrap();
        }
    };
    // Whole folders to each thread.
    let half = number / 200 * 100;
    std::thread::scope(|scope| {
        scope.spawn(|| part(0..half));
        part(half..number);
    });
}

/// The home of ada at a site, below `root`.
pub fn build(root: &Path, site: &str) -> PathBuf {
    let home = root.join("home/ada");
    fs::create_dir_all(&home).unwrap();
    match site {
        "midway3" => midway3(&home),
        "picotte" => picotte(&home),
        "ozstar" => ozstar(&home, root),
        "nersc-perlmutter" => perlmutter(&home),
        "vsc-ugent" => ugent(&home),
        "midway2" => midway2(&home),
        "nersc-cori" => cori(&home),
        "proteus" => proteus(&home),
        "vsc-kuleuven" => kuleuven(&home),
        "vsc-uantwerpen" => antwerpen(&home),
        "vsc-vub" => brussel(&home),
        "broken" => broken(&home),
        other => panic!("no home for {other}"),
    }
    // Whatever the umask is.
    let home_text = home.to_str().unwrap();
    assert!(Command::new("chmod").args(["-R", "go-w", home_text]).status().unwrap().success());
    if site == "broken" {
        let mode = |name: &str, mode: u32| {
            fs::set_permissions(home.join(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(".bash_aliases", 0o666);
        mode(".bashrc", 0o666);
        mode(".netrc", 0o644);
        mode("shared/venv", 0o777);
    }
    home
}

/// What differs from machine to machine is named: sizes, the Python that made environments, the scratch folder.
pub fn masked(text: &str, root: &Path) -> String {
    let python = Command::new("python3").args(["-c", "import platform; print(platform.python_version())"]).output();
    let python = String::from_utf8(python.unwrap().stdout).unwrap();
    let text = text.replace(&format!("{}/home", root.display()), "/home").replace(&*root.to_string_lossy(), "/ROOT");
    let text = text.replace(python.trim(), "VERSION");
    let masks = [
        (r"\d[\d.]* (?:bytes|[kMGT]B) in [\d,]+ files?", "SIZE"),
        (r"has \d[\d.]* [kMGTP]B of \d[\d.]* [kMGTP]B free \(\d+ %\)", "has ROOM"),
        (r"room for [\d,]+ of [\d,]+ files \(\d+ %\)", "room for FILES"),
        (r"(\S) {2,}", "$1  "),
        // The system's own settings, and the table when there are no others.
        (r"(?m)^  /etc/.*\n", ""),
        (r"Settings\n  where  setting  value\n\n", ""),
    ];
    masks.iter().fold(text, |text, (mask, name)| Regex::new(mask).unwrap().replace_all(&text, *name).into_owned())
}

/// A conda installation with an environment `ml` and a package cache.
fn miniconda(home: &Path) {
    let root = home.join("miniconda3");
    conda_env(&root, &["python-3.9.18-h955ad1f_0", "conda-23.11.0-py39h06a4308_0"], "2023-12-01 09:30:00");
    write(&root.join("condabin/conda"), "#!/bin/sh\n");
    program(&root.join("bin/conda"), &format!("#!{}/bin/python\n", root.display()));
    conda_env(&root.join("envs/ml"), &["python-3.10.13-h955ad1f_0", "numpy-1.26.2-py310_0"], "2024-02-10 17:02:11");
    write(&root.join("pkgs/urls.txt"), "https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.2-py310_0.conda\n");
    many_files(&root.join("pkgs/numpy-1.26.2-py310_0/lib"), SOME);
}

pub fn conda_env(path: &Path, packages: &[&str], day: &str) {
    for package in packages {
        write(&path.join(format!("conda-meta/{package}.json")), "{}");
    }
    write(&path.join("conda-meta/history"), &format!("==> {day} <==\n# cmd: conda create -n x\n"));
    program(&path.join("bin/python"), "#!/bin/sh\n");
}

pub fn program(path: &Path, text: &str) {
    write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A virtual environment, made by Python itself.
fn venv(path: &Path) {
    let made = Command::new("python3").args(["-m", "venv", "--without-pip", "--symlinks"]).arg(path).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// What `conda init bash` writes.
fn init_block(home: &Path) -> String {
    let root = home.join("miniconda3");
    let root = root.display();
    format!(
        "# >>> conda initialize >>>
# !! Contents within this block are managed by 'conda init' !!
__conda_setup=\"$('{root}/bin/conda' 'shell.bash' 'hook' 2> /dev/null)\"
if [ $? -eq 0 ]; then
    eval \"$__conda_setup\"
else
    if [ -f \"{root}/etc/profile.d/conda.sh\" ]; then
        . \"{root}/etc/profile.d/conda.sh\"
    else
        export PATH=\"{root}/bin:$PATH\"
    fi
fi
unset __conda_setup
# <<< conda initialize <<<
"
    )
}

fn midway3(home: &Path) {
    miniconda(home);
    write(&home.join(".bash_profile"), "if [ -f ~/.bashrc ]; then\n    . ~/.bashrc\nfi\n");
    write(&home.join(".bashrc"), &format!("# .bashrc\nalias ll='ls -l'\n\n{}", init_block(home)));
    write(&home.join(".condarc"), "channels:\n  - defaults\nauto_activate_base: false\n");
    write(&home.join("analysis/environment.yml"), "name: ml\ndependencies:\n  - numpy\n");
}

fn picotte(home: &Path) {
    symlink("/ifs/groups/adaGrp/ada/.conda", home.join(".conda")).unwrap();
    write(&home.join(".bash_profile"), "module load python/gcc/3.10\n");
    write(&home.join(".profile"), "export EDITOR=vi\n");
    venv(&home.join(".venvs/analysis"));
    write(&home.join(".mambarc"), "channel_priority: strict\n");
}

fn ozstar(home: &Path, root: &Path) {
    let project = root.join("fred/oz000/ada");
    conda_env(&project.join("conda/envs/far"), &["python-3.10.13-h955ad1f_0"], "2024-03-01 10:00:00");
    symlink(project.join("conda"), home.join(".conda")).unwrap();
    write(&home.join(".bashrc"), "module load gcc/11.3.0 openmpi/4.1.4 python/3.10.4\nsource ~/venv/bin/activate\n");
    venv(&home.join("venv"));
    many_files(&home.join(".cache/pip/http-v2"), SOME);
}

fn perlmutter(home: &Path) {
    write(&home.join(".bashrc.ext"), "module load python\n");
    write(&home.join(".profile"), ". ~/.bashrc\n");
    write(&home.join(".bashrc"), "export PYTHONPATH=$HOME/lib:$PYTHONPATH\n");
    conda_env(&home.join(".conda/envs/mpi"), &["python-3.11.4-h955ad1f_0"], "2024-01-20 08:00:00");
    many_files(&home.join(".local/lib/python3.11/site-packages"), 120);
}

fn ugent(home: &Path) {
    write(&home.join(".bash_profile"), ". ~/.bashrc\n");
    write(&home.join(".bashrc"), "[[ $- == *i* ]] || return\nmodule load Python/3.11.3-GCCcore-12.3.0\n");
    write(&home.join(".config/pip/pip.conf"), "[global]\nrequire-virtualenv = false\n");
    write(&home.join(".config/uv/uv.toml"), "cache-dir = \"/scratch/gent/ada/uv\"\n");
    venv(&home.join("venvs/doduo"));
    let config = home.join("venvs/doduo/pyvenv.cfg");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}uv = 0.4.20\n")).unwrap();
}

/// Modules and a venv in every shell, and a conda block of long ago.
fn midway2(home: &Path) {
    write(
        &home.join(".bashrc"),
        "module load python/anaconda-2021.05\nmodule load gcc/9.2.0\necho welcome to midway2\n",
    );
    write(&home.join(".bash_login"), "source ~/.bashrc\n");
    write(&home.join(".profile"), "export PATH=$HOME/bin:$PATH\n");
    write(&home.join(".lmod.d/default"), "-- collection\n");
    conda_env(&home.join(".conda/envs/old"), &["python-2.7.18-h955ad1f_0"], "2019-05-02 12:00:00");
}

/// Files of the time when the site owned `~/.bashrc`.
fn cori(home: &Path) {
    write(&home.join(".bashrc"), "source /etc/skel/.bashrc\n");
    write(&home.join(".bashrc.ext"), "module load python/3.7-anaconda-2019.10\nexport SCRATCH_OLD=$CSCRATCH/data\n");
    symlink("/global/cscratch1/sd/ada/conda", home.join(".conda")).unwrap();
}

/// csh, and settings that lead to the machine that is gone.
fn proteus(home: &Path) {
    write(&home.join(".cshrc"), "setenv PYTHONPATH /mnt/HA/groups/adaGrp/lib\nsource ~/.aliases.csh\nalias ll ls -l\n");
    write(&home.join(".aliases.csh"), "alias la ls -a\n");
    write(&home.join(".config/pip/pip.conf"), "[global]\ncache-dir = /mnt/HA/groups/adaGrp/pip\n");
    write(&home.join("old/pyvenv.cfg"), "home = /mnt/HA/opt/python/3.6/bin\nversion = 3.6.9\n");
    fs::create_dir_all(home.join("old/bin")).unwrap();
    symlink("/mnt/HA/opt/python/3.6/bin/python3", home.join("old/bin/python3")).unwrap();
}

/// conda in the data space, named by a variable that only the site's shells know.
fn kuleuven(home: &Path) {
    write(&home.join(".bash_profile"), "[ -f ~/.bashrc ] && source ~/.bashrc\n");
    write(&home.join(".bashrc"), "export PATH=\"${VSC_DATA}/miniconda3/bin:${PATH}\"\n");
    write(&home.join(".condarc"), "envs_dirs:\n  - $VSC_DATA/envs\npkgs_dirs:\n  - $VSC_SCRATCH/pkgs\n");
    write(&home.join(".conda/condarc.d/own.yml"), "auto_activate_base: true\n");
    venv(&home.join("venv-skylake"));
}

/// A home of three gigabytes in which pip installs for the user.
fn antwerpen(home: &Path) {
    write(&home.join(".bashrc"), "export PYTHONPATH=$HOME/lib/python\n");
    write(&home.join(".zshrc"), "source ~/.zsh/aliases.zsh\n");
    write(&home.join(".zsh/aliases.zsh"), "alias ll='ls -l'\n");
    write(&home.join(".pypirc"), "[pypi]\nusername = ada\n");
    many_files(&home.join(".local/lib/python3.11/site-packages"), 300);
    many_files(&home.join(".cache/huggingface/hub"), 300);
}

/// Environments of pipenv and uv, and Jupyter without a password.
fn brussel(home: &Path) {
    write(&home.join(".bash_profile"), "source ~/.bashrc\n");
    write(&home.join(".bashrc"), "case $- in *i*) ;; *) return ;; esac\nmodule load Python/3.11.3-GCCcore-12.3.0\n");
    venv(&home.join(".local/share/virtualenvs/thesis-x1"));
    write(&home.join(".jupyter/jupyter_server_config.json"), "{\"IdentityProvider\": {\"token\": \"\"}}\n");
}

fn broken(home: &Path) {
    miniconda(home);
    // A loop, a missing file, one that is hidden, one that bash refuses.
    write(&home.join(".bash_profile"), ". ~/.bashrc\n. ~/.missing\n");
    write(&home.join(".bashrc"), "echo hello\n. ~/.bash_aliases\n. ~/.bash_profile\n");
    write(&home.join(".bash_aliases"), "if true; then\n");
    write(&home.join(".profile"), "umask 022\n");
    write(&home.join(".netrc"), "machine example.org login ada password x\n");
    write(&home.join(".jupyter/jupyter_server_config.py"), "c.ServerApp.ip = '0.0.0.0'\nc.ServerApp.token = ''\n");
    // Moved, without its Python, without anything, and open to all.
    venv(&home.join("old-place"));
    fs::rename(home.join("old-place"), home.join("new-place")).unwrap();
    write(&home.join("gone/pyvenv.cfg"), "home = /software/python-3.8.0/bin\nversion = 3.8.0\n");
    fs::create_dir_all(home.join("gone/bin")).unwrap();
    symlink("/software/python-3.8.0/bin/python3", home.join("gone/bin/python")).unwrap();
    write(&home.join("half/pyvenv.cfg"), "home = /usr/bin\nversion = 3.9.2\n");
    venv(&home.join("shared/venv"));
    symlink("/project/gone/ada/.conda", home.join(".conda")).unwrap();
    symlink("loop-b", home.join("loop-a")).unwrap();
    symlink("loop-a", home.join("loop-b")).unwrap();
}
