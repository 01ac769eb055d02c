from __future__ import annotations

from engine.alerting.counts import Histogram
from engine.alerting.manager import AlertManager
from engine.alerting.metrics import KINDS, families
from exporters.exposition.families import MetricType
from tests.alerting.test_dispatch import one_route, silence
from tests.alerting.world import world


def values(manager: AlertManager) -> dict[str, float]:
    """By name and labels as they are written."""
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sample.labels): sample.value
        for family in families(manager)
        for sample in family.samples
    }


async def test_alerts_notifications_and_silences_are_counted() -> None:
    async with world(one_route()) as w:
        before = values(w.manager)
        w.fire(alertname="A", i="1")
        w.fire(alertname="B", i="1")
        await silence(w, 600)
        await w.wait(31)
        w.resolve(alertname="B", i="1")
        after = values(w.manager)
        changed = {name: value for name, value in after.items() if before[name] != value}
        assert changed == {
            "alertmanager_alerts state=active": 1,
            "alertmanager_alerts state=suppressed": 1,
            "alertmanager_marked_alerts state=active": 1,
            "alertmanager_marked_alerts state=suppressed": 1,
            "alertmanager_alerts_received_total status=firing version=v2": 2,
            "alertmanager_alerts_received_total status=resolved version=v2": 1,
            "alertmanager_dispatcher_aggregation_groups": 2,
            "alertmanager_notifications_total integration=webhook": 1,
            "alertmanager_notification_requests_total integration=webhook": 1,
            **{
                f"alertmanager_notification_latency_seconds_bucket integration=webhook le={bound}": 1
                for bound in ("1", "5", "10", "15", "20", "+Inf")
            },
            "alertmanager_notification_latency_seconds_count integration=webhook": 1,
            "alertmanager_nflog_queries_total": 1,
            "alertmanager_silences state=active": 1,
            "alertmanager_dispatcher_alert_processing_duration_seconds_count": 3,
            "alertmanager_silences_queries_total": after["alertmanager_silences_queries_total"],
        }


async def test_all_counters_are_there_from_the_start() -> None:
    async with world(one_route()) as w:
        found = values(w.manager)
        for kind in KINDS:
            assert found[f"alertmanager_notifications_failed_total integration={kind}"] == 0
        assert found["alertmanager_integrations"] == 1
        assert found["alertmanager_receivers"] == 1
        assert found["alertmanager_config_last_reload_successful"] == 1


async def test_names_are_unique_and_counters_are_called_so() -> None:
    async with world(one_route()) as w:
        made = families(w.manager)
    assert len({family.name for family in made}) == len(made)
    for family in made:
        assert (family.type is MetricType.COUNTER) == family.name.endswith("_total")


def test_a_histogram_puts_each_observation_below_its_bound() -> None:
    histogram = Histogram()
    for seconds in (0.5, 1, 1.1, 20, 21):
        histogram.observe(seconds)
    assert (histogram.slots, histogram.count, histogram.sum) == ([2, 1, 0, 0, 1, 1], 5, 43.6)


async def test_maintenance_and_the_version_are_told() -> None:
    async with world(one_route()) as w:
        await w.wait(1800)
        found = values(w.manager)
        assert found["alertmanager_silences_gc_duration_seconds_count"] == 2
        assert found["alertmanager_nflog_gc_duration_seconds_count"] == 2
        assert any(name.startswith("alertmanager_build_info") and "version=0.25.0" in name for name in found)
