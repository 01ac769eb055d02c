"""promtool and amtool judge the same files as we do, and agree."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

from engine.alerting.config.text import config_text
from engine.alerting.matching.grammar import Grammar
from engine.config.alertmanager import parse_alertmanager
from engine.config.check import Judging, check
from engine.config.prometheus import parse_prometheus
from engine.foundation.encode import encode
from engine.foundation.source import Severity
from tests.config.mutants import NOT_IN_DEBIAN, alertmanager_mutant, mutant
from tests.end_to_end.processes import fetch_json, free_port, running, wait_for
from tests.peers.alone import program, prometheus

pytestmark = pytest.mark.peer

PROMTOOL: Final = ("promtool", "check", "config", "--syntax-only")
AS_PROMETHEUS: Final = Judging(original="prometheus-2.42", syntax_only=True, translate=False)
AS_ALERTMANAGER: Final = Judging(original="alertmanager-0.25", translate=False)
MUTANTS: Final = 400


def judged(tool: str, *args: str, file: Path) -> bool:
    """Whether the original accepts the file."""
    return (
        subprocess.run([program(tool), *args, str(file)], capture_output=True, check=False, timeout=60).returncode == 0
    )


def accepted(file: Path, kind: str) -> bool:
    """Whether we find no mistake; what is merely unsupported here is none."""
    verdict = check(file, kind)  # type: ignore[arg-type]
    return not any(finding.severity is Severity.ERROR for finding in verdict.findings)


def accepted_as_prometheus(file: Path) -> bool:
    return check(file, "config", AS_PROMETHEUS).fine


def accepted_as_alertmanager(file: Path) -> bool:
    return check(file, "alertmanager", AS_ALERTMANAGER).fine


def test_promtool_and_we_agree_on_configs(conformance: Path) -> None:
    folders = [conformance / "prometheus" / "config", conformance / "prometheus" / "promtool"]
    files = [f for folder in folders for f in sorted(folder.iterdir()) if f.suffix in (".yml", ".json")]
    files = [f for f in files if not any(key in f.read_text() for key in NOT_IN_DEBIAN)]
    theirs = {f.name: judged(*PROMTOOL, file=f) for f in files}
    assert {f.name: accepted_as_prometheus(f) for f in files} == theirs


def test_promtool_and_we_agree_on_configs_that_are_nearly_right(conformance: Path, tmp_path: Path) -> None:
    binary = program("promtool")
    files = [tmp_path / f"{seed}.yml" for seed in range(MUTANTS)]
    for seed, file in enumerate(files):
        file.write_text(mutant(conformance / "prometheus" / "config", seed))
    said = subprocess.run([binary, *PROMTOOL[1:], *map(str, files)], capture_output=True, check=False, timeout=100)
    theirs = {
        file.name: f"SUCCESS: {file} is valid prometheus config file syntax" in said.stdout.decode() for file in files
    }
    assert {file.name: accepted_as_prometheus(file) for file in files} == theirs
    assert 50 < sum(theirs.values()) < MUTANTS - 50


@pytest.mark.parametrize(
    "name", ["authorization_credentials_file.bad.yml", "config_with_tls_files.yml", "config_with_rule_files.yml"]
)
def test_promtool_and_we_miss_the_same_files(name: str, conformance: Path) -> None:
    file = conformance / "prometheus" / "promtool" / name
    assert not judged("promtool", "check", "config", file=file)
    assert not accepted(file, "config")


def test_promtool_and_we_agree_on_rules(conformance: Path) -> None:
    folders = [conformance / "prometheus" / "rulefmt", conformance / "prometheus" / "promtool"]
    files = [f for folder in folders for f in sorted(folder.iterdir()) if f.suffix in (".yml", ".yaml")]
    theirs = {f.name: judged("promtool", "check", "rules", file=f) for f in files}
    assert {f.name: accepted(f, "rules") for f in files} == theirs


def test_amtool_and_we_agree(conformance: Path) -> None:
    files = sorted((conformance / "alertmanager" / "config").iterdir())
    theirs = {f.name: judged("amtool", "check-config", file=f) for f in files}
    assert {f.name: accepted(f, "alertmanager") for f in files} == theirs
    assert {f.name: accepted_as_alertmanager(f) for f in files} == theirs


def test_amtool_and_we_agree_on_configs_that_are_nearly_right(conformance: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{seed}.yml" for seed in range(MUTANTS)]
    for seed, file in enumerate(files):
        file.write_text(alertmanager_mutant(conformance / "alertmanager" / "config", seed))
    said = subprocess.run(
        [program("amtool"), "check-config", *map(str, files)], capture_output=True, text=True, check=False, timeout=100
    )
    theirs = {file.name: f"Checking '{file}'  SUCCESS" in said.stdout for file in files}
    assert {file.name: accepted_as_alertmanager(file) for file in files} == theirs
    assert 50 < sum(theirs.values()) < MUTANTS - 50


@pytest.mark.parametrize(
    "text",
    [
        'scrape_configs: [{job_name: a, honor_labels: "true"}]',
        "scrape_configs: [{job_name: a, tls_config: {cert_file: x}}]",
        'scrape_configs: [{job_name: a, sample_limit: "5"}]',
        "scrape_configs: [{job_name: a, sample_limit: -1}]",
        "scrape_configs: [{job_name: a, label_limit: 0x10, sample_limit: 010, target_limit: 1_000}]",
        "scrape_configs: [{job_name: a, relabel_configs: [{action: REPLACE, target_label: x}]}]",
        "scrape_configs: [{job_name: a, relabel_configs: [{action: keep, regex: '(?=a)'}]}]",
        "scrape_configs: [{job_name: a, params: {a: }, metrics_path: }]",
        "scrape_configs: [{job_name: a, params: {a: b}}]",
        "scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 10s}]",
        "scrape_configs: [{job_name: a, scrape_interval: 5s}]",
        "scrape_configs: [{job_name: a, basic_auth: }]",
        "scrape_configs: [{job_name: a, authorization: {type: BASIC}}]",
        "scrape_configs: [{job_name: a, authorization: {credentials: a, credentials_file: b}}]",
        "scrape_configs: [{job_name: a, proxy_url: '::a'}]",
        "scrape_configs: [{job_name: a, proxy_connect_header: {a: [b]}}]",
        "scrape_configs: [{job_name: a, body_size_limit: 1.5KiB}]",
        "scrape_configs: [{job_name: a, body_size_limit: XB}]",
        "scrape_configs: [{job_name: a, static_configs: [{targets: [a], labels: {'a-b': c}}]}]",
        "scrape_configs: [{job_name: a, file_sd_configs: [{files: [a.txt]}]}]",
        "scrape_configs: [{job_name: a, dns_sd_configs: [{names: [a], type: A}]}]",
        "scrape_configs: [{job_name: a, tls_config: {min_version: TLS9}}]",
        "alerting: {alertmanagers: [{api_version: v3}]}",
        "tracing: {client_type: foo}",
        "tracing: ",
        "remote_write: [{url: 'http://a', headers: {Authorization: x}}]",
        "remote_write: [{url: 'http://a', sigv4: {}, basic_auth: {username: x}}]",
        "global: {scrape_interval: 1h30m, scrape_timeout: 5s}",
        "global: {scrape_interval: 1h30}",
        "global: {scrape_interval: 1.5m}",
        "global: {external_labels: {a: 1.10}}",
        "global: ",
        "global: []",
        "rule_files: a.yml",
        "storage: {tsdb: {out_of_order_time_window: 5m}}",
        "x-anything: 1",
        "---\nglobal:\n---\nnonsense",
        "a: [",
        "- a",
        "",
        "# nothing",
        "scrape_configs: [{job_name: a}, &b {job_name: b}, {<<: *b, job_name: c}]",
        "global: {<<: {scrape_interval: 5s}}",
        "global: &a {scrape_interval: 1m}\n<<: *a",
    ],
)
def test_promtool_and_we_agree_on_odd_texts(text: str, tmp_path: Path) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text(text)
    assert accepted_as_prometheus(file) is judged(*PROMTOOL, file=file)


ROUTE = "route: {receiver: a}\nreceivers: [{name: a}]\n"


@pytest.mark.parametrize(
    "text",
    [
        ROUTE,
        "",
        "receivers: [{name: a}]",
        "route: {}\nreceivers: [{name: a}]",
        "route: {receiver: b}\nreceivers: [{name: a}]",
        "route: {receiver: a}\nreceivers: [{name: a}, {name: a}]",
        "route: {receiver: a}\nreceivers: [{}]",
        "route: {receiver: a, continue: true}\nreceivers: [{name: a}]",
        "route: {receiver: a, match: {a: b}}\nreceivers: [{name: a}]",
        "route: {receiver: a, routes: [{match: {a-b: c}}]}\nreceivers: [{name: a}]",
        "route: {receiver: a, routes: [{match: {a: ~}}]}\nreceivers: [{name: a}]",
        "route: {receiver: a, routes: [{match_re: {a: '('}}]}\nreceivers: [{name: a}]",
        "route: {receiver: a, routes: [{matchers: ['a=b,c!~\"d|e\"', '{f=g}']}]}\nreceivers: [{name: a}]",
        "route: {receiver: a, routes: [{matchers: ['a=\"b']}]}\nreceivers: [{name: a}]",
        "route: {receiver: a, group_by: ['...', b]}\nreceivers: [{name: a}]",
        "route: {receiver: a, group_by: [b, b]}\nreceivers: [{name: a}]",
        "route: {receiver: a, group_by: [b-c]}\nreceivers: [{name: a}]",
        "route: {receiver: a, group_wait: 0s}\nreceivers: [{name: a}]",
        "route: {receiver: a, group_interval: 0s}\nreceivers: [{name: a}]",
        "route: {receiver: a, repeat_interval: 1.5h}\nreceivers: [{name: a}]",
        "route: {receiver: a, mute_time_intervals: [x]}\nreceivers: [{name: a}]",
        "route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\nreceivers: [{name: a}]",
        ROUTE + "mute_time_intervals: [{name: x}]\ntime_intervals: [{name: x}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{times: [{start_time: 17:30, end_time: 24:00}]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{times: [{start_time: 9:00, end_time: 10:00}]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{times: [{start_time: '09:00'}]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{times: [{start_time: '09:00', end_time: '09:00'}]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{weekdays: ['Monday:friday', sunday]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{weekdays: ['saturday:sunday']}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{weekdays: [mon]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{days_of_month: ['1:5', '-3:-1', 31]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{days_of_month: ['-3:1']}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{days_of_month: [0]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{days_of_month: ['5:-30']}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{months: ['may:august', 12, 13]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{months: ['august:may']}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{years: ['2020:2022', 2030]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{years: [x]}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{location: Australia/Sydney}]}]",
        ROUTE + "time_intervals: [{name: x, time_intervals: [{location: Foo/Bar}]}]",
        ROUTE + "time_intervals: [{time_intervals: []}]",
        ROUTE + "inhibit_rules: [{equal: [x-y]}]",
        ROUTE + "inhibit_rules: [{equal: [~, '']}]",
        ROUTE + "inhibit_rules: [{equal: [~, x]}]",
        ROUTE + "inhibit_rules: [{}]",
        ROUTE + "global: {smtp_smarthost: a}",
        ROUTE + "global: {smtp_smarthost: 'a:'}",
        ROUTE + "global: {slack_api_url: 'ftp://a'}",
        ROUTE + "global: {slack_api_url: 'http://'}",
        ROUTE + "global: {resolve_timeout: 30}",
        "route: {receiver: a}\nreceivers: [{name: a, email_configs: [{to: x}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, email_configs: [{to: x, from: y, smarthost: 'a:25'}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, email_configs: [{from: y, smarthost: 'a:25'}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, email_configs: [{to: x, from: y, smarthost: 'a:25', headers: {a: b, A: c}}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://a', max_alerts: -1}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, pagerduty_configs: [{}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, pagerduty_configs: [{service_key: a, routing_key: b}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, pagerduty_configs: [{service_key: a, service_key_file: b}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: 'http://a', fields: [{title: a}]}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: 'http://a', actions: [{type: a, text: b}]}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: 'http://a', api_url_file: b}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, telegram_configs: [{bot_token: a, chat_id: '-100'}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, telegram_configs: [{bot_token: a, chat_id: -100, parse_mode: html}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, pushover_configs: [{token: a, user_key: b, retry: 1.5h}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, pushover_configs: [{token: a, user_key: b, retry: 1d}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, pushover_configs: [{token: a}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, opsgenie_configs: [{api_key: a, responders: [{type: x, id: y}]}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, opsgenie_configs: [{api_key: a, responders: [{type: team}]}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, victorops_configs: [{api_key: a}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, victorops_configs: [{api_key: a, routing_key: b, custom_fields: {entity_id: c}}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, wechat_configs: [{corp_id: a}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, wechat_configs: [{corp_id: a, api_secret: b, message_type: x}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, webex_configs: [{room_id: a}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, discord_configs: [{}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, sns_configs: [{sigv4: {}, topic_arn: a, phone_number: b, target_arn: c}]}]",
        "route: {receiver: a}\nreceivers: [{name: a, sns_configs: [{sigv4: {access_key: a}, topic_arn: a}]}]",
    ],
)
def test_amtool_and_we_agree_on_odd_texts(text: str, tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(text)
    assert accepted_as_alertmanager(file) is judged("amtool", "check-config", file=file)


FULL = """
global: {external_labels: {b: "1", a: yes}, scrape_interval: 20s}
rule_files: []
alerting:
  alert_relabel_configs: [{regex: x, action: labeldrop}]
  alertmanagers:
  - {static_configs: [{targets: ["localhost:9"]}], path_prefix: /x, basic_auth: {username: a, password: b}}
