"""What is said of a blackbox.yml."""

from __future__ import annotations

from exporters.blackbox.config.document import parse_blackbox
from exporters.blackbox.config.modules import BUILT_IN


def told(text: str) -> list[str]:
    return [f"{finding.line}: {finding.path}: {finding.message}" for finding in parse_blackbox(text.encode()).findings]


def test_the_built_in_modules_are_right() -> None:
    assert parse_blackbox(BUILT_IN).findings == ()


def test_a_misspelled_key_is_told_with_the_nearest_one() -> None:
    assert told("modules:\n  a:\n    prober: http\n    http:\n      valid_status_code: [200]\n") == [
        '5: modules.a.http: unknown key "valid_status_code" (did you mean "valid_status_codes"?)'
    ]


def test_a_key_of_a_later_release_is_told_so() -> None:
    assert told("modules: {a: {prober: http, http: {body_file: x}}}") == [
        '1: modules.a.http: unknown key "body_file" (only blackbox_exporter 0.24 and later know it)'
    ]


def test_what_would_fail_at_each_probe_is_a_warning() -> None:
    found = parse_blackbox(
        b"modules: {a: {prober: htpp}, b: {prober: dns, dns: {query_name: x, valid_rcodes: [NXDOM]}}}"
    )
    assert not found.fatal
    assert [str(finding.message).partition(" (")[0] for finding in found.findings] == [
        'unknown prober "htpp"',
        "unknown rcode",
    ]
