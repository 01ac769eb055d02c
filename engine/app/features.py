"""What `--enable-feature` may name: those of ours, and those of the original that mean something here."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from engine.alerting.matching.grammar import Grammar
from engine.foundation.errors import ConfigError
from promql.functions.dialects import Dialect

PROMETHEUS_3: Final = "prometheus3"
OTLP: Final = "otlp-write-receiver"
REMOTE_WRITE: Final = "remote-write-receiver"
AGENT: Final = "agent"
AUTO_RELOAD: Final = "auto-reload-config"
EXEMPLARS: Final = "exemplar-storage"
CLASSIC_MATCHERS: Final = Grammar.CLASSIC.value
UTF8_MATCHERS: Final = Grammar.UTF8.value
PER_STEP_STATS: Final = "promql-per-step-stats"
EXTRA_SCRAPE_METRICS: Final = "extra-scrape-metrics"
NO_DEFAULT_SCRAPE_PORT: Final = "no-default-scrape-port"

FEATURES: Final = MappingProxyType(
    {
        PROMETHEUS_3: "expressions mean what they mean in Prometheus 3, wherever that differs",
        EXEMPLARS: "exemplars of scraped pages and remote writes are kept, for /api/v1/query_exemplars",
        PER_STEP_STATS: "queries with stats=all tell the samples of each step",
        EXTRA_SCRAPE_METRICS: "each target tells its timeout, its sample limit and the size of its pages",
        NO_DEFAULT_SCRAPE_PORT: "no port is put behind the address of a target that has none, and :80 and :443 go",
        OTLP: "metrics of OpenTelemetry are taken at /api/v1/otlp/v1/metrics",
        REMOTE_WRITE: "the same as --web.enable-remote-write-receiver",
        CLASSIC_MATCHERS: "Alertmanager's matchers and names of labels are those of 0.25",
        UTF8_MATCHERS: "Alertmanager's matchers are those of 0.27 alone, and labels may have any name",
        AGENT: "the same as --agent",
        AUTO_RELOAD: "the same as --config.auto-reload",
        "promql-at-modifier": "always on",
        "promql-negative-offset": "always on",
    }
)
NOT_YET: Final = (
    "auto-gomaxprocs",
    "expand-external-labels",
    "memory-snapshot-on-shutdown",
    "native-histograms",
    "new-service-discovery-manager",
)


def enabled(given: Iterable[str]) -> frozenset[str]:
    """The features that are named, with commas between them or one by one. Raises ConfigError for any other."""
    names = frozenset(name for text in given for name in text.split(",") if name)
    for name in sorted(names - FEATURES.keys()):
        what = "not supported yet" if name in NOT_YET else "unknown"
        raise ConfigError(f"--enable-feature {name}: {what}; known: {', '.join(FEATURES)}")
    if {CLASSIC_MATCHERS, UTF8_MATCHERS} <= names:
        raise ConfigError(f"--enable-feature: {CLASSIC_MATCHERS} and {UTF8_MATCHERS} exclude each other")
    return names


def grammar(features: frozenset[str]) -> Grammar:
    """That of Alertmanager's matchers."""
    return next((one for one in Grammar if one.value in features), Grammar.BOTH)


def dialect(features: frozenset[str]) -> Dialect:
    """That of PromQL."""
    return Dialect.PROMETHEUS_3 if PROMETHEUS_3 in features else Dialect.PROMETHEUS_2
