"""Prometheus's template functions, and the text that an alert's field becomes."""

from __future__ import annotations

import pytest

from engine.gotemplate.errors import LimitError
from engine.gotemplate.functions.prometheus import Expansion, expand, functions
from engine.gotemplate.template import parse
from tests.gotemplate.prometheus_cases import CASES, EXTERNAL_URL, LABELS, NOW, VALUE, samples


def filled(text: str) -> Expansion:
    return expand(
        "A",
        text,
        labels=LABELS,
        external_labels={"region": "eu"},
        external_url=EXTERNAL_URL,
        value=VALUE,
        query=samples,
        now=NOW,
    )


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_fields_become_what_prometheus_makes_of_them(text: str, expected: str) -> None:
    assert filled(text).text == expected


def test_a_failure_is_text_for_the_reader_and_an_error_for_the_caller() -> None:
    failed = filled("{{ .Foo }}")
    assert failed.text.startswith(
        "<error expanding template: error executing template __alert_A: template: __alert_A:1:115: "
    )
    assert failed.error is not None
    assert filled("{{ $value }}").error is None


def test_a_text_that_is_no_template_says_so() -> None:
    assert (
        filled("{{ nofunc }}").text
        == '<error expanding template: error parsing template __alert_A: template: __alert_A:1: function "nofunc" not defined>'
    )


def test_a_greedy_field_fails_like_any_other() -> None:
    failed = filled('{{ printf "%9999999d" 1 }}')
    assert isinstance(failed.error, LimitError)
    assert failed.text.startswith("<error expanding template: error executing template __alert_A: ")


def test_addresses_come_from_the_external_url() -> None:
    assert filled("{{ externalURL }} {{ pathPrefix }} {{ $externalURL }} {{ $externalLabels.region }}").text == (
        "http://prom.example.com/base /base http://prom.example.com/base eu"
    )


def test_functions_of_later_releases_are_there_too() -> None:
    table = functions(samples, EXTERNAL_URL, NOW)
    text = (
        '{{ toDuration 90 }} {{ (toDuration "1.5").Seconds }} {{ urlQueryEscape "a b" }} {{ now | humanizeTimestamp }}'
    )
    assert parse("", text, table).execute(None) == "1m30s 1.5 a+b 2023-11-14 22:13:20.5 +0000 UTC"


@pytest.mark.parametrize(
    ("address", "host", "stripped"),
    [
        ("a.b.c:80", "a.b.c", "a:80"), ("a.b.c", "a.b.c", "a"), ("10.0.0.1:80", "10.0.0.1", "10.0.0.1:80"), ("[::1]:80", "::1", "[::1]:80"),
        ("::1", "::1", "::1"), ("a:b:c", "a:b:c", "a:b:c"), ("", "", ""), ("a.b:", "a.b", "a"), ("[a.b]:1", "a.b", "a:1"), ("[::1]", "[::1]", "[::1]"),
    ],
)  # fmt: skip
def test_ports_and_domains_are_stripped_from_addresses(address: str, host: str, stripped: str) -> None:
    table = functions(samples, EXTERNAL_URL, NOW)
    assert parse("", "{{ stripPort . }} {{ stripDomain . }}", table).execute(address) == f"{host} {stripped}"
