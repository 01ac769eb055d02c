"""Loki's file: both dialects are read, what has no effect is named, and 2.7 is judged as 2.7 judges."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.check import Judging, check, render_verdict
from engine.config.load import load
from engine.config.loki_document import parse_loki
from engine.foundation.source import Severity
from engine.logs.config.known import Known
from engine.logs.config.sizes import ByteSize

SCHEMA = "schema_config: {configs: [{from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v12, index: {period: 24h}}]}\n"


def said(text: str) -> list[str]:
    return [f"{one.severity.value}: {one.path}: {one.message}" for one in parse_loki(SCHEMA + text).findings]


def test_the_guides_file_runs_and_names_what_has_no_effect(guide: Path) -> None:
    verdict = check(guide / "monorepo" / "loki" / "local-config.yaml")
    assert verdict.exit_code == 0
    told = {finding.path for finding in verdict.findings}
    assert told == {
        "ingester.lifecycler", "ingester.chunk_retain_period", "storage_config",
        "limits_config.enforce_metric_name",
    }  # fmt: skip
    assert {finding.severity for finding in verdict.findings} == {Severity.IDLE}
    assert list(render_verdict(verdict))[-1].endswith(
        "fine (0 tenants with limits of their own, 4 keys without effect)"
    )


def test_a_mistake_deep_in_what_has_no_effect_is_a_mistake_all_the_same() -> None:
    assert said("ingester: {lifecycler: {ring: {replication_facto: 1}}}")[-1] == (
        'error: ingester.lifecycler.ring: unknown key "replication_facto" (did you mean "replication_factor"?)'
    )
    assert said("limits_config: {ingestion_rate: 4}") == [
        'error: limits_config: unknown key "ingestion_rate" (did you mean "ingestion_rate_mb"?)'
    ]


def test_what_only_loki_3_knows_works_and_is_refused_as_2_7(tmp_path: Path) -> None:
    path = tmp_path / "loki.yaml"
    path.write_text(SCHEMA + "limits_config: {volume_enabled: true}\npattern_ingester: {enabled: true}\n")
    assert check(path, "loki").exit_code == 0
    verdict = check(path, "loki", Judging(original="loki-2.7"))
    assert verdict.exit_code == 2
    fatal = [finding.path for finding in verdict.findings if finding.fatal]
    assert fatal == ["limits_config.volume_enabled", "pattern_ingester"]


def test_a_file_without_a_schema_works_here_alone() -> None:
    (finding,) = parse_loki("auth_enabled: false").findings
    assert finding.severity is Severity.OURS
    assert "must specify at least one schema configuration" in finding.message


@pytest.mark.parametrize(
    ("text", "size", "shown"),
    [("256kb", 256 << 10, "256KB"), ("3MB", 3 << 20, "3MB"), ("1500", 1500, "1500B"), ("", 0, "0B")],
)
def test_sizes_are_those_of_loki(text: str, size: int, shown: str) -> None:
    assert (ByteSize.from_text(text), str(ByteSize.from_text(text))) == (size, shown)


def test_a_size_that_is_none_is_refused() -> None:
    assert said("limits_config: {max_line_size: many}") == [
        'error: limits_config.max_line_size: invalid size "many" (want for example 256KB, 3MB or 1048576)'
    ]


def test_a_tenants_limits_differ_from_those_of_all_in_what_they_name(tmp_path: Path) -> None:
    (tmp_path / "loki").mkdir()
    (tmp_path / "prometheus.yml").write_text("")
    (tmp_path / "loki" / "overrides.yaml").write_text("overrides: {one: {max_line_size: 1KB}}")
    (tmp_path / "loki" / "loki.yaml").write_text(
        SCHEMA
        + "limits_config: {max_line_size: 2KB, max_query_series: 7, per_tenant_override_config: /etc/loki/overrides.yaml}"
    )
    loaded = load(tmp_path / "prometheus.yml")
    assert not loaded.fatal
    assert loaded.loki is not None
    one, other = loaded.loki.limits("one"), loaded.loki.limits("other")
    assert (one.max_line_size, one.max_query_series) == (1024, 7)
    assert (other.max_line_size, other.max_query_series) == (2048, 7)


def test_every_block_of_the_table_can_be_read() -> None:
    places = (
        "top",
        "server",
        "ingester",
        "limits_config",
        "compactor",
        "querier.engine",
        "ruler.storage",
        "common.storage",
    )
    assert all(len(Known(place)) for place in places)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("querier: {max_concurrent: 4}", "16 queries are answered at once"),
        ("querier: {engine: {timeout: 1m}}", "limits_config.query_timeout bounds what a query takes"),
        ("compactor: {retention_delete_delay: 1h}", "files are replaced at once, and who reads the old ones goes on"),
        ("runtime_config: {period: 5s}", "the file is read again when the configuration is"),
        ("limits_config: {per_tenant_override_period: 5s}", "the file is read again when the configuration is"),
        ("limits_config: {allow_deletes: true}", "deletion_mode says whether lines may be deleted"),
        ("server: {grpc_server_max_recv_msg_size: 5}", "a push may have 64 MB"),
        (
            "common: {storage: {filesystem: {chunks_directory: /loki}}}",
            "lines are kept in the engine's own format, under the data folder",
        ),
    ],
)
def test_what_has_no_effect_says_why(text: str, reason: str) -> None:
    (told,) = said(text)
    assert told.startswith("idle: ")
    assert told.endswith(f": without effect here: {reason}")
