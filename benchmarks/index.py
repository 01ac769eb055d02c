"""Finding series among many: matchers and label values on SERIES (1,000,000) series, in the store alone.

`python -m benchmarks index`: CPU milliseconds of a first answer and of a repeated one. Each series has a path of its
own, one of 1,000 pods, one of 8 modes, one of 20 instances and a name: 1,001,029 pairs.
"""

from __future__ import annotations

import os
import time
from typing import Final

from engine.names.index import Index
from engine.names.matching import Matching
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp

SERIES: Final = int(os.environ.get("SERIES", "1000000"))
MODES: Final = ("idle", "user", "system", "iowait", "irq", "softirq", "steal", "nice")
PAGE: Final = 10_000
QUESTIONS: Final = (
    ("mode", MatchOp.EQUAL, "user"),
    ("pod", MatchOp.REGEX, "pod-12.*"),
    ("path", MatchOp.REGEX, "/x/123.*"),
    ("path", MatchOp.REGEX, ".*99"),
    ("path", MatchOp.NOT_EQUAL, ""),
    ("mode", MatchOp.NOT_EQUAL, "user"),
    ("path", MatchOp.NOT_REGEX, "/x/1.*"),
)


def labels_of(nth: int) -> Labels:
    pairs = (
        ("__name__", "x"),
        ("instance", f"10.0.0.{nth % 20}:9100"),
        ("mode", MODES[nth % len(MODES)]),
        ("path", f"/x/{nth}"),
        ("pod", f"pod-{nth % 1000}"),
    )
    return Labels(pairs)


def filled() -> Index:
    index = Index()
    for start in range(0, SERIES, PAGE):
        index.add(range(start, start + PAGE), [labels_of(nth) for nth in range(start, start + PAGE)])
    return index


def main() -> None:
    begin = time.process_time()
    index = filled()
    print(f"{SERIES} series: {1e6 * (time.process_time() - begin) / SERIES:.1f} us each to enter, labels and all")
    for name, op, value in QUESTIONS:
        matching, matcher = Matching(index), Matcher(name, op, value)
        took = []
        for _ in range(2):
            begin = time.process_time()
            found = len(matching.find([matcher]))
            took.append(1000 * (time.process_time() - begin))
        print(f"  {{{name}{op.value}{value!r}}}: {found} series, {took[0]:.1f} ms, again {took[1]:.1f} ms", flush=True)
    for name in ("pod", "path"):
        begin = time.process_time()
        count = len(sorted(index.values(name)))
        print(f"  values of {name}, sorted: {count}, {1000 * (time.process_time() - begin):.1f} ms")


if __name__ == "__main__":
    main()
