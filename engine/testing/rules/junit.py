"""Results of rule tests as JUnit's XML: a suite a file, a case a scenario."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from msgspec import Struct

from engine.testing.rules.report import render
from engine.testing.rules.verdicts import Failure


class CaseResult(Struct, frozen=True):
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
            ET.SubElement(case, "error", message="the file is refused").text = result.error
        elif result.failures:
            text = "\n".join(render(result.failures))
            ET.SubElement(case, "failure", message=result.failures[0].what).text = text
    for suite in suites.values():
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("errors", str(len(suite.findall("testcase/error"))))
    for element in root.iter():
        element.text = None if element.text is None else printable(element.text)
        element.attrib.update({name: printable(text) for name, text in element.attrib.items()})
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # noqa: TID251 - ours, linear


def printable(text: str) -> str:
    """Without the characters that XML has no place for."""
    return _NOT_XML.sub("\ufffd", text)