scrape_configs:
- {job_name: plain, static_configs: [{targets: ["localhost:1"]}]}
- job_name: full
  basic_auth: {username: a, password: b}
  scheme: https
  proxy_url: http://u:p@localhost:99
  tls_config: {server_name: x}
  body_size_limit: 10MB
  honor_labels: true
  honor_timestamps: false
  follow_redirects: false
  sample_limit: 5
  params: {x: [a, b]}
  relabel_configs:
  - {source_labels: [a, b], regex: "(.*)x", action: keep}
  - {source_labels: [a], modulus: 8, target_label: b, action: hashmod}
  metric_relabel_configs: [{source_labels: [a], target_label: c, replacement: ""}]
  file_sd_configs: [{files: [/x.yml]}]
  http_sd_configs: [{url: "http://x/y"}]
  static_configs:
  - {targets: ["a:1"], labels: {v: "1.10", y: yes, n: ~, z: "a: b", d: 2020-01-01, e: "l1\nl2"}}
- {job_name: bearer, bearer_token: x}
"""


def test_a_running_config_is_shown_as_prometheus_shows_it(tmp_path: Path) -> None:
    with prometheus(tmp_path, FULL) as port:
        theirs = fetch_json(f"http://127.0.0.1:{port}/api/v1/status/config")["data"]["yaml"]
    assert encode(parse_prometheus(FULL).value) == theirs


SHOWN = [
    """
