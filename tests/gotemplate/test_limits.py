"""No template hangs, fills the memory, or raises anything but TemplateError."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.gotemplate.errors import ExecutionError, LimitError, TemplateError
from engine.gotemplate.functions.alertmanager import ALERTMANAGER
from engine.gotemplate.functions.prometheus import LIMITS, expand
from engine.gotemplate.template import Limits, Mode, TemplateSet, parse
from tests.gotemplate.notification import notification

DATA = notification()
PIECES = [
    "{{", "}}", "{{-", "-}}", "{{/*", "*/}}", "if ", "else ", "end", "range ", "with ", "define ", "block ", "template ", "break",
    "continue", "nil ", "$x", "$", ":=", "=", ",", "|", "(", ")", '"a"', "`b`", "'c'", "0x1F", "1.5e3", "-1", ".", ".Status",
    ".Alerts ", ".CommonLabels.", "print ", "printf ", '"%[3]*.[2]*[1]f"', "index ", "len ", "eq ", "slice ", " ", "\n", "é",
    "<a href='", "<script>", "</script>", "<style>", "<!--", "-->", "/", ">", '"', "\\",
]  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))


@given(text=TEXTS, mode=st.sampled_from(Mode))
def test_any_text_gives_a_text_or_a_template_error(text: str, mode: Mode) -> None:
    try:
        result = TemplateSet(ALERTMANAGER, mode=mode).execute(text, DATA, limits=Limits(steps=10_000))
    except TemplateError:
        return
    result.encode()


@given(text=TEXTS)
def test_any_annotation_expands_to_some_text(text: str) -> None:
    result = expand(
        "A",
        text,
        labels={"a": "b"},
        external_labels={},
        external_url="http://x",
        value=1.0,
        query=lambda _: [],
        now=0.0,
    )
    assert (result.error is None) or result.text.startswith("<error expanding template: error ")


@given(
    layout=st.text("%[]*.#+- 0123456789vdsxfgeqcUTtbo!", max_size=20),
    values=st.lists(
        st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=5)),
        max_size=4,
    ),
)
def test_any_format_prints(layout: str, values: list[object]) -> None:
    arguments = " ".join(f"(index . {at})" for at in range(len(values)))
    with suppress(LimitError):
        parse("", f"{{{{ printf `{layout}` {arguments} }}}}", ALERTMANAGER).execute(values)


@pytest.mark.parametrize(
    "text",
    [
        '{{ printf "%9999999d" 1 }}',
        '{{ printf "%.9999999f" 1.5 }}',
        '{{ printf "%*d" 999999 1 | printf "%[1]s%[1]s%[1]s%[1]s%[1]s" }}',
        '{{ $x := "aaaaaaaaaaaaaaaa" }}' + "{{ $x = print $x $x }}" * 40,
        '{{ $x := printf "%999999d" 1 }}{{ reReplaceAll " " $x $x | len }}',
        '{{ $x := printf "%999999d" 1 }}{{ join $x (stringSlice "" "" "" "" "" "" "") }}',
        "{{ $x := printf `%999999d` 1 }}" + "{{ $x }}" * 20,
        '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
        '{{ define "a" }}{{ template "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
        '{{ define "a" }}{{ range .L }}{{ template "a" $ }}{{ end }}{{ end }}{{ template "a" . }}',
        "{{ range .L }}" * 20 + "x" + "{{ end }}" * 20,
    ],
)
def test_greedy_templates_are_stopped_with_an_error(text: str) -> None:
    with pytest.raises(LimitError, match=r"^template: :1:\d+: executing"):
        parse("", text.replace(".L }}", "$.L }}"), ALERTMANAGER).execute(
            {"L": list(range(30))}, limits=Limits(steps=200_000)
        )


@pytest.mark.parametrize(
    "text",
    [
        "{{ range .L }}{{ range $.L }}{{ end }}{{ end }}",
        "{{ range .L }}{{ range $i, $_ := $.L }}{{ end }}{{ end }}",
        "{{ range .L }}{{ if $.Alerts.Resolved }}{{ end }}{{ end }}",
    ],
)
def test_elements_cost_steps_whether_anything_is_done_with_them_or_not(text: str) -> None:
    data = {"L": list(range(300)), "Alerts": DATA.get("Alerts")}
    with pytest.raises(LimitError, match="steps"):
        parse("", text, ALERTMANAGER).execute(data, limits=Limits(steps=800))


@pytest.mark.parametrize(
    "text",
    [
        '{{ range query "x" }}{{ with query "x" }}{{ end }}{{ end }}',
        '{{ $x := query "x" }}{{ range $x }}{{ with sortByLabel "a" $x }}{{ end }}{{ end }}',
        '{{ range query "x" }}{{ range query "x" }}{{ end }}{{ end }}',
    ],
)
def test_what_queries_give_costs_steps_each_time_it_is_asked_for_or_sorted(text: str) -> None:
    samples = [({"a": str(at)}, 0.0) for at in range(20_000)]
    asked = []

    def query(expression: str) -> list[tuple[dict[str, str], float]]:
        asked.append(expression)
        return samples

    result = expand("A", text, labels={}, external_labels={}, external_url="", value=0, query=query, now=0.0)
    assert isinstance(result.error, LimitError)
    assert len(asked) <= 50


def test_a_rules_template_is_stopped_before_others_wait_for_long() -> None:
    given = {"labels": {}, "external_labels": {}, "external_url": "", "value": 0.0, "now": 0.0}
    for steps, stopped in ((LIMITS.steps // 3, False), (LIMITS.steps, True)):
        samples = [({"a": "b"}, 0.0)] * steps
        result = expand("A", '{{ range query "x" }}{{ break }}{{ end }}', query=lambda _, some=samples: some, **given)
        assert isinstance(result.error, LimitError) is stopped
    assert LIMITS.steps <= 200_000


def test_a_range_that_is_left_at_once_costs_one_step_a_time() -> None:
    text = "{{ range .L }}{{ range $.L }}{{ break }}{{ end }}{{ end }}{{ range .E }}{{ else }}none{{ end }}"
    assert parse("", text, ALERTMANAGER).execute({"L": list(range(1000)), "E": []}, limits=Limits(steps=6000)) == "none"


def test_values_nested_beyond_all_reason_are_stopped() -> None:
    text = "{{ $x := args 1 }}" + "{{ $x = args $x $x }}" * 2000 + "{{ $x }}"
    result = expand("A", text, labels={}, external_labels={}, external_url="", value=0, query=lambda _: [], now=0.0)
    assert isinstance(result.error, LimitError)


def test_loops_in_html_are_not_read_for_ever() -> None:
    with pytest.raises(LimitError, match="steps"):
        parse("", "{{ range .L }}" * 40 + "{{ end }}" * 40, ALERTMANAGER, mode=Mode.HTML)


def test_ifs_may_nest_as_deep_as_memory_allows() -> None:
    text = "{{ if .L }}" * 2000 + "x" + "{{ end }}" * 2000
    assert parse("", text, ALERTMANAGER).execute({"L": True}) == "x"


def test_html_refuses_what_is_nested_too_deeply_to_read() -> None:
    text = "{{ if .L }}" * 2000 + "x" + "{{ end }}" * 2000
    with pytest.raises(LimitError, match="nested too deeply"):
        parse("", text, ALERTMANAGER, mode=Mode.HTML)


def test_a_thousand_else_ifs_are_fine() -> None:
    text = "{{ if 0 }}" + "".join(f"{{{{ else if eq .n {n} }}}}{n}" for n in range(1000)) + "{{ end }}"
    assert parse("", text, ALERTMANAGER).execute({"n": 999}) == "999"


def test_parentheses_may_nest_fifty_deep() -> None:
    assert parse("", "{{ " + "(" * 50 + "1" + ")" * 50 + " }}", ALERTMANAGER).execute(None) == "1"
    with pytest.raises(TemplateError, match="more than 50 nested parentheses"):
        parse("", "{{ " + "(" * 51 + "1" + ")" * 51 + " }}", ALERTMANAGER)


def test_recursion_ends_at_the_data() -> None:
    data: dict[str, object] = {}
    for depth in range(3000):
        data = {"n": depth, "x": data}
    text = '{{ define "a" }}{{ if .x }}{{ template "a" .x }}{{ else }}{{ .n }}end{{ end }}{{ end }}{{ template "a" . }}'
    assert parse("", text, ALERTMANAGER).execute(data) == "0end"


@pytest.mark.parametrize(
    "name",
    ["__class__", "__init__", "go_type", "go_methods", "values", "get", "items", "_items", "format", "ns", "target"],
)
def test_pythons_attributes_do_not_exist(name: str) -> None:
    for start in (".", ".Alerts", ".CommonLabels.SortedPairs", "(index .Alerts 0)", "(index .Alerts 0).StartsAt"):
        path = f"{start}.{name}" if start != "." else f".{name}"
        with pytest.raises(ExecutionError, match="can't evaluate field"):
            parse("", f"{{{{ {path} }}}}", ALERTMANAGER).execute(DATA)
