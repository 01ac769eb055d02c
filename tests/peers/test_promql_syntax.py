"""The same texts, read by Prometheus and by ours: errors word for word, canonical and formatted texts."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any, Final

import pytest

from promql.errors import ParseError
from promql.syntax.faults import Fault
from promql.syntax.machine import Machine, plain
from promql.syntax.parser import MAX_DEPTH, parse, parse_selector, selector, tree
from promql.syntax.printer import pretty, print_expr
from tests.end_to_end.processes import free_port
from tests.promql.syntax.tables import CANONICAL, ERRORS, PRETTY, WIDER

BINARY: Final = shutil.which("prometheus")
pytestmark = [pytest.mark.peer, pytest.mark.skipif(BINARY is None, reason="prometheus is not installed")]

SOUPS: Final = 3000

# Accepted there and refused here, each for its reason.
NARROWER: Final = {
    "up @ 1e16": "its milliseconds leave 64 bits; Prometheus wraps them around to 292 million years before 1970",
    "up @ 4611686018427388": "the same, within the range of one duration",
    "(" * MAX_DEPTH + "up" + ")" * MAX_DEPTH: "deeper than we walk",
}
# Printed otherwise, each for its reason.
PRINTED_OTHERWISE: Final = {r'"\xff"': "our texts are Unicode: bytes that are no UTF-8 become U+FFFD"}

PIECES: Final = [
    *"()[]{},=<>+-*/%^:@#!.$\n\\\"'`", *"(),(),(),", "up", "a", "b:c", "sum", "by", "without", "and", "or", "unless",
    "offset", "start", "end", "bool", "on", "ignoring", "group_left", "group_right", "atan2", "topk", "count_values",
    "rate", "abs", "label_replace", "round", "time", "foo", "1", "0x1f", "08", "1e3", "5m", "0s", "1h30m", "1m1h", "5x",
    '"a"', "'b'", "`c`", '"\\q"', "==", "!=", "=~", "!~", "<=", "#c\n", "é", "inf", "[5m]", "[5m:1m]", '{a="b"}',
    '{a=~"("}', "{}", "(up)", "(a, b)", "by (a)", "on (a)", "group_left (b)", "offset 5m", "@ 1", "@ end()",
    "rate(up[5m])", "sum(up)", "SUM(", 'a{b!="c"}', "group_left()", "bool 1", "-1", "up", "up",
]  # fmt: skip
SEEDS: Final = [
    'sum(rate(a{b="c"}[5m] offset 1m)) by (x, y)',
    "a + on (x) group_left (y) b == bool 1",
    "topk(3, a) without (b) ^ -2",
    "rate(up[5m:1m] @ 1)[1h:]",
    'label_replace(a, "b", "c", "d", "e")',
    "a and ignoring (b) c unless d atan2 1",
    "histogram_quantile(0.9, sum by (le) (rate(x[5m])))",
    'up @ start() offset -5m + {a=~"b.*", c!=""}',
    'count_values("a", b{c="d"}) * 0x1F',
]


class Prometheus:
    """One server, asked over HTTP."""

    def __init__(self, address: str) -> None:
        self._root = f"http://{address}"

    def get(self, path: str, **parameters: str) -> tuple[int, str]:
        url = f"{self._root}{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def error_of(self, query: str) -> str | None:
        """What its parser says; None where it says nothing (what evaluation says is no matter here)."""
        _, body = self.get("/api/v1/query", query=query)
        error: str | None = json.loads(body).get("error")
        return error.removeprefix('invalid parameter "query": ') if error and "parse error: " in error else None

    def selector_error_of(self, selector: str) -> str | None:
        status, body = self.get("/federate", **{"match[]": selector})
        return None if status == 200 else body.removesuffix("\n")

    def formatted(self, query: str) -> str:
        _, body = self.get("/api/v1/format_query", query=query)
        text: str = json.loads(body)["data"]
        return text

    def rules(self) -> list[dict[str, Any]]:
        _, body = self.get("/api/v1/rules")
        return [rule for group in json.loads(body)["data"]["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """With a recording rule for every text of CANONICAL."""
    assert BINARY is not None
    folder = tmp_path_factory.mktemp("prometheus")
    address = f"127.0.0.1:{free_port()}"
    texts = [*(text for text, _ in CANONICAL), *PRINTED_OTHERWISE]
    rules = [{"record": f"r{number}", "expr": text} for number, text in enumerate(texts)]
    (folder / "rules.yml").write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
    (folder / "prometheus.yml").write_text(json.dumps({"rule_files": ["rules.yml"]}))
    command = [
        BINARY,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        yield _ready(Prometheus(address), folder / "log")
    finally:
        process.terminate()
        process.wait()


def _ready(server: Prometheus, log: Path) -> Prometheus:
    for _ in range(300):
        try:
            if server.get("/-/ready")[0] == 200 and server.rules():
                return server
        except OSError:
            pass
        Event().wait(0.05)
    pytest.fail(f"prometheus does not start: {log.read_text()[-2000:]}")


def our_error(read: Callable[[str], object], text: str) -> str | None:
    try:
        read(text)
    except ParseError as error:
        return str(error)
    return None


def by_2_42(read: Callable[[str, Machine], object]) -> Callable[[str], object]:
    """A reader that refuses also what the wider grammar would read."""

    def narrow(text: str) -> object:
        try:
            return read(text, plain())
        except Fault as fault:
            raise fault.located(text) from None

    return narrow


def soups() -> Iterator[str]:
    """Rubbish of valid pieces, and expressions with a few pieces lost, changed or added; the same on every run."""
    chance = random.Random(42)
    for number in range(SOUPS):
        if number % 2:
            yield " ".join(chance.choices(PIECES, k=chance.randint(1, 9)))
        else:
            words = chance.choice(SEEDS).split(" ")
            for _ in range(chance.randint(1, 3)):
                at = chance.randrange(len(words) + 1)
                words[at : at + chance.randint(0, 1)] = chance.choices(PIECES, k=chance.randint(0, 1))
            yield " ".join(words)


def test_recorded_errors_are_what_it_says(prometheus: Prometheus) -> None:
    wrong = {text: said for text, error in ERRORS if (said := prometheus.error_of(text)) != error}
    assert not wrong


def test_errors_are_ours(prometheus: Prometheus) -> None:
    texts = [*(text for text, _ in ERRORS), *(text for text, _ in CANONICAL), *soups()]
    wrong = {
        text: (theirs, ours)
        for text in texts
        if (theirs := prometheus.error_of(text)) != (ours := our_error(by_2_42(tree), text))
    }
    assert not wrong


def test_our_errors_are_its_errors(prometheus: Prometheus) -> None:
    """Whatever we refuse, we refuse in its words: reading more has not changed what is said of the rest."""
    texts = [*(text for text, _ in ERRORS), *soups()]
    wrong = {
        text: (theirs, ours)
        for text in texts
        if (ours := our_error(parse, text)) is not None and (theirs := prometheus.error_of(text)) != ours
    }
    assert not wrong


@pytest.mark.parametrize("text", WIDER)
def test_what_we_read_beyond_it_is_listed(prometheus: Prometheus, text: str) -> None:
    assert prometheus.error_of(text) is not None
    assert our_error(parse, text) is None


def test_errors_of_selectors_are_ours(prometheus: Prometheus) -> None:
    texts = [*(text for text, _ in ERRORS), *(text for text, _ in CANONICAL), *soups()]
    wrong = {
        text: (theirs, ours)
        for text in texts
        if (theirs := prometheus.selector_error_of(text)) != (ours := our_error(by_2_42(selector), text))
    }
    assert not wrong


def test_a_selector_that_we_refuse_is_refused_in_its_words(prometheus: Prometheus) -> None:
    texts = [text for text, _ in ERRORS]
    wrong = {
        text: (theirs, ours)
        for text in texts
        if (ours := our_error(parse_selector, text)) is not None
        and (theirs := prometheus.selector_error_of(text)) != ours
    }
    assert not wrong


def test_canonical_texts_are_ours(prometheus: Prometheus) -> None:
    shown = [rule["query"] for rule in prometheus.rules()]
    assert shown[: len(CANONICAL)] == [printed for _, printed in CANONICAL]
    assert shown[: len(CANONICAL)] == [print_expr(parse(text)) for text, _ in CANONICAL]


def test_formatted_texts_are_ours(prometheus: Prometheus) -> None:
    texts = [text for text, _ in (*CANONICAL, *PRETTY)]
    wrong = {text: theirs for text in texts if (theirs := prometheus.formatted(text)) != pretty(parse(text))}
    assert not wrong


def test_whatever_of_the_soups_parses_is_formatted_as_ours(prometheus: Prometheus) -> None:
    texts = [text for text in soups() if our_error(by_2_42(tree), text) is None]
    assert len(texts) > 100
    wrong = {text: theirs for text in texts if (theirs := prometheus.formatted(text)) != pretty(parse(text))}
    assert not wrong


@pytest.mark.parametrize(("text", "reason"), NARROWER.items())
def test_what_we_refuse_beyond_it_is_listed(prometheus: Prometheus, text: str, reason: str) -> None:
    assert prometheus.error_of(text) is None
    assert our_error(parse, text) is not None, reason


@pytest.mark.parametrize(("text", "reason"), PRINTED_OTHERWISE.items())
def test_what_we_print_otherwise_is_listed(prometheus: Prometheus, text: str, reason: str) -> None:
    assert print_expr(parse(text)) not in [rule["query"] for rule in prometheus.rules()], reason
