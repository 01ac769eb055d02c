from __future__ import annotations

from collections.abc import Sequence

from engine.discovery.config import TargetGroup as WrittenGroup
from engine.discovery.config import TargetSources
from engine.discovery.groups import TargetGroup
from engine.discovery.sources import discoveries
from engine.foundation.values import LabelName
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from tests.discovery.listening import parts


async def test_each_written_group_is_told_once_under_its_place(manual_clock: ManualClock) -> None:
    told: list[TargetGroup] = []

    def publish(groups: Sequence[TargetGroup]) -> None:
        told.extend(groups)

    written = (WrittenGroup(targets=("a:1", "b:1"), labels={LabelName("zone"): "w"}), WrittenGroup(targets=("c:1",)))
    sources = discoveries(TargetSources(static_configs=written), parts(manual_clock))
    assert list(sources) == ["static_configs/0"]
    await sources["static_configs/0"].run(publish)
    assert told == [
        TargetGroup("0", (Labels.of(__address__="a:1"), Labels.of(__address__="b:1")), Labels.of(zone="w")),
        TargetGroup("1", (Labels.of(__address__="c:1"),)),
    ]


async def test_a_section_without_targets_has_no_source(manual_clock: ManualClock) -> None:
    assert discoveries(TargetSources(), parts(manual_clock)) == {}
