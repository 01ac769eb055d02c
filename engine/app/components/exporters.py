"""The exporters that run as components of this process. Each is imported and made when it is first asked."""

from __future__ import annotations

from collections.abc import Sequence

from engine.foundation.clock import Clock
from engine.foundation.workers import Workers
from exporters.serve import Collect, Exporter, Late, in_turn


def collects(clock: Clock, workers: Workers, node_flags: Sequence[str] = ()) -> dict[str, Collect]:
    """The families of each, by component."""

    def node() -> Exporter:
        from exporters.node.exporter import NodeExporter  # noqa: PLC0415 - see above
        from exporters.node.flags import parse_flags  # noqa: PLC0415 - see above

        return NodeExporter(parse_flags(node_flags), clock)

    def cadvisor() -> Exporter:
        from exporters.cadvisor.exporter import Cadvisor  # noqa: PLC0415 - see above

        return Cadvisor(clock=clock)

    return {name: in_turn(Late(make), workers) for name, make in (("node", node), ("cadvisor", cadvisor))}
