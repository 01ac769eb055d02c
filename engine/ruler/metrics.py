"""What the ruler says of itself: under the names of Loki 2.7 (`cortex_`), and those that Loki 3 gave it (`loki_`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.remote.writing.metrics import write_families
from engine.ruler.ruler import Ruler
from engine.rules.manager import Durations
from engine.rules.metrics import duration_families, group_families, notifier_families
from engine.rules.notifier import Notifier
from engine.rules.views import GroupView
from exporters.exposition.families import Family, MetricType

_PREFIXES: Final = ("cortex_", "loki_")
_WAITING: Final = "loki_ruler_wal_prometheus_remote_storage_"
_SAMPLES: Final = "group_last_evaluation_samples"
_C, _G = MetricType.COUNTER, MetricType.GAUGE


def families(ruler: Ruler, notifier: Notifier) -> list[Family]:
    """All of them."""
    groups: list[tuple[Mapping[str, str], GroupView]] = [
        ({"user": tenant, "rule_group": f"{view.file};{view.name}"}, view)
        for tenant, one in ruler.tenants.items()
        for view in one.manager.groups()
    ]
    durations = [({"user": tenant}, one.manager.durations()) for tenant, one in ruler.tenants.items()]
    found = [family for prefix in _PREFIXES for family in _of(prefix, groups, durations, notifier)]
    return [*found, *(family for prefix in _PREFIXES for family in _ruler(prefix, ruler)), *_waiting(ruler)]


def _of(
    prefix: str,
    groups: Sequence[tuple[Mapping[str, str], GroupView]],
    durations: Sequence[tuple[Mapping[str, str], Durations]],
    notifier: Notifier,
) -> list[Family]:
    return [
        *group_families(f"{prefix}prometheus_rule_", groups, {_SAMPLES: f"{prefix}prometheus_last_evaluation_samples"}),
        *duration_families(f"{prefix}prometheus_rule_", durations),
        *notifier_families(notifier, f"{prefix}prometheus_"),
    ]


def _ruler(prefix: str, ruler: Ruler) -> list[Family]:
    tenants = [({"user": tenant}, one) for tenant, one in ruler.tenants.items()]
    running = sum(1 for one in ruler.tenants.values() if one.manager.specs)

    def by_tenant(name: str, kind: MetricType, text: str, *values: float) -> Family:
        pairs = zip((labels for labels, _ in tenants), values, strict=True)
        return Family.of(f"{prefix}ruler_{name}", kind, text, *pairs)

    return [
        Family.of(f"{prefix}ruler_managers_total", _G, "Tenants whose rules are evaluated.", ({}, float(running))),
        Family.of(
            f"{prefix}ruler_sync_rules_total", _C, "How often the files of rules were looked at.",
            *(({"reason": reason}, float(count)) for reason, count in ruler.syncs.items()),
        ),
        by_tenant(
            "config_last_reload_successful", _G, "Whether the rules are those of the files.",
            *(float(ruler.good) for _ in tenants),
        ),
        by_tenant(
            "config_last_reload_successful_seconds", _G, "When the rules last changed, in Unix time.",
            *(one.updated_at / 1000 for _, one in tenants),
        ),
        by_tenant("config_updates_total", _C, "Changes of rules.", *(float(one.updates) for _, one in tenants)),
    ]  # fmt: skip


def _waiting(ruler: Ruler) -> list[Family]:
    """Of what goes to other servers."""
    writing = [one.writing for one in ruler.tenants.values()]
    queues = [queue for one in writing if one.remote is not None for queue in one.remote.queues]
    return write_families(queues, max((one.newest for one in writing), default=0), _WAITING)
