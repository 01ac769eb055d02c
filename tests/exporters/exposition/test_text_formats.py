"""Both parsers against what Prometheus 2.42 said of the same pages (bodies are written in Latin-1)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.exposition.keys import decode
from exporters.exposition.openmetrics import parse_openmetrics
from exporters.exposition.page import ExpositionError, Page
from exporters.exposition.text import parse_text
from promql.model.staleness import NORMAL_BITS

RECORDED = json.loads((Path(__file__).parent / "recorded_answers.json").read_text())
PARSERS = {"text": parse_text, "openmetrics": parse_openmetrics}


def parsed(case: dict[str, object]) -> tuple[str, Page]:
    try:
        return "", PARSERS[str(case["format"])](str(case["page"]).encode("latin-1"))
    except ExpositionError as error:
        return str(error), error.page


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case['format']}: {case['page']!r}")
def test_a_page_is_taken_or_refused_in_prometheus_words(case: dict[str, object]) -> None:
    error, page = parsed(case)
    assert (error, len(page.keys)) == (case["error"], case["samples"])
    if not error:
        found = sorted([n, m.type or "unknown", m.help or "", m.unit or ""] for n, m in page.metadata.items())
        assert found == case["metadata"]


@pytest.mark.parametrize("name", ["promtestdata.txt", "promtestdata.nometa.txt"])
def test_large_samples_of_the_format_are_read_whole(conformance: Path, name: str) -> None:
    body = (conformance / "prometheus" / "exposition" / name).read_bytes()
    page = parse_text(body)
    lines = [line for line in body.split(b"\n") if line and not line.startswith(b"#")]
    assert [line.rpartition(b" ")[0] for line in lines] == page.keys
    assert [float(line.rpartition(b" ")[2]) for line in lines] == pytest.approx(page.values.tolist(), nan_ok=True)


def test_the_sample_file_of_promtool_is_read(conformance: Path) -> None:
    page = parse_text((conformance / "prometheus" / "promtool" / "metrics-test.prom").read_bytes())
    assert len(page.keys) == 27
    assert [(name, said.type) for name, said in page.metadata.items()] == [
        ("go_gc_duration_seconds", "summary"),
        ("prometheus_tsdb_compaction_chunk_size_bytes", "histogram"),
        ("net_conntrack_dialer_conn_attempted_total", "counter"),
        ("go_info", "gauge"),
    ]


def test_a_key_decodes_to_its_labels_in_page_order() -> None:
    page = parse_text(b'a{b="1" , c = "x\\\\y\\"z\\n\\q",d=""} 1\n')
    assert decode(page.keys[0]) == [("__name__", "a"), ("b", "1"), ("c", 'x\\y"z\n\\q'), ("d", "")]


def test_a_blank_may_stand_between_name_and_braces() -> None:
    assert decode(parse_text(b'a {b="c"} 1\n').keys[0]) == [("__name__", "a"), ("b", "c")]


def test_nan_is_the_ordinary_one() -> None:
    assert parse_text(b"a NaN\n").values.view(np.uint64)[0] == NORMAL_BITS


def test_text_time_stamps_are_milliseconds_and_openmetrics_ones_seconds() -> None:
    text = parse_text(b"a 1 1500\nb 2\n")
    assert text.timestamps is not None
    assert text.stamped is not None
    assert (text.timestamps.tolist(), text.stamped.tolist()) == ([1500, 0], [True, False])
    metrics = parse_openmetrics(b"a 1 -1.5009\n# EOF\n")
    assert metrics.timestamps is not None
    assert metrics.timestamps.tolist() == [-1500]


def test_exemplars_belong_to_their_sample() -> None:
    page = parse_openmetrics(b'a 1\nb_total 2 5 # {id="x"} 0.5 7.25\n# EOF\n')
    (exemplar,) = page.exemplars
    assert (exemplar.sample, exemplar.labels, exemplar.value, exemplar.timestamp) == (1, b'{id="x"}', 0.5, 7250)


def test_what_stood_before_a_fault_is_kept() -> None:
    with pytest.raises(ExpositionError, match=r'parsing "x"') as caught:
        parse_text(b"a 1\nb 2 17\nc x\nbad{\n")
    assert caught.value.page.keys == [b"a", b"b"]


ALPHABET = st.sampled_from(
    [b"a", b"b_total", b" ", b"\t", b"\n", b"{", b"}", b'"', b"=", b",", b"#", b"\\", b"\0", b"1", b".", b"e", b"-",
     b"NaN", b"Inf", b"# HELP ", b"# TYPE ", b"# UNIT ", b"# EOF", b" # {", b"counter", b"\xff", b"\xc3\xa9", b"\r"]
)  # fmt: skip
JUNK = st.binary() | st.lists(ALPHABET, max_size=30).map(b"".join)


@given(body=JUNK)
def test_parsers_raise_nothing_but_their_own_error(body: bytes) -> None:
    for parse in PARSERS.values():
        try:
            page = parse(body)
        except ExpositionError as error:
            page = error.page
        assert len(page.keys) == len(page.values)
        for key in page.keys:
            decode(key)