global: {slack_api_url: "http://secret", http_config: {proxy_url: "http://u:p@x"}, resolve_timeout: 1m}
route: {receiver: a, group_by: [x], routes: [{match_re: {a: "x|y"}, matchers: ["b=c,a=d", "a!~c"], continue: true, group_wait: 0s}]}
inhibit_rules: [{source_match: {a: b}, target_match_re: {c: d}, equal: [e]}]
receivers:
- name: a
  slack_configs: [{channel: "#x", actions: [{type: button, text: x, url: y}]}]
- name: b
""",
    """
global: {resolve_timeout: 3m, smtp_from: a@b, smtp_smarthost: 'h:25', slack_api_url: 'http://x/y', opsgenie_api_key: k, victorops_api_key: v, wechat_api_secret: s, wechat_api_corp_id: c, http_config: {basic_auth: {username: u, password: p}}}
route:
  receiver: a
  group_by: ['...']
  routes:
  - {receiver: b, match: {x: "1", a: "2"}, match_re: {z: "q.*"}, matchers: ['b=c,a=d', 'a!~"x y"'], mute_time_intervals: [t], active_time_intervals: [u], continue: true, group_wait: 0s, group_interval: 90s, repeat_interval: 1d}
  - {group_by: [z, a]}
inhibit_rules:
- {source_match: {b: c}, source_match_re: {d: e}, source_matchers: [f=g], target_matchers: ['h=~"i|j"'], equal: [y, x]}
- {}
mute_time_intervals: [{name: t, time_intervals: [{times: [{start_time: '09:00', end_time: '24:00'}], weekdays: ['monday:friday', sunday], days_of_month: ['1:5', '-3:-1'], months: ['january:march', '12'], years: ['2020:2022', '2030'], location: Europe/Berlin}]}]
time_intervals: [{name: u, time_intervals: [{}]}]
receivers:
- name: a
  email_configs: [{to: x@y, headers: {Subject: s, X-A: b}, text: t, html: '', require_tls: false, tls_config: {insecure_skip_verify: true, server_name: z}, auth_username: u, auth_password: p, auth_identity: i, auth_secret: s, hello: hh}]
  slack_configs: [{channel: '#c', fields: [{title: a, value: b, short: true}, {title: c, value: d}], actions: [{type: button, text: t, name: n, value: v, confirm: {text: q}}, {type: button, text: u, url: 'http://x'}], short_fields: true, link_names: true, mrkdwn_in: [text], color: red, api_url_file: /x}]
  webhook_configs: [{url: 'http://h/x', max_alerts: 3, send_resolved: false, http_config: {authorization: {credentials: c}, proxy_url: 'http://q:r@p', follow_redirects: false}}]
  pagerduty_configs: [{routing_key: k, images: [{src: s, alt: a, href: h}], links: [{href: h, text: t}], details: {a: b}, severity: s, class: c, component: d, group: g, source: q}, {service_key_file: /k}]
  opsgenie_configs: [{responders: [{name: n, type: team}, {id: i, type: user}], details: {q: r}, tags: 't,u', priority: P1, update_alerts: true, entity: e, actions: a, note: n, source: s}]
