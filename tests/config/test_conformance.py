"""Every conformance file is refused for its own cause, or loads, or names what is not supported here.

The causes are the originals' own words (promtool 2.42, amtool 0.25), but for unknown and repeated keys, which are
told in ours.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from engine.config.alertmanager import parse_alertmanager
from engine.config.prometheus import parse_prometheus
from engine.config.rules import parse_rules
from engine.foundation.decode import Decoded
from engine.foundation.source import Finding, Severity

Refusals = dict[str, tuple[int, int, str]]

PROMETHEUS: Final[Refusals] = {  # file -> line, column, what is said there
    "azure_authentication_method.bad.yml": (
        3,
        32,
        'unknown authentication_type "invalid". Supported types are "OAuth" or "ManagedIdentity"',
    ),
    "azure_client_id_missing.bad.yml": (6, 19, "azure SD configuration requires a client_id"),
    "azure_subscription_id_missing.bad.yml": (4, 25, "azure SD configuration requires a subscription_id"),
    "azure_tenant_id_missing.bad.yml": (5, 19, "azure SD configuration requires a tenant_id"),
    "bearertoken_basicauth.bad.yml": (
        4,
        19,
        "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
    ),
    "dropequal.bad.yml": (4, 9, "relabel configuration for dropequal action requires 'target_label' value"),
    "ec2_filters_empty_values.bad.yml": (8, 20, "EC2 SD configuration filter values cannot be empty"),
    "empty_alert_relabel_config.bad.yml": (3, 6, "empty or null alert relabeling rule"),
    "empty_metric_relabel_config.bad.yml": (4, 8, "empty or null metric relabeling rule in scrape config"),
    "empty_rr_config.bad.yml": (2, 4, "empty or null remote read config section"),
    "empty_rw_relabel_config.bad.yml": (4, 8, "empty or null relabeling rule in remote write config"),
    "empty_scrape_config.bad.yml": (2, 4, "empty or null scrape config section"),
    "empty_static_config.bad.yml": (4, 8, "empty or null section in static_configs"),
    "empty_target_relabel_config.bad.yml": (4, 8, "empty or null target relabeling rule in scrape config"),
    "eureka_no_server.bad.yml": (4, 16, "eureka_sd: empty or null eureka server"),
    "hetzner_role.bad.yml": (3, 15, 'unknown role "invalid"'),
    "http_url_no_host.bad.yml": (3, 14, "host is missing in URL"),
    "http_url_no_scheme.bad.yml": (3, 18, "URL scheme must be 'http' or 'https'"),
    "jobname.bad.yml": (2, 14, "job_name is empty"),
    "jobname_dup.bad.yml": (5, 15, 'found multiple scrape configs with job name "prometheus"'),
    "keepequal1.bad.yml": (
        5,
        17,
        "keepequal action requires only 'source_labels' and `target_label`, and no other fields",
    ),
    "kubernetes_api_server_with_own_namespace.bad.yml": (
        7,
        11,
        "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously",
    ),
    "kubernetes_bearertoken.bad.yml": (9, 28, "at most one of bearer_token & bearer_token_file must be configured"),
    "kubernetes_bearertoken_basicauth.bad.yml": (
        8,
        23,
        "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
    ),
    "kubernetes_kubeconfig_with_apiserver.bad.yml": (
        6,
        26,
        "cannot use 'kubeconfig_file' and 'api_server' simultaneously",
    ),
    "kubernetes_kubeconfig_with_http_config.bad.yml": (
        5,
        26,
        "cannot use a custom HTTP client configuration together with 'kubeconfig_file'",
    ),
    "kubernetes_namespace_discovery.bad.yml": (6, 11, 'unknown key "foo"'),
    "kubernetes_role.bad.yml": (4, 15, 'unknown Kubernetes SD role "vacation"'),
    "kubernetes_selectors_endpoints.bad.yml": (6, 19, "endpoints role supports only pod, service, endpoints selectors"),
    "kubernetes_selectors_incorrect_selector.bad.yml": (
        7,
        20,
        "invalid selector: 'metadata.status-Running'; can't understand 'metadata.status-Running'",
    ),
    "kubernetes_selectors_node.bad.yml": (6, 19, "node role supports only node selectors"),
    "kubernetes_selectors_pod.bad.yml": (6, 19, "pod role supports only pod selectors"),
    "labeldrop.bad.yml": (5, 17, "labeldrop action requires only 'regex', and no other fields"),
    "labeldrop2.bad.yml": (5, 17, "labeldrop action requires only 'regex', and no other fields"),
    "labeldrop4.bad.yml": (5, 17, "labeldrop action requires only 'regex', and no other fields"),
    "labeldrop5.bad.yml": (5, 17, "labeldrop action requires only 'regex', and no other fields"),
    "labelkeep2.bad.yml": (5, 17, "labelkeep action requires only 'regex', and no other fields"),
    "labelkeep3.bad.yml": (5, 17, "labelkeep action requires only 'regex', and no other fields"),
    "labelkeep5.bad.yml": (5, 17, "labelkeep action requires only 'regex', and no other fields"),
    "labelmap.bad.yml": (5, 22, "\"l-$1\" is invalid 'replacement' for labelmap action"),
    "labelname2.bad.yml": (3, 5, '"not:allowed" is not a valid label name'),
    "labelvalue.bad.yml": (3, 11, '"\\xff" is not a valid label value'),
    "lowercase2.bad.yml": (6, 23, "\"42lab\" is invalid 'target_label' for lowercase action"),
    "lowercase3.bad.yml": (7, 22, "'replacement' can not be set for lowercase action"),
    "marathon_authtoken_authtokenfile.bad.yml": (
        8,
        21,
        "marathon_sd: at most one of auth_token & auth_token_file must be configured",
    ),
    "marathon_authtoken_basicauth.bad.yml": (
        8,
        21,
        "marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured",
    ),
    "marathon_no_servers.bad.yml": (9, 17, "marathon_sd: must contain at least one Marathon server"),
    "modulus_missing.bad.yml": (4, 9, "relabel configuration for hashmod requires non-zero modulus"),
    "openstack_role.bad.yml": (3, 15, 'unknown OpenStack SD role "invalid"'),
    "ovhcloud_bad_service.bad.yml": (3, 18, "unknown service: fakeservice"),
    "puppetdb_bad_url.bad.yml": (3, 14, "host is missing in URL"),
    "puppetdb_no_query.bad.yml": (3, 9, "query missing"),
    "puppetdb_no_url.bad.yml": (3, 9, "URL is missing"),
    "regex.bad.yml": (4, 16, "error parsing regexp: missing closing ): `^(?:abc(def)$`"),
    "remote_read_header.bad.yml": (
        5,
        44,
        "x-prometheus-remote-write-version is a reserved header. It must not be changed",
    ),
    "remote_read_url_missing.bad.yml": (2, 9, "url for remote_read is empty"),
    "remote_write_dup.bad.yml": (5, 11, 'found multiple remote write configs with job name "queue1"'),
    "remote_write_header.bad.yml": (
        5,
        44,
        "x-prometheus-remote-write-version is a reserved header. It must not be changed",
    ),
    "rules.bad.yml": (3, 5, 'invalid rule file path "my/*/rule"'),
    "scaleway_no_secret.bad.yml": (3, 9, "one of secret_key & secret_key_file must be configured"),
    "scaleway_two_secrets.bad.yml": (6, 26, "at most one of secret_key & secret_key_file must be configured"),
    "scrape_body_size_limit.bad.yml": (3, 22, "units: unknown unit  in 100"),
    "section_key_dup.bad.yml": (4, 1, 'key "scrape_configs" is set twice'),
    "static_config.bad.json": (2, 3, 'unknown key "targets"'),
    "target_label_hashmod_missing.bad.yml": (
        4,
        9,
        "relabel configuration for hashmod action requires 'target_label' value",
    ),
    "target_label_missing.bad.yml": (4, 9, "relabel configuration for replace action requires 'target_label' value"),
    "tracing_invalid_compression.bad.yml": (4, 16, "invalid compression type foo provided, valid options: gzip"),
    "tracing_invalid_header.bad.yml": (
        5,
        42,
        "x-prometheus-remote-write-version is a reserved header. It must not be changed",
    ),
    "unknown_attr.bad.yml": (19, 5, 'unknown key "consult_sd_configs" (did you mean "consul_sd_configs"?)'),
    "unknown_global_attr.bad.yml": (2, 3, 'unknown key "nonexistent_field"'),
    "uppercase2.bad.yml": (6, 23, "\"42lab\" is invalid 'target_label' for uppercase action"),
    "uppercase3.bad.yml": (7, 22, "'replacement' can not be set for uppercase action"),
    "uyuni_no_server.bad.yml": (4, 16, "Uyuni SD configuration requires server host"),
}
RULES: Final[Refusals] = {
    "bad_annotation.bad.yaml": (7, 22, "invalid annotation name: ins-tance"),
    "bad_expr.bad.yaml": (
        5,
        15,
        'could not parse expression: 1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    ),
    "bad_field.bad.yaml": (8, 9, 'unknown key "annotation" (did you mean "annotations"?)'),
    "bad_lname.bad.yaml": (7, 22, "invalid label name: ins-tance"),
    "duplicate_grp.bad.yaml": (3, 5, 'groupname: "yolo" is repeated in the same file'),
    "invalid_label_name.bad.yaml": (7, 21, "invalid label name: __name__"),
    "invalid_record_name.bad.yaml": (4, 17, 'invalid recording rule name: strawberry{flavor="sweet"}'),
    "no_rec_alert.bad.yaml": (4, 9, "one of 'record' or 'alert' must be set"),
    "noexpr.bad.yaml": (4, 9, "field 'expr' must be set in rule"),
    "record_and_alert.bad.yaml": (4, 17, "only one of 'record' and 'alert' must be set"),
    "record_and_for.bad.yaml": (6, 14, "invalid field 'for' in recording rule"),
    "record_and_keep_firing_for.bad.yaml": (6, 26, "invalid field 'keep_firing_for' in recording rule"),
}
ALERTMANAGER: Final[Refusals] = {
    "conf.nil-match_re-route.yml": (5, 23, 'invalid regexp value for "invalid_label"'),
    "conf.nil-source_match_re-inhibition.yml": (7, 28, 'invalid regexp value for "invalid_source_label"'),
    "conf.nil-target_match_re-inhibition.yml": (9, 28, 'invalid regexp value for "invalid_target_label"'),
    "conf.opsgenie-both-file-and-apikey.yml": (
        3,
        26,
        "at most one of opsgenie_api_key & opsgenie_api_key_file must be configured",
    ),
    "conf.opsgenie-default-apikey-old-team.yml": (16, 9, 'unknown key "teams"'),
    "conf.opsgenie-no-apikey.yml": (14, 9, "no global OpsGenie API Key set either inline or in a file"),
    "conf.slack-both-file-and-url.yml": (3, 23, "at most one of slack_api_url & slack_api_url_file must be configured"),
    "conf.slack-no-api-url.yml": (7, 9, "no global Slack API URL set either inline or in a file"),
    "conf.smtp-both-password-and-file.yml": (
        6,
        28,
        "at most one of smtp_auth_password & smtp_auth_password_file must be configured",
    ),
    "conf.sns-invalid.yml": (7, 9, "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config"),
    "conf.victorops-both-file-and-apikey.yml": (
        3,
        27,
        "at most one of victorops_api_key & victorops_api_key_file must be configured",
    ),
    "conf.victorops-no-apikey.yml": (14, 9, "no global VictorOps API Key set"),
}
PROMETHEUS_UNSUPPORTED: Final = {  # good files that use what does not run here
    "agent_mode.good.yml": set(),
    "remote_write_retry_on_rate_limit.good.yml": set(),
    "conf.good.yml": {
        "kuma_sd_configs", "marathon_sd_configs", "nomad_sd_configs", "ec2_sd_configs",
        "lightsail_sd_configs", "azure_sd_configs", "nerve_sd_configs", "triton_sd_configs",
        "digitalocean_sd_configs", "openstack_sd_configs",
        "puppetdb_sd_configs", "hetzner_sd_configs", "eureka_sd_configs", "ovhcloud_sd_configs",
        "scaleway_sd_configs", "linode_sd_configs", "uyuni_sd_configs", "ionos_sd_configs", "vultr_sd_configs",
        "tracing",
    },
    "external_labels.good.yml": set(),
    "global_timeout.good.yml": set(),
    "kubernetes_empty_apiserver.good.yml": set(),
    "kubernetes_kubeconfig_without_apiserver.good.yml": set(),
    "kubernetes_selectors_endpoints.good.yml": set(),
    "kubernetes_selectors_ingress.good.yml": set(),
    "kubernetes_selectors_node.good.yml": set(),
    "kubernetes_selectors_pod.good.yml": set(),
    "kubernetes_selectors_service.good.yml": set(),
    "roundtrip.good.yml": {
        "azure_sd_configs", "digitalocean_sd_configs",
        "ec2_sd_configs", "kuma_sd_configs",
        "marathon_sd_configs", "nerve_sd_configs", "openstack_sd_configs", "triton_sd_configs",
    },
    "rules_abs_path.good.yml": set(),
    "rules_abs_path_windows.good.yml": set(),
    "scrape_interval_larger.good.yml": set(),
}  # fmt: skip
ALERTMANAGER_UNSUPPORTED: Final[dict[str, set[str]]] = {
    "conf.empty-fields.yml": set(),
    "conf.good.yml": set(),
    "conf.group-by-all.yml": set(),
    "conf.http-config.good.yml": set(),
    "conf.opsgenie-default-apikey-file.yml": set(),
    "conf.opsgenie-default-apikey.yml": set(),
    "conf.slack-default-api-url-file.yml": set(),
    "conf.smtp-no-username-or-password.yml": set(),
    "conf.smtp-password-global-and-local.yml": set(),
    "conf.sns-topic-arn.yml": set(),
    "conf.victorops-default-apikey-file.yml": set(),
    "conf.victorops-default-apikey.yml": set(),
}


def findings(path: Path, parse: Callable[[bytes, str], Decoded[object]]) -> tuple[Finding, ...]:
    return parse(path.read_bytes(), path.name).findings


def assert_refused(found: tuple[Finding, ...], line: int, column: int, cause: str) -> None:
    assert any((f.line, f.column) == (line, column) and cause in f.message for f in found), list(map(str, found))
    assert all(f.severity is Severity.ERROR for f in found if f.fatal)


def assert_only_unsupported(found: tuple[Finding, ...], features: set[str]) -> None:
    assert [str(f) for f in found if f.severity is Severity.ERROR] == []
    assert {f.path.rpartition(".")[2] for f in found if f.severity is Severity.UNSUPPORTED} == features


@pytest.mark.parametrize("name", PROMETHEUS)
def test_a_bad_prometheus_config_is_refused_for_its_own_cause(name: str, conformance: Path) -> None:
    assert_refused(findings(conformance / "prometheus" / "config" / name, parse_prometheus), *PROMETHEUS[name])


@pytest.mark.parametrize("name", RULES)
def test_a_bad_rule_file_is_refused_for_its_own_cause(name: str, conformance: Path) -> None:
    assert_refused(findings(conformance / "prometheus" / "rulefmt" / name, parse_rules), *RULES[name])


@pytest.mark.parametrize("name", ALERTMANAGER)
def test_a_bad_alertmanager_config_is_refused_for_its_own_cause(name: str, conformance: Path) -> None:
    assert_refused(findings(conformance / "alertmanager" / "config" / name, parse_alertmanager), *ALERTMANAGER[name])


@pytest.mark.parametrize("name", PROMETHEUS_UNSUPPORTED)
def test_a_good_prometheus_config_is_refused_only_for_what_is_not_supported(name: str, conformance: Path) -> None:
    found = findings(conformance / "prometheus" / "config" / name, parse_prometheus)
    assert_only_unsupported(found, PROMETHEUS_UNSUPPORTED[name])


@pytest.mark.parametrize("name", ALERTMANAGER_UNSUPPORTED)
def test_a_good_alertmanager_config_is_refused_only_for_what_is_not_supported(name: str, conformance: Path) -> None:
    found = findings(conformance / "alertmanager" / "config" / name, parse_alertmanager)
    assert_only_unsupported(found, ALERTMANAGER_UNSUPPORTED[name])


def test_a_good_rule_file_loads(conformance: Path) -> None:
    assert findings(conformance / "prometheus" / "rulefmt" / "test.yaml", parse_rules) == ()


def test_no_conformance_file_is_forgotten(conformance: Path) -> None:
    configs = {
        f.name for f in (conformance / "prometheus" / "config").iterdir() if ".bad." in f.name or ".good." in f.name
    }
    assert configs == PROMETHEUS.keys() | PROMETHEUS_UNSUPPORTED.keys()
    assert {f.name for f in (conformance / "prometheus" / "rulefmt").glob("*.bad.*")} == RULES.keys()
    assert {f.name for f in (conformance / "alertmanager" / "config").iterdir()} == (
        ALERTMANAGER.keys() | ALERTMANAGER_UNSUPPORTED.keys()
    )
