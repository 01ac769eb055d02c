"""What each stage promises beyond what was recorded of the original."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.decode import decode
from engine.foundation.source import Severity
from engine.gotemplate.timeparse import NAMED, parse_time
from engine.promtail.entry import Entry, PipelineCounts
from engine.promtail.portion import Portion
from engine.promtail.stages.custom import CustomMetrics
from engine.promtail.stages.pipeline import Pipeline
from engine.promtail.stages.stage import Parts
from engine.promtail.stages.table import STAGES, StageConfig
from engine.promtail.stages.traces import Traces

SECOND = 1_000_000_000
NOW = 1_764_000_000 * SECOND


class Now:
    def __init__(self) -> None:
        self.ns = NOW

    def __call__(self) -> int:
        return self.ns


def configs(text: str) -> tuple[StageConfig, ...]:
    decoded = decode(text, tuple[StageConfig, ...], "stages.yml")
    assert not decoded.fatal, decoded.findings
    return decoded.value


def mistakes(text: str) -> list[str]:
    return [f.message for f in decode(text, tuple[StageConfig, ...], "s.yml").findings if f.severity is Severity.ERROR]


def run(text: str, lines: Sequence[str], parts: Parts | None = None, **labels: str) -> list[Entry]:
    pipeline = Pipeline(configs(text), parts or Parts(now=lambda: NOW))
    entries = [made for line in lines for made in pipeline.process(Entry.of({"job": "t", **labels}, NOW, line))]
    return entries + list(pipeline.flush())


def texts(entries: Sequence[Entry]) -> list[str]:
    return [entry.line for entry in entries]


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_that_says_nothing_is_refused_or_stands_for_its_defaults(name: str) -> None:
    found = mistakes(f"- {name}:")
    assert bool(found) is (name not in ("docker", "cri", "decolorize", "eventlogmessage"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {}", "a stage needs one key"),
        ("- {docker: {}, cri: {}}", "a stage has one key only"),
        ("- regex: {}", "expression is required"),
        ("- regex: {expression: '('}", "error parsing regexp: missing closing )"),
        ("- json: {expressions: {a: '['}}", "could not compile JMES expression"),
        ("- template: {source: a, template: '{{ .x'}", "failed to parse template"),
        ("- template: {source: a, template: '{{ env \"HOME\" }}'}", 'function "env" not defined'),
        ("- timestamp: {source: t, format: Unix, location: Nowhere}", "invalid location specified"),
        ("- timestamp: {source: t, format: Unix, action_on_failure: stop}", "invalid action on failure"),
        ("- match: {selector: '{a=\"b\"}'}", "requires at least one additional stage"),
        ("- match: {selector: '{a=\"b\"', action: drop}", "invalid selector syntax"),
        ("- match: {selector: '{a=\"b\"} | json', action: drop}", "only filters of lines"),
        ("- match: {selector: '{a=\"b\"}', stages: [{regex: {expression: '('}}]}", "error parsing regexp"),
        ("- drop: {}", "must contain at least one of"),
        ("- drop: {longer_than: 8 quarks}", "unable to parse"),
        ("- limit: {rate: 1}", "failed to parse rate or burst"),
        ("- sampling: {rate: 2}", "between 0.0 and 1.0"),
        ("- tenant: {label: a, value: b}", "mutually exclusive"),
        ("- multiline: {}", "must define `firstline`"),
        ("- metrics: {a: {type: counter, config: {action: set}}}", "action of a counter"),
        ("- metrics: {'a-b': {type: counter, config: {action: inc}}}", "not a valid metric name"),
        ("- labels: {'a-b': c}", "not a valid label name"),
        ("- labels: {}\n- lables: {}", 'unknown key "lables" (did you mean "labels"?)'),
    ],
)
def test_a_stage_that_can_not_be_is_refused_in_words(text: str, said: str) -> None:
    assert any(said in message for message in mistakes(text)), mistakes(text)


def test_what_needs_a_database_is_refused_by_name_and_not_as_a_typo() -> None:
    (finding,) = decode("- geoip: {db: x, source: y, db_type: city}", tuple[StageConfig, ...], "s.yml").findings
    assert finding.severity is Severity.UNSUPPORTED
    assert "valid in Promtail, not supported here" in finding.message


def test_a_partial_line_keeps_the_time_of_its_last_part_and_streams_do_not_mix() -> None:
    made = run("- cri: {}", [
        "2026-01-02T03:04:05Z stdout P a", "2026-01-02T03:04:06Z stderr F x", "2026-01-02T03:04:07Z stdout F b",
    ])  # fmt: skip
    assert [(e.line, e.labels["stream"], e.time // SECOND % 60) for e in made] == [
        ("x", "stderr", 6), ("ab", "stdout", 7),
    ]  # fmt: skip


def test_nested_json_and_odd_values_come_out_as_there() -> None:
    line = '{"a": {"b": [1, 2.50, "x"]}, "big": 12345678901234567890, "e": 1e3, "t": true, "n": null, "s": "1.10"}'
    text = "- json: {expressions: {a: , b: 'a.b[2]', big: , e: , t: , n: , s: }}\n"
    (entry,) = run(text + "- labels: {a: , b: , big: , e: , t: , n: , s: }", [line])
    assert entry.labels == {
        "job": "t", "a": '{"b":[1,2.5,"x"]}', "b": "x", "big": "12345678901234567000", "e": "1000", "t": "true", "s": "1.10",
    }  # fmt: skip


def test_drop_joins_sources_and_wants_all_conditions() -> None:
    text = (
        "- regex: {expression: '^(?P<a>\\w+) (?P<b>\\w+)'}\n- drop: {source: [a, b], separator: '-', expression: 'x-y'}"
    )
    assert texts(run(text, ["x y", "x z", "x"])) == ["x z", "x"]
    text = "- drop: {older_than: 1h, longer_than: 3b}"
    pipeline = Pipeline(configs(text), Parts(now=lambda: NOW))
    old = NOW - 2 * 3600 * SECOND
    assert [
        len(pipeline.process(Entry.of({}, time, line))) for time, line in ((old, "long"), (old, "s"), (NOW, "long"))
    ] == [0, 1, 1]


def test_dropped_lines_are_counted_by_reason() -> None:
    counts = PipelineCounts()
    text = (
        '- drop: {expression: a, drop_counter_reason: noise}\n- match: {selector: \'{job="t"} |= "b"\', action: drop}'
    )
    run(text, ["a", "b", "c"], Parts(now=lambda: NOW, counts=counts))
    assert counts.dropped == {"noise": 1, "match_stage": 1}


def test_a_limit_that_waits_lets_lines_go_as_time_passes() -> None:
    now = Now()
    pipeline = Pipeline(configs("- limit: {rate: 2, burst: 1}"), Parts(now=now))
    entries = [Entry.of({}, NOW, str(number), (number,)) for number in range(4)]
    assert texts([out for entry in entries for out in pipeline.process(entry)]) == ["0"]
    assert [entry.starts for entry in pipeline.held()] == [(1,), (2,), (3,)]
    now.ns += SECOND // 2
    assert texts(pipeline.due()) == ["1"]
    now.ns += 10 * SECOND
    assert texts(pipeline.due()) == ["2"]


def test_limits_by_label_are_separate() -> None:
    text = "- limit: {rate: 1, burst: 1, drop: true, by_label_name: who}"
    pipeline = Pipeline(configs(text), Parts(now=lambda: NOW))
    passed = [bool(pipeline.process(Entry.of({"who": who} if who else {}, NOW, ""))) for who in ("a", "b", "a", "", "")]
    assert passed == [True, True, False, True, True]


def test_sampling_keeps_its_share_evenly() -> None:
    kept = texts(run("- sampling: {rate: 0.25}", [str(number) for number in range(1000)]))
    assert len(kept) == 250
    assert max(int(b) - int(a) for a, b in itertools.pairwise(kept)) == 4
    assert len(run("- sampling: {rate: 1}", ["a"] * 10)) == 10
    assert not run("- sampling: {rate: 0}", ["a"] * 10)


def test_metrics_count_add_and_observe_by_the_labels_of_lines() -> None:
    custom = CustomMetrics()
    text = r"""
