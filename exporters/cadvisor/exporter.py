"""The exporter of containers: walks the trees of control groups and tells what each group uses.

Everything is read at the moment of the scrape, so samples bear no time of their own, as cAdvisor's do, which come from
its last look: a container that has gone is gone from the next page on, and queries see that at once.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from functools import cache
from typing import Final

from engine.foundation.clock import SECOND, Clock, SystemClock
from engine.foundation.errors import EngineError
from exporters.cadvisor import containers, network, processes, usage
from exporters.cadvisor.cgroups import Cgroups, Group
from exporters.cadvisor.containers import Container, Containers
from exporters.cadvisor.machine import Machine
from exporters.cadvisor.options import CadvisorOptions
from exporters.cadvisor.sink import Of, Sink
from exporters.exposition.families import Family
from exporters.kernel import Tree
from exporters.node.system import os_release

COMPATIBLE_VERSION: Final = "v0.47.0"
_ROOT: Final = "/"

log = logging.getLogger(__name__)


class Cadvisor:
    """`collect` blocks on small file reads: call it from a worker thread, one call at a time."""

    def __init__(
        self, options: CadvisorOptions | None = None, clock: Clock | None = None, *, cgroups: Cgroups | None = None
    ) -> None:
        self._options = options or CadvisorOptions()
        self._clock = clock or SystemClock()
        self._cgroups = cgroups or Cgroups(self._options.cgroups)
        self._containers = Containers(self._options)
        self._proc = Tree(self._options.procfs, keep=False)
        self._machine = Machine(self._options, Tree(self._options.procfs))
        self._version = cache(self._versions)

    def collect(self, only: Collection[str] | None = None) -> list[Family]:
        """The families now. Raises EngineError where parts are asked for: there are none."""
        if only:
            raise EngineError("cadvisor has no parts to choose from: leave out collect[]\n")
        sink = Sink(self._options.groups)
        sink.add("cadvisor_version_info", 1.0, self._version())
        sink.add("container_scrape_error", float(not self._groups(sink)), ())
        sink.add("machine_scrape_error", float(not self._of_machine(sink)), ())
        return sink.families()

    def _groups(self, sink: Sink) -> bool:
        """Whether all could be read: a group that has just gone loses its own samples alone."""
        paths = self._cgroups.paths()
        identities = {path: containers.identity(path) for path in paths}
        self._containers.keep(set(identities.values()))
        good = True
        for path, controllers in paths.items():
            if self._shows(path, identities[path]):
                try:
                    self._group(Group(self._cgroups, path, controllers), identities[path], sink)
                except (OSError, ValueError, IndexError) as error:
                    log.warning("the control group %s could not be read: %s", path, error)
                    good = False
        return good

    def _shows(self, path: str, identity: str) -> bool:
        options = self._options
        if path == _ROOT:
            return options.root
        return not options.docker_only or bool(identity) or path.startswith(options.raw_prefixes or ("\0",))

    def _group(self, group: Group, identity: str, sink: Sink) -> None:
        began = group.began()
        if not began and group.path != _ROOT:  # it has gone since the tree was walked
            return
        container = self._containers.find(identity) if identity else None
        labels = {"id": group.path}
        if container is not None:
            labels |= containers.labels(container, self._options.labels, self._options.environment)
        found = Of(sink, labels.items())
        groups = self._options.groups
        found.add("last_seen", float(self._clock.now_ns() // SECOND))
        found.add("start_time_seconds", (container.created if container is not None else 0.0) or began)
        quota = usage.specification(group, found)
        if groups & {"cpu", "percpu"}:
            usage.cpu(group, found, quota=quota)
        for name, read in (
            ("memory", usage.memory),
            ("oom_event", usage.out_of_memory),
            ("pressure", usage.pressure),
        ):
            if name in groups:
                read(group, found)
        usage.rare(group, found)
        if "diskIO" in groups:
            usage.disks(group, found, self._machine.device)
        if group.path == _ROOT and groups & {"disk", "diskIO"}:
            self._machine.file_systems(found)
        self._of_processes(group, container, found)

    def _of_processes(self, group: Group, container: Container | None, found: Of) -> None:
        groups = self._options.groups
        has_network = group.path == _ROOT or (container is not None and not container.host_network)
        asks_network = has_network and bool(groups & {"network", "tcp", "udp"})
        if not asks_network and not groups & {"process", "sched"}:
            return
        there = self._all_processes() if group.path == _ROOT else processes.identifiers(group)
        if asks_network and there:
            try:
                first = "1" if group.path == _ROOT else there[0]
                network.traffic(self._proc, first, found)
                network.connections(self._proc, first, found)
            except OSError:
                log.debug("the first process of %s has gone", group.path)
        if "process" in groups:
            processes.held(self._proc, group, there, found)
        if "sched" in groups:
            processes.schedule(self._proc, there, found)

    def _all_processes(self) -> list[str]:
        return [name for name in self._proc.names_or_none("") if name.isdecimal()]

    def _of_machine(self, sink: Sink) -> bool:
        try:
            self._machine.read(sink)
        except (OSError, ValueError, IndexError) as error:
            log.warning("what the machine has could not be read: %s", error)
            return False
        return True

    def _versions(self) -> tuple[tuple[str, str], ...]:
        kernel = os.uname().release if hasattr(os, "uname") else ""
        return (
            ("cadvisorRevision", "engine"),
            ("cadvisorVersion", COMPATIBLE_VERSION),
            ("dockerVersion", containers.docker_version(self._options)),
            ("kernelVersion", kernel),
            ("osVersion", os_release.name(self._options.rootfs)),
        )
