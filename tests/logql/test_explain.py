"""What is told of how a query will be answered."""

from __future__ import annotations

from engine.logql.explain import explained
from engine.logql.syntax.parser import parse


def test_of_lines() -> None:
    assert explained(
        parse('{a="b"} |= "x" |~ "y.z" |~ "\\\\n" | json | level="ERROR" | line_format "{{.a}}" |= "z"')
    ) == [
        'blocks of {a="b"}',
        "search the text for 'ERROR' (or an escape), which level must come to",
        'search the text: |= "x"',
        'search the text: |~ "y.z"',
        'search the text: |~ "\\\\n" (line by line: the pattern may reach over the end of a line)',
        "each line: | json",
        'each line: | level="ERROR"',
        'each line: | line_format "{{.a}}"',
        'each line: |= "z"',
    ]


def test_of_values() -> None:
    query = 'sum by (x) (rate({a="b"} | logfmt | y > 5 [5m])) / max(max_over_time({a="b"} | json | unwrap v [1m]))'
    assert explained(parse(query)) == [
        "binary",
        "  rate over windows of 5m, summed by x while lines are read",
        '    blocks of {a="b"}',
        "    each line: | logfmt, of which x, y is read",
        "    each line: | y > 5",
        "  vectoraggregation",
        "    max_over_time over windows of 1m",
        '      blocks of {a="b"}',
        "      each line: | json",
        "      each line: | unwrap v",
    ]
