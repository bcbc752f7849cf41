#!/usr/bin/env python3
"""Compares pydoctor's speed with other tools, in one run on the same files.

    benches/compare.py [--binary target/release/pydoctor] [--runs 5] [--keep FOLDER]

Three trees are generated, always the same ones; nothing is downloaded:

  jobs    1,500 job scripts and start-up files, all of which pydoctor reads. One statement in twelve is about Python,
          conda or modules, and one file in three has none, as in 2,900 shell files of 80 public repositories
  dense   the same number, in which every second statement breaks a rule: 15 findings a file, the worst case
  mixed   50,000 files (sources, data, notes, a few Python files), of which 600 matter

pydoctor runs with every rule on. ast-grep runs with five rules that ask for what five of pydoctor's ask for, ShellCheck
on a part of the jobs, `rg -l` as the least that reading costs. A tool that is not installed is left out
(`pip install ast-grep-cli`). The figures are the best of all runs, with the files in the page cache.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHELLCHECK_PART = 100

# What five of pydoctor's rules look for, as far as patterns can say it.
AST_GREP_RULES = {
    "conda-init": ("bash", "pattern: conda init $$$A"),
    "venv": ("bash", "all: [{pattern: python -m venv $$$A}, {not: {pattern: python -m venv --system-site-packages $$$A}}]"),
    "anaconda-module": ("bash", "{kind: command, regex: '^module (load|add) .*[Aa]naconda'}"),
    "conda-path": ("bash", "{kind: variable_assignment, regex: '^PATH=.*conda[0-9]*/bin'}"),
    "cpu-count": ("python", "any: [{pattern: multiprocessing.cpu_count()}, {pattern: os.cpu_count()}, {pattern: mp.cpu_count()}]"),
}

# What most lines of real scripts are like.
PLAIN = [
    "export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK\n",
    "cd {dir} || exit 1\nmkdir -p results/{env}\n",
    "for i in $(seq 1 {n}); do\n    echo \"step $i of {n}\"\n    ./model --input data/$i.nc --output results/$i.out\ndone\n",
    "if [ -d \"{dir}\" ]; then\n    cp -r \"$SLURM_SUBMIT_DIR\"/input \"{dir}\"\nelse\n    echo 'no folder' >&2\nfi\n",
    "mpirun -np {n} ./solve > log.{n} 2>&1\n",
    "# Results go to {dir}, which is not backed up.\n",
    "cat > input.txt <<EOF2\nn = {n}\ndir = {dir}\nEOF2\n",
    "tar czf results-{env}.tar.gz results/ && rm -rf scratch.{n}\n",
    "out={dir}/{env}\nINPUT=\"$out/input.{n}\"\n",
    "echo \"started $(date) on $(hostname)\"\n",
    "sed -i 's/nsteps.*/nsteps = {n}/' run.in\n",
    "srun --ntasks={n} gmx_mpi mdrun -deffnm {env} -maxh 23.5\n",
    "sleep {n}\nwait\n",
    "rm -f core.* *.tmp\nls -lh results\n",
]
SHELL = [
    "module purge\nmodule load {module}\n",
    "module load {module} {module}\n",
    "source activate {env}\n",
    "conda activate {env}\n",
    "python -m venv {dir}/venv\n. {dir}/venv/bin/activate\n",
    "pip install --user numpy pandas\n",
    "conda create -y -p {dir}/envs/{env} python=3.11 numpy\n",
    "export PATH=$HOME/miniconda3/bin:$PATH\n",
    "export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK\n",
    "cd {dir} || exit 1\nmkdir -p results/{env}\n",
    "for i in $(seq 1 {n}); do\n    echo \"step $i of {n}\"\n    ./model --input data/$i.nc --output results/$i.out\ndone\n",
    "if [ -d \"{dir}\" ]; then\n    cp -r \"$SLURM_SUBMIT_DIR\"/input \"{dir}\"\nelse\n    echo 'no folder' >&2\nfi\n",
    "srun python train.py --epochs {n} --data {dir}/data --name {env}\n",
    "mpirun -np {n} python solve.py > log.{n} 2>&1\n",
    "# Results go to {dir}, which is not backed up.\n",
    "cat > input.txt <<EOF2\nn = {n}\ndir = {dir}\nEOF2\n",
    "tar czf results-{env}.tar.gz results/ && rm -rf scratch.{n}\n",
]
DOTFILE = [
    "alias ll='ls -la'\nalias gs='git status'\n",
    "export EDITOR=vim\nexport PS1='\\u@\\h:\\w\\$ '\n",
    "if [ -f /etc/bashrc ]; then\n    . /etc/bashrc\nfi\n",
    "export PATH=$HOME/bin:$HOME/.local/bin:$PATH\n",
    "function extract() {{\n    case $1 in\n        *.tar.gz) tar xzf $1 ;;\n        *.zip) unzip $1 ;;\n        *) echo \"unknown: $1\" ;;\n    esac\n}}\n",
    "export LD_LIBRARY_PATH={dir}/lib:$LD_LIBRARY_PATH\n",
    "eval \"$($HOME/miniconda3/bin/conda shell.bash hook)\"\n",
    "conda init bash\n",
    "HISTSIZE={n}000\nshopt -s histappend\n",
    "module load {module}\n",
]
PYTHON = [
    "def step_{n}(x, y):\n    total = 0\n    for i in range({n}):\n        total += x * i - y\n    return total\n\n\n",
    "class Model{n}:\n    \"\"\"Holds {env}.\"\"\"\n\n    def __init__(self, size={n}):\n        self.size = size\n        self.data = [0] * size\n\n",
    "with open('data/{env}.txt') as handle:\n    lines = [line.strip() for line in handle if line]\n\n",
    "def plot_{n}(values, title='{env}'):\n    figure, axis = plt.subplots()\n    axis.plot(values)\n    axis.set_title(title)\n    return figure\n\n\n",
]
MODULES = ["python/3.11.9", "python/anaconda-2022.05", "gcc/12.2.0", "openmpi/4.1.5", "Anaconda3", "cuda/12.1", "R/4.3"]
FOLDERS = ["/scratch/midway3/ada/run", "/project/lab/ada", "$HOME/work", "$SCRATCH/run", "/fred/oz001/ada"]
WORDS = "the of a model run grid cell value mean energy flux result table figure input output time step file".split()


def fill(random, text):
    return text.format(
        module=random.choice(MODULES), env=random.choice(WORDS), dir=random.choice(FOLDERS), n=random.randrange(2, 99)
    )


def plain_script(random, telling):
    """Mostly plain lines; `telling` lines among them, unless the script has none."""
    share = 0 if random.random() < 0.34 else 0.12
    return "".join(
        fill(random, random.choice(telling if random.random() < share else PLAIN)) for _ in range(random.randrange(8, 40))
    )


def usual_job(random):
    head = "#!/bin/bash\n#SBATCH --job-name={env}\n#SBATCH --nodes=1\n#SBATCH --ntasks={n}\n#SBATCH --time=02:00:00\n\n"
    return fill(random, head) + plain_script(random, SHELL)


def usual_dotfile(random):
    return plain_script(random, DOTFILE)


def job(random):
    head = "#!/bin/bash\n#SBATCH --job-name={env}\n#SBATCH --nodes=1\n#SBATCH --ntasks={n}\n#SBATCH --time=02:00:00\n\n"
    return fill(random, head) + "".join(fill(random, random.choice(SHELL)) for _ in range(random.randrange(8, 40)))


def dotfile(random):
    return "".join(fill(random, random.choice(DOTFILE)) for _ in range(random.randrange(8, 40)))


def python(random, matters):
    head = "import os\nimport sys\n\nimport numpy as np\nimport matplotlib.pyplot as plt\n\n"
    if matters:
        head += "import multiprocessing\n\npool = multiprocessing.Pool(multiprocessing.cpu_count())\n\n"
    return head + "".join(fill(random, random.choice(PYTHON)) for _ in range(random.randrange(5, 30)))


def prose(random):
    lines = (" ".join(random.choices(WORDS, k=random.randrange(4, 14))) for _ in range(random.randrange(20, 80)))
    return "\n".join(lines) + "\n"


def numbers(random):
    return "\n".join(",".join(f"{random.random():.4f}" for _ in range(6)) for _ in range(random.randrange(20, 60))) + "\n"


def source(random):
    line = "    double {0}_{1} = {0} * {1}.0 + offset[{1}];\n"
    body = "".join(line.format(random.choice(WORDS), random.randrange(99)) for _ in range(random.randrange(20, 80)))
    return "#include <math.h>\n\nvoid kernel(double *offset)\n{\n" + body + "}\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_scripts(folder, job, dotfile):
    own = random.Random(1)
    for number in range(1200):
        write(folder / f"p{number // 40}" / f"run{number}.{own.choice(['sh', 'sbatch', 'slurm'])}", job(own))
    for number in range(300):
        write(folder / f"home{number}" / own.choice([".bashrc", ".bash_profile", ".profile"]), dotfile(own))


def make_jobs(folder):
    make_scripts(folder, usual_job, usual_dotfile)


def make_dense(folder):
    make_scripts(folder, job, dotfile)


def make_mixed(folder):
    own = random.Random(2)
    kinds = [("c", source), ("h", source), ("txt", prose), ("md", prose), ("csv", numbers), ("dat", numbers), ("log", prose)]
    for number in range(50_000):
        below = folder / f"d{number // 1000}" / f"e{number // 50 % 20}"
        if number % 100 == 0:
            write(below / f"job{number}.sbatch", usual_job(own))
        elif number % 20 == 7:
            write(below / f"mod{number}.py", python(own, number % 500 == 7))
        else:
            suffix, text = kinds[number % len(kinds)]
            write(below / f"file{number}.{suffix}", text(own))


def ast_grep_config(folder):
    for name, (language, rule) in AST_GREP_RULES.items():
        text = f"id: {name}\nlanguage: {language}\nseverity: warning\nmessage: {name}\nrule:\n  {rule}\n"
        write(folder / "rules" / f"{name}.yml", text)
    globs = "['*.sh', '*.sbatch', '*.slurm', '.bashrc', '.bash_profile', '.profile']"
    write(folder / "sgconfig.yml", f"ruleDirs: [rules]\nlanguageGlobs:\n  bash: {globs}\n")
    return folder / "sgconfig.yml"


def measure(command, runs):
    """Best wall time and processor time of several runs, in seconds, and bytes printed."""
    best_wall, best_cpu, printed = float("inf"), float("inf"), 0
    for _ in range(runs):
        with tempfile.TemporaryFile() as out:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            printed = out.seek(0, os.SEEK_END)
        best_wall = min(best_wall, wall)
        best_cpu = min(best_cpu, usage.ru_utime + usage.ru_stime)
    return best_wall, best_cpu, printed


def find_tool(name):
    beside = Path(sys.executable).parent / name
    return shutil.which(name) or (str(beside) if beside.exists() else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/pydoctor")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="generate here and keep the files")
    options = parser.parse_args()
    binary = Path(options.binary).resolve()
    if not binary.exists():
        sys.exit(f"{binary} is missing: cargo build --release")
    root = options.keep or Path(tempfile.mkdtemp(prefix="pydoctor-bench-"))
    for name, make in [("jobs", make_jobs), ("dense", make_dense), ("mixed", make_mixed)]:
        if not (root / name).exists():
            make(root / name)
    try:
        compare(root, binary, options.runs)
    finally:
        if not options.keep:
            shutil.rmtree(root)


def compare(root, binary, runs):
    config = ast_grep_config(root / "ast-grep")
    part = sorted((root / "jobs").rglob("*.sh"))[:SHELLCHECK_PART]
    print(f"{'tree':6} {'tool':28} {'wall s':>8} {'cpu s':>8} {'output kB':>10}  {'wall, pydoctor = 1':>18}")
    for tree in ["jobs", "dense", "mixed"]:
        folder = str(root / tree)
        check = [str(binary), "check", "--isolated", "--select", "ALL", "-f", "json", "--exit-zero"]
        rows = [("pydoctor, all rules", check + [folder], 1)]
        if tool := find_tool("ast-grep"):
            scan = [tool, "scan", "-c", str(config), "--no-ignore", "hidden", "--json=stream", folder]
            rows.append(("ast-grep, five rules", scan, 1))
        if (tool := find_tool("shellcheck")) and tree == "jobs":
            rows.append((f"shellcheck ({len(part)} files, scaled)", [tool, "-f", "gcc", *map(str, part)], 1500 / len(part)))
        if tool := find_tool("rg"):
            rows.append(("rg -l --hidden", [tool, "-l", "--hidden", "conda|module load|venv|cpu_count", folder], 1))
        base = None
        for name, command, scale in rows:
            wall, cpu, printed = measure(command, 1 if scale > 1 else runs)
            wall, cpu = wall * scale, cpu * scale
            base = base or wall
            print(f"{tree:6} {name:28} {wall:8.3f} {cpu:8.3f} {printed / 1000:10.0f}  {wall / base:17.2f}x", flush=True)


if __name__ == "__main__":
    main()
