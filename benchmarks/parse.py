"""What it takes to read expressions: the grammar's cold start, and a text that was not seen before.

`python -m benchmarks parse`. CPU seconds; the cold start in fresh interpreters, with what every program of ours imports
anyway (dataclasses, enum, typing, regular expressions) imported before. No original has a command that only parses.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Final

from benchmarks.harness import median
from promql.syntax.parser import parse

RUNS: Final = 11
ROUNDS: Final = 200
TEXTS: Final = {
    "up": "up",
    "a rate by job": "sum by (job) (rate(http_requests_total[5m]))",
    "a ratio of rates": 'sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) / on (job) group_left ()'
    " sum by (job) (rate(http_requests_total[5m])) > 0.05",
    "a quantile of 300 characters": "histogram_quantile(0.99, sum without (instance, pod) (rate("
    'http_request_duration_seconds_bucket{namespace="default", service=~"api|web|worker", method!="OPTIONS",'
    ' path=~"/v[12]/.*"}[5m] offset 1h))) > on (service) group_left (owner) (service_objective_seconds * 1.5)'
    " unless on (service) maintenance == 1",
    "what only the wider grammar reads": 'rate(up[300] offset 5) and {"a.b"}',
}
COLD: Final = """\
import dataclasses, enum, functools, re, typing, time, re2
before = time.process_time()
from promql.syntax.parser import parse
parse('sum by (job) (rate(http_requests_total[5m]))')
print(time.process_time() - before)
"""


def main() -> None:
    print(f"the grammar's cold start, one expression parsed: {median(RUNS, cold) * 1000:.0f} ms of CPU")
    for name, text in TEXTS.items():
        print(f"parse {name}: {fresh(text) * 1000:.2f} ms of CPU")
    print(f"parse what was parsed before: {again() * 1e6:.1f} us of CPU")


def cold() -> float:
    done = subprocess.run([sys.executable, "-c", COLD], capture_output=True, check=True, text=True)
    return float(done.stdout)


def fresh(text: str) -> float:
    """A text that is not in the cache, for each is one character longer; both tables are at hand."""
    parse("5m")
    before = time.process_time()
    for count in range(ROUNDS):
        parse(text + " " * count)
    return (time.process_time() - before) / ROUNDS


def again() -> float:
    text = TEXTS["a ratio of rates"]
    before = time.process_time()
    for _ in range(ROUNDS):
        parse(text)
    return (time.process_time() - before) / ROUNDS