- regex: {expression: '^(?P<level>\w+) took=(?P<took>\S+)'}
- labels: {level: }
- metrics:
    lines: {type: Counter, config: {match_all: true, action: inc}}
    bytes: {type: Counter, prefix: my_, config: {match_all: true, count_entry_bytes: true, action: add}}
    errors: {type: Counter, source: level, config: {value: error, action: inc}}
    last: {type: Gauge, source: took, config: {action: set}}
    took: {type: Histogram, config: {buckets: [1, 5]}}
"""
    run(text, ["info took=0.5", "error took=3s", "error took=7", "none"], Parts(now=lambda: NOW, metrics=custom))
    found = {
        (sample.name, dict(sample.labels).get("level"), dict(sample.labels).get("le")): sample.value
        for family in custom.families(NOW)
        for sample in family.samples
    }
    assert found["promtail_custom_lines", "error", None] == 2
    assert found["promtail_custom_lines", None, None] == 1
    assert found["my_bytes", "info", None] == len("info took=0.5")
    assert ("promtail_custom_errors", "info", None) not in found
    assert found["promtail_custom_errors", "error", None] == 2
    assert found["promtail_custom_last", "error", None] == 7
    assert found["promtail_custom_took_bucket", "error", "1"] == 0
    assert found["promtail_custom_took_bucket", "error", "5"] == 1
    assert found["promtail_custom_took_bucket", "error", "+Inf"] == 2
    assert found["promtail_custom_took_sum", "error", None] == 10
    assert not [s for f in custom.families(NOW + 301 * SECOND) for s in f.samples]


def test_structured_metadata_leaves_the_stream() -> None:
    text = (
        "- static_labels: {trace: abc}\n- regex: {expression: '(?P<id>\\d+)'}\n- structured_metadata: {trace: , id: }"
    )
    (entry,) = run(text, ["x 7"], trace="abc")
    assert (entry.metadata, entry.labels) == ({"trace": "abc", "id": "7"}, {"job": "t"})


def test_an_event_becomes_what_it_says() -> None:
    text = "- json: {expressions: {message: }}\n- eventlogmessage: {}\n- labels: {Logon_Type: , Status: }"
    (entry,) = run(text, [json.dumps({"message": "A logon.\r\nLogon Type: 3\r\nStatus: ok\r\n"})])
    assert (entry.labels["Logon_Type"], entry.labels["Status"]) == ("3", "ok")


def test_fallback_formats_are_tried_in_order_and_years_are_guessed() -> None:
    text = r"""