- name: b
  victorops_configs: [{routing_key: r, custom_fields: {a: b}}]
  pushover_configs: [{user_key: u, token: t, retry: 90s, expire: 2h, sound: s, html: true}]
  telegram_configs: [{bot_token: b, chat_id: -12, parse_mode: '', disable_notifications: true}]
  discord_configs: [{webhook_url: 'http://d/x'}]
  webex_configs: [{room_id: r, http_config: {authorization: {credentials: c}}}]
  sns_configs: [{sigv4: {region: r, access_key: a, secret_key: s}, topic_arn: 'arn:x', attributes: {a: b}}]
  wechat_configs: [{agent_id: a, to_user: u, message_type: markdown}]
templates: ['/abs/*.tmpl', /abs/x.tmpl]
""",
]
"""The second has nearly all keys that 0.25 knows."""


@pytest.mark.parametrize("text", SHOWN)
def test_a_running_config_is_shown_as_alertmanager_shows_it(text: str, tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(text)
    port = free_port()
    command = [
        program("prometheus-alertmanager"), f"--config.file={file}", f"--storage.path={tmp_path}",
        "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with running(command, tmp_path / "log"):
        status = wait_for("its status", lambda: fetch_json(f"http://127.0.0.1:{port}/api/v2/status"))
    theirs = status["config"]["original"]
    assert config_text(parse_alertmanager(text).value, Grammar.CLASSIC) == theirs
