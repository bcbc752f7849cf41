#!/usr/bin/env python3
"""Counts a home of many files with `pydoctor doctor` and with `du --inodes`, side by side in one run.

    benches/doctor.py [--binary target/profiling/pydoctor] [--files 1000000] [--runs 5] [--keep FOLDER] [--jobs 1,2]

A home is generated, always the same one: small files in environments, caches and folders of data, and some links. All
programs read it once before anything is measured, so that the page cache is equal for both, and then run in turn. Told
are the best and the middle time of each, the largest memory, and whether the counts agree. The tree is deleted at the end.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Folders of a home, with their share of the files and how many files lie in each of their folders.
PARTS = [
    ("miniconda3/envs/{}/lib/python3.11/site-packages", 0.45, 40),
    ("miniconda3/pkgs/{}/info", 0.15, 25),
    (".cache/pip/http-v2/{}", 0.10, 16),
    (".local/lib/python3.11/site-packages/{}", 0.05, 30),
    ("data/images/{}", 0.15, 2000),
    ("data/trees/{}/a/b/c", 0.10, 5),
]


def generate(home: Path, files: int) -> None:
    content = b"x" * 100
    for pattern, share, in_each in PARTS:
        wanted = int(files * share)
        for number in range(0, wanted, in_each):
            above = home / pattern.format(number // (in_each * 50))
            folder = above / f"p{number // in_each}"
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY)
            for name in range(min(in_each, wanted - number)):
                file = os.open(f"f{name}.py", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=descriptor)
                if name % 8 == 0:
                    os.write(file, content)
                os.close(file)
            os.close(descriptor)
    for env in (home / "miniconda3/envs").iterdir():
        (env / "conda-meta").mkdir()
    (home / "link").symlink_to("data")


def measured(command: list[str]) -> tuple[float, int, str]:
    """Seconds, peak memory in kB, standard output."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - start
    if child.returncode not in (0, 1):
        sys.exit(f"{command[0]} ended with {child.returncode}")
    return took, usage.ru_maxrss, output


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default="target/profiling/pydoctor")
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--jobs", default=f"1,{len(os.sched_getaffinity(0))}")
    args = parser.parse_args()
    root = args.keep or Path(tempfile.mkdtemp(prefix="pydoctor-home-"))
    home = root / "ada"
    free = os.statvfs(root if root.exists() else root.parent).f_favail
    if free < args.files * 1.2 and not home.exists():
        sys.exit(f"only {free:,} files can be made there")
    try:
        if not home.exists():
            home.mkdir(parents=True)
            generate(home, args.files)
        commands = {"du --inodes": ["du", "--inodes", "-s", str(home)], "du -s": ["du", "-s", str(home)]}
        for jobs in dict.fromkeys(args.jobs.split(",")):
            doctor = [args.binary, "doctor", "--isolated", "--site", "common", "-f", "json", "-j", jobs, "--home", str(home)]
            commands[f"pydoctor -j{jobs}"] = doctor
        counts, times, memory = {}, {name: [] for name in commands}, dict.fromkeys(commands, 0)
        for name, command in commands.items():
            output = measured(command)[2]
            counts[name] = json.loads(output)["usage"][0]["files"] if output.startswith("{") else int(output.split()[0])
        for _ in range(args.runs):
            for name, command in commands.items():
                took, peak, _ = measured(command)
                times[name].append(took)
                memory[name] = max(memory[name], peak)
        counts.pop("du -s")
        same = "agree" if len(set(counts.values())) == 1 else "DIFFER"
        print(f"{counts['du --inodes']:,} files and folders, {args.runs} runs in turn; the counts {same}")
        for name, took in times.items():
            best, middle = min(took), statistics.median(took)
            print(f"  {name:14} best {best:6.2f} s  median {middle:6.2f} s  at most {memory[name] / 1024:6.1f} MB")
    finally:
        if not args.keep:
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