- regex: {expression: '^(?P<t>.*)$'}
- timestamp: {source: t, format: RFC3339, fallback_formats: [UnixMs, 'Jan _2 15:04:05']}
"""
    january = parse_time("2006-01-02", "2026-01-01")
    assert january is not None
    lines = ["2026-01-02T03:04:05Z", "1767323045123", "Dec 31 23:59:59", "Jan  1 00:00:00"]
    made = run(text, lines, Parts(now=lambda: january))
    assert [entry.time for entry in made] == [
        parse_time(NAMED["RFC3339"], lines[0]), 1767323045123_000_000, january - SECOND, january,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("layout", "text", "seconds"),
    [
        ("ANSIC", "Thu Jan  1 00:01:00 1970", 60),
        ("UnixDate", "Thu Jan  1 00:01:00 UTC 1970", 60),
        ("RubyDate", "Thu Jan 01 00:01:00 +0100 1970", 60 - 3600),
        ("RFC822", "01 Jan 70 00:01 GMT", 60),
        ("RFC822Z", "01 Jan 70 00:01 -0130", 60 + 5400),
        ("RFC850", "Thursday, 01-Jan-70 00:01:00 UTC", 60),
        ("RFC1123", "Thu, 01 Jan 1970 00:01:00 GMT", 60),
        ("RFC3339Nano", "1970-01-01T00:00:00.000000001+00:00", 1e-9),
        ("02/Jan/2006:15:04:05 -0700", "01/Jan/1970:00:00:07 +0000", 7),
        ("2006-01-02 03:04:05 PM", "1970-01-01 12:00:01 AM", 1),
        ("2006-01-02 15:04:05", "1970-01-01 00:00:01.5", 1.5),
        ("2006-01-02 15:04:05,000", "1970-01-01 00:00:01,250", 1.25),
        ("2006-002", "1970-032", 31 * 86400),
        ("2006-01-02", "1970-02-30", None),
        ("2006-01-02", "2023-02-29", None),
        ("15:04", "24:00", None),
        ("RFC3339", "yesterday", None),
    ],
)  # fmt: skip
def test_layouts_are_read_as_go_reads_them(layout: str, text: str, seconds: float | None) -> None:
    found = parse_time(NAMED.get(layout, layout), text)
    assert found == (None if seconds is None else round(seconds * SECOND))


def test_pack_takes_labels_in_order_and_leaves_the_rest() -> None:
    (entry,) = run("- pack: {labels: [b, a]}", ['say "x"'], a="1", b="2")
    assert entry.line == '{"a":"1","b":"2","_entry":"say \\"x\\""}'
    assert entry.labels == {"job": "t"}


TRACES: dict[str, list[str]] = {
    "python": [
        "2026-01-02 ERROR failed",
        "Traceback (most recent call last):", '  File "a.py", line 1, in f', "    x()", "ValueError: no",
        "", "During handling of the above exception, another exception occurred:", "",
        "Traceback (most recent call last):", '  File "b.py", line 2', "app.errors.Broken: worse",
    ],
    "java": [
        "ERROR request failed", "java.lang.IllegalStateException: no", "\tat com.example.A.b(A.java:1)",
        "Caused by: java.io.IOException: gone", "\tat com.example.C.d(C.java:2)", "\t... 3 more",
    ],
    "go": [
        "panic: runtime error: index out of range", "", "goroutine 1 [running]:", "main.main()", "\t/a/main.go:5 +0x1d",
        "created by main.start", "\t/a/main.go:9 +0x2", "exit status 2",
    ],
    "node": ["TypeError: x is no function", "    at f (a.js:1:2)", "    at g (b.js:3:4) {", "  code: 'E'", "}"],
}  # fmt: skip


@pytest.mark.parametrize("language", TRACES)
def test_auto_glues_traces_and_leaves_other_lines_alone(language: str) -> None:
    trace = TRACES[language]
    made = run("- multiline: auto", ["INFO before", *trace, "INFO one", "INFO two"])
    assert texts(made) == ["INFO before", "\n".join(trace), "INFO one", "INFO two"]


def test_plain_lines_are_never_glued() -> None:
    lines = ["ts=1 level=info msg=a", '{"a": 1}', "GET / 200", "Error: plain", "java -jar x", "key: value"]
    assert texts(run("- multiline: auto", lines)) == lines


def test_a_block_goes_when_it_has_waited_and_tells_where_its_lines_began() -> None:
    now = Now()
    pipeline = Pipeline(configs("- multiline: {firstline: '^x', max_wait_time: 2s}"), Parts(now=now))
    for number, line in enumerate(["x1", "y", "z"]):
        assert not pipeline.process(Entry.of({}, NOW, line, (number,)))
    assert not pipeline.due()
    now.ns += 3 * SECOND
    (entry,) = pipeline.due()
    assert (entry.line, entry.starts) == ("x1\ny\nz", (0, 1, 2))
    assert not list(pipeline.held())


@given(st.lists(st.text(alphabet=" \tabT():.\n", max_size=12)))
def test_gluing_keeps_every_line_in_its_order(lines: list[str]) -> None:
    lines = [line.replace("\n", "") for line in lines]
    made = run("- multiline: auto", lines)
    assert "\n".join(texts(made)) == "\n".join(lines)
    assert sum(Traces().begins(line) for line in lines[:1]) == len(lines[:1])


ANY_STAGES: list[str] = [
    "- docker: {}", "- cri: {}", "- json: {expressions: {a: , b: 'x[0].y'}}", "- logfmt: {mapping: {a: }}",
    "- regex: {expression: '(?P<a>.*)'}", "- multiline: auto", "- eventlogmessage: {source: job}",
    "- replace: {expression: '(.)', replace: '{{ .Value }}'}", "- decolorize: {}", "- pack: {labels: [job]}",
]  # fmt: skip


@pytest.mark.parametrize("stage", ANY_STAGES)
@given(lines=st.lists(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "replace")), max_size=5))
def test_no_line_breaks_a_stage(stage: str, lines: list[str]) -> None:
    made = run(stage, lines)
    assert len(made) <= len(lines)


@given(st.sampled_from(list(NAMED.values())), st.text(max_size=40))
def test_any_text_is_a_time_or_none(layout: str, text: str) -> None:
    assert parse_time(layout, text) is None or isinstance(parse_time(layout, text), int)


@pytest.mark.parametrize("stage", ["docker: {}", "json: {expressions: {a: }}", "json: {expressions: {b: 'x[0].y'}}"])
def test_a_line_of_brackets_without_end_is_a_malformed_one(stage: str) -> None:
    parts, line = Parts(now=lambda: NOW), '{"a":' + "[" * 100_000
    assert texts(run(f"- {stage}", [line], parts)) == [line]
    assert parts.counts.faults.total() == 1
    portion = Portion.of({}, NOW, [line.encode()], [0])
    assert texts(Pipeline(configs(f"- {stage}"), parts).take(portion) or ()) == [line]
