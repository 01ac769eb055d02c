"""Which labels an expression can give: known cases, and the law that nothing which is given was called impossible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.errors import EngineError
from engine.rules.lint.labels import possible
from promql.model.labels import Labels
from promql.model.results import Vector
from promql.syntax.parser import parse
from tests.promql.memory_store import MemoryStore


@pytest.mark.parametrize(
    ("expr", "there", "gone"),
    [
        ("up", "job __name__", ""),
        ('up{job=""}', "instance", "job"),
        ("rate(x[5m]) > 1", "job", "__name__"),
        ("sum by (job) (x)", "job", "instance __name__"),
        ("sum without (job) (x)", "instance", "job __name__"),
        ("sum(x)", "", "job"),
        ("topk(3, x)", "job __name__", ""),
        ('count_values by (job) ("v", x)', "job v", "instance"),
        ('label_replace(sum by (job) (x), "new", "$1", "job", "(.*)")', "job new", "instance"),
        ('absent(up{job="a",instance=~"b"})', "job", "instance"),
        ("vector(1)", "", "job"),
        ("x / on(job) y", "job", "instance"),
        ("x / ignoring(job) y", "instance", "job"),
        ("x * on(job) group_left(version) y", "instance version job", "__name__"),
        ("sum by (job) (x) * on(job) group_left(version) y", "version job", "instance"),
        ("sum by (job) (x) or vector(1)", "job", "instance"),
        ("sum by (job) (x) and on(job) y", "job", "instance"),
        ("histogram_quantile(0.9, sum by (le, job) (rate(x_bucket[5m])))", "job", "le"),
        ("max_over_time(sum by (job) (x)[5m:])", "job", "instance"),
        ("(time() - x) > 5", "job", "__name__"),
        ("quantile_over_time(0.9, x[5m])", "job", "__name__"),
    ],
)
def test_labels_are_possible_or_not(expr: str, there: str, gone: str) -> None:
    found = possible(parse(expr))
    assert [name for name in there.split() if name not in found] == []
    assert [name for name in gone.split() if name in found] == []


PARTS = st.sampled_from(
    ["x", "y", 'x{a=""}', "rate(x[5m])", "vector(1)", "2", "time()", 'absent(z{a="1"})', "last_over_time(y[5m])"]
)
EXPRESSIONS = st.recursive(
    PARTS,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["sum by (a)", "max without (a)", "topk by (b)", "count"]), inner).map(
            lambda t: f"{t[0]}({'1, ' if 'topk' in t[0] else ''}{t[1]})"
        ),
        st.tuples(
            inner,
            st.sampled_from(
                [
                    "+",
                    ">",
                    "> bool",
                    "and",
                    "or",
                    "unless",
                    "== on(a)",
                    "* ignoring(b)",
                    "* on(a) group_left(b)",
                    "> on(b) group_right()",
                ]
            ),
            inner,
        ).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f'label_replace({text}, "c", "x", "", "")'),
        inner.map(lambda text: f"abs({text})"),
        inner.map(lambda text: f"avg_over_time(({text})[2m:1m])"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=5,
)


@given(EXPRESSIONS)
def test_what_is_given_was_never_called_impossible(text: str) -> None:
    store = MemoryStore()
    for name in "xy":
        for labels in ({}, {"a": "1"}, {"a": "1", "b": "2"}, {"b": "2", "d": "3"}):
            store.extend(Labels.of(labels, __name__=name), [(t * 60_000, float(t)) for t in range(6)])
    try:
        expr = parse(text)
        result = store.query(expr, 300_000)
    except EngineError:
        return
    if isinstance(result, Vector):
        found = possible(expr)
        assert [name for labels in result.labels for name in labels.names() if name not in found] == []
