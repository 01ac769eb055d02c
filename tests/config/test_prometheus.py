"""prometheus.yml: defaults, times that are settled, what is told beside errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.prometheus import PrometheusConfig, parse_prometheus
from engine.foundation.regexes import Regex
from promql.model.durations import Duration


def read(text: str) -> PrometheusConfig:
    found = parse_prometheus(text)
    assert [str(f) for f in found.findings if f.fatal] == []
    return found.value


def said(text: str) -> list[str]:
    return [str(f) for f in parse_prometheus(text).findings]


@pytest.mark.parametrize("text", ["", "global:", "global: {}", "global: {scrape_interval: 0s}"])
def test_an_empty_file_has_prometheus_defaults(text: str) -> None:
    settings = read(text).global_
    assert settings.scrape_interval == Duration.from_text("1m")
    assert settings.scrape_timeout == Duration.from_text("10s")
    assert settings.evaluation_interval == Duration.from_text("1m")


def test_a_job_has_prometheus_defaults() -> None:
    (job,) = read("scrape_configs: [{job_name: a}]").scrape_configs
    assert (job.metrics_path, job.scheme, job.honor_labels, job.honor_timestamps) == ("/metrics", "http", False, True)
    assert (job.scrape_interval, job.scrape_timeout) == (60_000, 10_000)
    assert (job.follow_redirects, job.enable_http2, job.sample_limit, job.body_size_limit) == (True, True, 0, 0)


@pytest.mark.parametrize(
    ("settings", "job", "interval", "timeout"),
    [
        ("{}", "{}", "1m", "10s"),
        ("{scrape_interval: 5s}", "{}", "5s", "5s"),
        ("{scrape_interval: 5s}", "scrape_interval: 30s", "30s", "5s"),
        ("{scrape_timeout: 20s}", "scrape_interval: 15s", "15s", "15s"),
        ("{scrape_timeout: 20s}", "scrape_timeout: 30s", "1m", "30s"),
    ],
)
def test_a_timeout_never_outlasts_its_interval(settings: str, job: str, interval: str, timeout: str) -> None:
    (found,) = read(f"global: {settings}\nscrape_configs: [{{job_name: a, {job.strip('{}')}}}]").scrape_configs
    assert (str(found.scrape_interval), str(found.scrape_timeout)) == (interval, timeout)


def test_a_timeout_above_its_interval_is_a_mistake_where_it_is_written() -> None:
    assert said("global: {scrape_interval: 5s, scrape_timeout: 6s}") == [
        "prometheus.yml:1:47: global.scrape_timeout: global scrape timeout greater than scrape interval"
    ]
    (line,) = said("global: {scrape_interval: 5s}\nscrape_configs: [{job_name: a, scrape_timeout: 6s}]")
    assert line.startswith("prometheus.yml:2:48: scrape_configs[0].scrape_timeout: scrape timeout greater than")
    assert line.endswith('for scrape config with job name "a"')


def test_relabelling_has_prometheus_defaults() -> None:
    (job,) = read(
        "scrape_configs: [{job_name: a, relabel_configs: [{target_label: x}, {action: KEEP}]}]"
    ).scrape_configs
    first, second = job.relabel_configs
    assert (first.separator, first.regex, first.replacement, first.action) == (";", Regex("(.*)"), "$1", "replace")
    assert second.action == "keep"


def test_label_values_keep_their_source_text() -> None:
    text = "scrape_configs: [{job_name: 1.10, static_configs: [{targets: [a:1], labels: {a: 017, b: yes, c: ~}}]}]"
    (job,) = read(text).scrape_configs
    assert job.job_name == "1.10"
    assert job.static_configs[0].labels == {"a": "017", "b": "yes", "c": ""}


def test_the_guides_storage_keys_take_effect_and_say_who_refuses_them(guide: Path) -> None:
    found = parse_prometheus((guide / "snippets" / "storage-optimised.prometheus.yml").read_bytes())
    storage = found.value.storage.tsdb
    assert not found.fatal
    assert (storage.path, str(storage.retention_time), storage.retention_size) == ("/prometheus", "15d", 50 << 30)
    assert storage.wal_compression is True
    assert [f.line for f in found.findings] == [9, 10, 11, 12]
    assert all("Prometheus" in f.message and "flag" in f.message for f in found.findings)


def test_retention_is_also_read_as_later_releases_write_it() -> None:
    storage = read("storage: {tsdb: {retention: {time: 1d, size: 1GB}}}").storage.tsdb
    assert (storage.retention_time, storage.retention_size) == (86_400_000, 1 << 30)
    assert parse_prometheus("storage: {tsdb: {retention: {time: 1d}, retention.time: 2d}}").fatal


def test_the_guides_discovery_in_kubernetes_loads_without_a_word(guide: Path) -> None:
    found = parse_prometheus((guide / "snippets" / "service-discovery-kubernetes.prometheus.yml").read_bytes(), "k.yml")
    assert found.findings == ()


def test_the_guides_config_loads_without_a_word(guide: Path) -> None:
    found = parse_prometheus((guide / "monorepo" / "prometheus" / "prometheus.yml").read_bytes())
    assert found.findings == ()
    assert [job.job_name for job in found.value.scrape_configs] == [
        "prometheus",
        "node",
        "backend-api",
        "cadvisor",
        "blackbox",
    ]


def test_a_key_of_a_later_release_names_the_release() -> None:
    (line,) = said("scrape_configs: [{job_name: a, metric_name_escaping_scheme: dots}]")
    assert line.endswith('unknown key "metric_name_escaping_scheme" (only Prometheus 3.4 and later know it)')


@pytest.mark.parametrize("text", ["global: {{{}}}", "scrape_configs: [{{job_name: a, {}}}]"])
@pytest.mark.parametrize(
    ("key", "fine"),
    [
        ("metric_name_validation_scheme: legacy", True),
        ("metric_name_validation_scheme: utf8", False),
        ("scrape_native_histograms: false", True),
        ("scrape_native_histograms: true", False),
        ("convert_classic_histograms_to_nhcb: false", True),
        ("convert_classic_histograms_to_nhcb: true", False),
        ("always_scrape_classic_histograms: true", True),
    ],
)
def test_what_later_releases_know_is_taken_as_far_as_it_is_done_here(text: str, key: str, fine: bool) -> None:
    found = parse_prometheus(text.format(key))
    assert found.fatal is not fine
    messages = [finding.message for finding in found.findings]
    assert any("refuses it" in message for message in messages)
    assert fine or any("valid in Prometheus, not supported here: " in message for message in messages)


def test_jobs_take_limits_and_formats_from_the_global_ones_where_they_say_nothing() -> None:
    found = parse_prometheus(
        "global: {sample_limit: 5, body_size_limit: 1KB, keep_dropped_targets: 3, scrape_protocols: [PrometheusProto]}\n"
        "scrape_configs: [{job_name: a}, {job_name: b, sample_limit: 7, scrape_protocols: [PrometheusText0.0.4]}]"
    )
    assert [finding for finding in found.findings if finding.fatal] == []
    first, second = found.value.scrape_configs
    assert (first.sample_limit, first.body_size_limit, first.keep_dropped_targets) == (5, 1024, 3)
    assert first.scrape_protocols == ("PrometheusProto",)
    assert (second.sample_limit, second.scrape_protocols) == (7, ("PrometheusText0.0.4",))


@pytest.mark.parametrize(
    ("protocols", "message"),
    [
        ("[x]", "unknown scrape protocol x, supported: [OpenMetricsText0.0.1 OpenMetricsText1.0.0 PrometheusProto"),
        ("[]", "scrape_protocols cannot be empty"),
        ("[PrometheusProto, PrometheusProto]", "duplicated protocol in scrape_protocols, got [PrometheusProto Prom"),
    ],
)
@pytest.mark.parametrize(
    "place", ["global: {{scrape_protocols: {}}}", "scrape_configs: [{{job_name: a, scrape_protocols: {}}}]"]
)
def test_formats_are_named_each_once(place: str, protocols: str, message: str) -> None:
    (line,) = (line for line in said(place.format(protocols)) if "works here, but" not in line)
    assert message in line


def test_the_example_of_the_design_reads_as_it_says() -> None:
    text = "scrape_configs:\n  - job_name: a\n    scrap_interval: 5s\n"
    assert said(text) == [
        'prometheus.yml:3:5: scrape_configs[0]: unknown key "scrap_interval" (did you mean "scrape_interval"?)'
    ]


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ("bearer_token: a, bearer_token_file: b", "at most one of bearer_token & bearer_token_file must be configured"),
        ("basic_auth: {password: a, password_file: b}", "at most one of basic_auth password & password_file must be"),
        ("bearer_token: a, authorization: {}", "authorization is not compatible with bearer_token & bearer_token_file"),
        ("basic_auth: {}, authorization: {}", "at most one of basic_auth, oauth2 & authorization must be configured"),
        ("authorization: {type: basic}", 'authorization type cannot be set to "basic", use "basic_auth" instead'),
        ("oauth2: {client_id: a, client_secret: b}", "oauth2 token_url must be configured"),
        ("oauth2: {token_url: a, client_secret: b}", "oauth2 client_id must be configured"),
        ("proxy_connect_header: {a: [b]}", "if proxy_connect_header is configured proxy_url must also be configured"),
        ("no_proxy: a", "if no_proxy is configured, proxy_url must also be configured"),
        (
            "proxy_from_environment: true, proxy_url: 'http://a'",
            "if proxy_from_environment is configured, proxy_url must not be configured",
        ),
        (
            "proxy_from_environment: true, no_proxy: a",
            "if proxy_from_environment is configured, no_proxy must not be configured",
        ),
        ("http_headers: {user-agent: {values: [a]}}", 'setting header "User-Agent" is not allowed'),
        ("basic_auth: {username: a, username_file: b}", "at most one of basic_auth username & username_file must be"),
        ("tls_config: {min_version: TLS09}", "unknown TLS version: TLS09"),
        ("tls_config: {cert_file: a}", 'client cert file "a" specified without client key file'),
    ],
)
def test_http_options_are_refused_in_the_originals_words(job: str, message: str) -> None:
    (line,) = (line for line in said(f"scrape_configs: [{{job_name: x, {job}}}]") if "works here, but" not in line)
    assert message in line


def test_a_proxy_of_another_kind_is_not_supported_yet() -> None:
    assert said("scrape_configs: [{job_name: a, proxy_url: 'socks5://localhost:1080'}]") == []
    (finding,) = said("scrape_configs: [{job_name: a, proxy_url: 'socks4://localhost:1080'}]")
    assert "proxy_url: socks4 proxies are valid in the original, not supported yet" in finding


@pytest.mark.parametrize("section", ["remote_write", "remote_read"])
def test_a_server_may_be_named_twice_but_not_with_all_else_equal(section: str) -> None:
    tenant = "{url: 'http://u:p@a/b', headers: {X-Scope-OrgID: %s}}"
    assert said(f"{section}: [{tenant % 1}, {tenant % 2}]") == []
    (line,) = said(f"{section}: [{tenant % 1}, {tenant % 1}]")
    what = section.replace("_", " ")
    assert line.endswith(f"duplicate {what} configs are not allowed, found duplicate for URL: http://u:xxxxx@a/b")
