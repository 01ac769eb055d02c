"""Results of rule tests as JUnit's XML: a suite a file, a case a scenario."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from engine.testing.rules.report import render
from engine.testing.rules.verdicts import Failure


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One scenario, or a file that could not be read (`error` says why)."""

    file: str
    name: str
    seconds: float
    failures: Sequence[Failure] = ()
    error: str = ""


def document(results: Iterable[CaseResult]) -> bytes:
    """The whole file."""
    root = ET.Element("testsuites", name="engine test rules")
    suites: dict[str, ET.Element] = {}
    for result in results:
        suite = suites.get(result.file)
        if suite is None:
            suite = suites[result.file] = ET.SubElement(root, "testsuite", name=result.file)
        case = ET.SubElement(suite, "testcase", classname=result.file, name=result.name, time=f"{result.seconds:.3f}")
        if result.error:
            ET.SubElement(case, "error", message="the file is refused").text = printable(result.error)
        elif result.failures:
            text = "\n".join(render(result.failures))
            ET.SubElement(case, "failure", message=result.failures[0].what).text = printable(text)
    for suite in suites.values():
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("errors", str(len(suite.findall("testcase/error"))))
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def printable(text: str) -> str:
    """Without the characters that XML has no place for."""
    return "".join(char if char >= " " or char in "\t\n" else "\ufffd" for char in text)
