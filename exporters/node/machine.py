"""What a collector is given: the trees that the kernel shows, the options, the clock."""

from __future__ import annotations

from engine.foundation.clock import Clock, SystemClock
from exporters.kernel import Tree
from exporters.node.options import NodeOptions


class Machine:
    """One machine, or a copy of its files. Blocks on reads; one thread at a time."""

    def __init__(self, options: NodeOptions | None = None, clock: Clock | None = None) -> None:
        self.options = options or NodeOptions()
        self.clock = clock or SystemClock()
        self.proc = Tree(self.options.procfs)
        self.sys = Tree(self.options.sysfs)
