"""The page of the original, taken apart, for comparing with ours."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from exporters.exposition.families import Family
from tests.end_to_end.processes import free_port

BINARY: Final = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]

_ESCAPED: Final = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


@dataclass(slots=True)
class Page:
    """Types and helps by family, values by series."""

    types: dict[str, str] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)
    series: Series = field(default_factory=dict)

    def of(self, *families: str) -> Series:
        return {key: value for key, value in self.series.items() if key[0] in families}


def page_of(families: Iterable[Family]) -> Page:
    page = Page()
    for family in families:
        page.types[family.name] = family.type.value
        page.helps[family.name] = family.help
        page.series |= {(sample.name, sample.labels): sample.value for sample in family.samples}
    return page


def parse(text: str) -> Page:
    """The families of its runtime are left out."""
    page = Page()
    for line in text.splitlines():
        if re.match("(# [A-Z]+ )?(go|promhttp)_", line):
            continue
        if line.startswith("# "):
            _, kind, name, rest = line.split(" ", 3)
            (page.helps if kind == "HELP" else page.types)[name] = rest
        elif found := re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line):
            labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[2] or "")
            page.series[found[1], tuple(sorted((key, _plain(value)) for key, value in labels))] = float(found[3])
    return page


def _plain(value: str) -> str:
    return re.sub(r'\\[\\"n]', lambda found: _ESCAPED[found[0]], value)


def original(flags: Sequence[str], log: Path) -> str:
    """One page of it, under these flags."""
    assert BINARY is not None
    address = f"127.0.0.1:{free_port()}"
    with log.open("w") as out:
        process = subprocess.Popen([BINARY, f"--web.listen-address={address}", *flags], stderr=out)
    try:
        return _asked(address, log)
    finally:
        process.terminate()
        process.wait()


def _asked(address: str, log: Path) -> str:
    host, port = address.split(":")
    request = f"GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n".encode()
    for _ in range(2000):
        try:
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(request)
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        except ConnectionRefusedError:
            Event().wait(0.005)
    raise AssertionError(log.read_text())
