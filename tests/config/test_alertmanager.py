"""Alertmanager's file: what receivers take from the globals, what is warned of, what a fragment lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.alerting.config.document import AlertmanagerConfig
from engine.alerting.matching.grammar import Grammar
from engine.config.alertmanager import parse_alertmanager
from engine.foundation.source import Severity

ROUTE = "route: {receiver: a}\n"


def read(text: str) -> AlertmanagerConfig:
    found = parse_alertmanager(text)
    assert [str(f) for f in found.findings if f.fatal] == []
    return found.value


def said(text: str) -> list[str]:
    return [f.message for f in parse_alertmanager(text).findings]


def test_mail_takes_what_it_lacks_from_the_globals() -> None:
    text = (
        "global: {smtp_smarthost: 'a:25', smtp_from: me, smtp_auth_password: p, smtp_require_tls: false}\n" + ROUTE
        + "receivers: [{name: a, email_configs: [{to: x}, {to: y, from: you, auth_password_file: f, require_tls: true}]}]"
    )  # fmt: skip
    first, second = read(text).receivers[0].email_configs
    assert (first.smarthost, first.from_, first.hello, first.require_tls) == ("a:25", "me", "localhost", False)
    assert first.auth_password.reveal() == "p"
    assert (second.from_, second.require_tls, bool(second.auth_password)) == ("you", True, False)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "threading: {enabled: true, thread_by_date: weekly}",
            "threading.thread_by_date must be either 'none' or 'daily'",
        ),
        (
            "threading: {enabled: true}, headers: {in-reply-to: x}",
            "conflicting configuration: threading.enabled conflicts with custom In-Reply-To header",
        ),
        ("threading: {enabled: true, thread_by_date: none}", "works here, but Alertmanager refuses it before 0.30"),
        ("headers: {in-reply-to: x}", None),
    ],
)
def test_threads_of_letters_need_their_headers_for_themselves(more: str, message: str | None) -> None:
    text = f"{ROUTE}receivers: [{{name: a, email_configs: [{{to: x, from: y, smarthost: 'a:25', {more}}}]}}]"
    assert [one for one in said(text) if "thread" in one or "0.30" in one][-1:] == ([message] if message else [])


def test_a_receivers_http_config_replaces_the_global_one_as_a_whole() -> None:
    text = (
        "global: {http_config: {proxy_url: 'http://p', follow_redirects: false}}\n" + ROUTE
        + "receivers: [{name: a, webhook_configs: [{url: 'http://x'}, {url: 'http://y', http_config: {enable_http2: false}}]}]"
    )  # fmt: skip
    first, second = (config.http_config for config in read(text).receivers[0].webhook_configs)
    assert first is not None
    assert second is not None
    assert (str(first.proxy_url), first.follow_redirects) == ("http://p", False)
    assert (str(second.proxy_url), second.follow_redirects, second.enable_http2) == ("", True, False)


def test_slack_takes_the_global_url_unless_it_has_its_own_or_a_file() -> None:
    text = "global: {slack_api_url: 'http://g'}\n" + ROUTE
    text += "receivers: [{name: a, slack_configs: [{}, {api_url: 'http://own'}, {api_url_file: f}]}]"
    urls = [(c.api_url.reveal(), str(c.api_url_file)) for c in read(text).receivers[0].slack_configs]
    assert urls == [("http://g", ""), ("http://own", ""), ("", "f")]


def test_every_undefined_name_is_told_with_its_place() -> None:
    text = "route:\n  receiver: a\n  routes:\n  - receiver: b\n    routes: [{receiver: c, mute_time_intervals: [d]}]\nreceivers: [{name: a}]"
    assert [str(f) for f in parse_alertmanager(text, "f").findings] == [
        'f:4:15: route.routes[0].receiver: undefined receiver "b" used in route',
        'f:5:25: route.routes[0].routes[0].receiver: undefined receiver "c" used in route',
        'f:5:50: route.routes[0].routes[0].mute_time_intervals[0]: undefined time interval "d" used in route',
    ]


@pytest.mark.parametrize(
    ("route", "message"),
    [
        ("{}", "root route must specify a default receiver"),
        ("{receiver: a, match: {x: y}}", "root route must not have any matchers"),
        ("{receiver: a, matchers: [x=y]}", "root route must not have any matchers"),
        ("{receiver: a, continue: true}", "cannot have continue in root route"),
        ("{receiver: a, group_interval: 0s}", "group_interval cannot be zero"),
        ("{receiver: a, group_by: [x, x]}", 'duplicated label "x" in group_by'),
        ("{receiver: a, group_by: ['']}", 'invalid label name "" in group_by list'),
        ("{receiver: a, group_by: [...]}", None),
        (
            "{receiver: a, group_by: [..., x]}",
            "cannot have wildcard group_by (`...`) and other other labels at the same time",
        ),
        ("{receiver: a, routes: [{matchers: ['x']}]}", "bad matcher format: x"),
        ("{receiver: a, routes: [~]}", "null is no route"),
    ],
)
def test_routes_are_refused_in_the_originals_words(route: str, message: str | None) -> None:
    assert said(f"route: {route}\nreceivers: [{{name: a}}]") == ([message] if message else [])


BEFORE = "works here, but Alertmanager before 0.27 refuses it: "
NO_END = "4:5: unexpected c: expected a comma or close brace"
BY_GRAMMAR = [
    ("{receiver: a, routes: [{matchers: [a=b]}]}", None, None, None),
    ("{receiver: a, routes: [{matchers: [a-b=c]}]}", "bad matcher format: a-b=c", BEFORE + "bad matcher format: a-b=c", None),
    ("{receiver: a, routes: [{matchers: [a=b c]}]}", None,
     f'Alertmanager with utf8-strict-mode refuses it ({NO_END}), but reads a="b c"', NO_END),
    ("{receiver: a, group_by: [a-b]}", 'invalid label name "a-b" in group_by list',
     BEFORE + 'invalid label name "a-b" in group_by list', None),
    ("{receiver: a}\ninhibit_rules: [{equal: [a.b]}]", '"a.b" is not a valid label name',
     BEFORE + '"a.b" is not a valid label name', None),
    ("{receiver: a}\ninhibit_rules: [{target_matchers: [a.b=c]}]", "bad matcher format: a.b=c",
     BEFORE + "bad matcher format: a.b=c", None),
    ("{receiver: a, routes: [{match: {a-b: c}}]}", *['invalid label name "a-b"'] * 3),
]  # fmt: skip


@pytest.mark.parametrize(("route", "classic", "both", "strict"), BY_GRAMMAR)
def test_matchers_and_names_are_judged_by_the_grammar_in_force(
    route: str, classic: str | None, both: str | None, strict: str | None
) -> None:
    text = f"route: {route}\nreceivers: [{{name: a}}]"
    for grammar, message in zip((Grammar.CLASSIC, Grammar.BOTH, Grammar.UTF8), (classic, both, strict), strict=True):
        assert [f.message for f in parse_alertmanager(text, grammar=grammar).findings] == ([message] if message else [])


def test_time_intervals_keep_their_times_as_written() -> None:
    text = (
        ROUTE
        + "receivers: [{name: a}]\ntime_intervals: [{name: x, time_intervals: [{times: [{start_time: 17:30, end_time: 24:00}],"
    )
    text += " weekdays: ['monday:friday'], days_of_month: ['-3:-1'], months: ['may:7'], years: [2020]}]}]"
    (interval,) = read(text).time_intervals[0].time_intervals
    assert (interval.times[0].start_time, interval.times[0].end_time) == (17 * 60 + 30, 24 * 60)
    parts = (*interval.weekdays, *interval.days_of_month, *interval.months, *interval.years)
    assert [(part.begin, part.end) for part in parts] == [(1, 5), (-3, -1), (5, 7), (2020, 2020)]
    assert [str(part) for part in parts] == ["monday:friday", "-3:-1", "may:july", "2020"]


def test_pagerdutys_first_version_ignores_a_severity(guide: Path) -> None:
    found = parse_alertmanager((guide / "snippets" / "pagerduty-receiver.alertmanager.yml").read_bytes())
    (warning,) = [f for f in found.findings if f.severity is Severity.WARNING]
    assert (warning.line, warning.path) == (8, "receivers[0].pagerduty_configs[0].severity")
    assert "service_key" in warning.message


@pytest.mark.parametrize("name", ["pagerduty-receiver", "slack-receiver"])
def test_a_fragment_is_told_what_it_lacks_and_nothing_else(name: str, guide: Path) -> None:
    found = parse_alertmanager((guide / "snippets" / f"{name}.alertmanager.yml").read_bytes())
    assert [f.message for f in found.findings if f.fatal] == [
        "no routes provided: the file needs a `route:` that names a default `receiver:`"
    ]


def test_the_guides_http_limits_take_effect_and_say_who_refuses_them(guide: Path) -> None:
    found = parse_alertmanager((guide / "snippets" / "throughput.alertmanager.yml").read_bytes())
    client = found.value.global_.http_config
    assert (client.idle_conn_timeout, client.max_idle_conns_per_host) == (300_000, 100)
    assert [(f.severity, f.line) for f in found.findings] == [
        (Severity.OURS, 7), (Severity.OURS, 8), (Severity.ERROR, 12),
    ]  # fmt: skip


def test_the_guides_config_loads(guide: Path) -> None:
    found = parse_alertmanager((guide / "monorepo" / "alertmanager" / "config.yml").read_bytes())
    assert found.findings == ()
    assert [receiver.name for receiver in found.value.receivers] == ["team-email", "team-pager"]
    (mail,) = found.value.receivers[0].email_configs
    assert (mail.smarthost.host, mail.smarthost.port, mail.require_tls, mail.send_resolved) == (
        "smtp.example.com",
        "587",
        True,
        True,
    )


def test_a_broken_template_in_a_receiver_is_told_where_it_stands() -> None:
    text = """\
route: {receiver: a}
receivers:
- name: a
  slack_configs:
  - api_url: http://localhost/x
    title: '{{ .Alerts.Firing | len }'
"""
    (finding,) = parse_alertmanager(text).findings
    assert (finding.line, finding.column, finding.fatal) == (6, 12, False)
    assert finding.path == "receivers[0].slack_configs[0].title"
    assert 'unexpected "}" in operand' in finding.message
    assert not parse_alertmanager(text.replace("len }'", "len }}'")).findings
