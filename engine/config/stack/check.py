"""`engine check stack`: a folder or a compose file, with all files that it leads to.

With a compose file each container is asked what it would see; without one the files are found where they usually lie.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path as File
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.config.alertmanager import parse_alertmanager
from engine.config.check import Judging, Kind, Verdict, check
from engine.config.load import Loaded, find_alertmanager, find_blackbox, find_loki, find_promtail, load
from engine.config.prometheus import parse_prometheus
from engine.config.stack import mounts
from engine.config.stack.compose import NAMES, Service, services
from engine.config.stack.grafana import PROVISIONING, boards, is_grafana, provisioned
from engine.config.stack.interpolation import dotenv
from engine.config.stack.metrics import unknown_metrics
from engine.config.stack.names import unknown_clients, unknown_names
from engine.config.stack.places import Places
from engine.config.stack.programs import PROGRAMS, Program, config_path, program_of
from engine.config.stack.routes import Alert, dead_ends
from engine.foundation.errors import ConfigError
from engine.foundation.files import matching
from engine.foundation.source import Finding, Severity, settled

_PROMETHEUS: Final = ("prometheus/prometheus.yml", "prometheus/prometheus.yaml", "prometheus.yml", "prometheus.yaml")
_OTHERS: Final[Mapping[Kind, Callable[[File], File | None]]] = {
    "loki": find_loki, "promtail": find_promtail, "blackbox": find_blackbox,
}  # fmt: skip
_BOARDS: Final = ("grafana", "dashboards", "provisioning")


class Stack(Struct, frozen=True):
    """What there is: `compose` is None where there is no such file; a service runs a program, each at most once."""

    folder: File
    compose: File | None
    services: tuple[Service, ...]
    prometheus: File | None
    alertmanager: File | None
    others: Mapping[Kind, File]
    """Those of the other programs, which are judged one by one."""

    def running(self, name: str) -> Service | None:
        return next((s for s in self.services if (p := program_of(s)) is not None and p.name == name), None)

    def files(self) -> Iterator[tuple[Kind, File]]:
        """All configurations that are judged."""
        if self.prometheus is not None:
            yield "config", self.prometheus
        if self.alertmanager is not None:
            yield "alertmanager", self.alertmanager
        yield from self.others.items()

    @property
    def grafana(self) -> Service | None:
        return next(filter(is_grafana, self.services), None)

    @property
    def known(self) -> frozenset[str]:
        """The names to which containers answer."""
        return frozenset(name for service in self.services for name in service.names)


def check_stack(path: File, exposed: Collection[str] | None = None, how: Judging | None = None) -> Verdict:
    """`exposed` are the metrics that a running engine knows, None where none was asked. Raises ConfigError."""
    how = how or Judging()
    places = Places(path if path.is_dir() else path.parent)
    stack = find_stack(path, places)
    found = list(_mounts(stack, places))
    said = []
    for kind, file in stack.files():
        verdict = check(file, kind, how)
        found += verdict.findings
        places.sources |= verdict.sources
        said.append(verdict.said)
    if not any(finding.fatal for finding in (*found, *places.faults)):
        found += _together(stack, places, exposed, how)
    count, faults = _boards(stack, places)
    said += [f"{count} dashboard{'' if count == 1 else 's'}"] * bool(count)
    return Verdict(path, ", ".join(said), settled(map(_as_lint, [*found, *faults, *places.faults])), places.sources)


def find_stack(path: File, places: Places) -> Stack:
    """Raises ConfigError where there is nothing to judge."""
    if not path.exists():
        raise ConfigError(f"{path}: no such file or folder")
    folder = path if path.is_dir() else path.parent
    compose = path if path.is_file() else _compose_in(folder)
    found = () if compose is None else tuple(services(places.root(compose), folder, dotenv(folder / ".env")))
    prometheus = _mounted(found, PROGRAMS[0]) or _first(folder, _PROMETHEUS)
    alertmanager = _mounted(found, PROGRAMS[1])
    if alertmanager is None and prometheus is not None:
        alertmanager = find_alertmanager(prometheus.parent)
    if prometheus is None and not found and not places.faults:
        raise ConfigError(f"{path}: there is neither a prometheus.yml nor a compose file with services")
    return Stack(folder, compose, found, prometheus, alertmanager, _others(found, prometheus))


def _others(found: Collection[Service], prometheus: File | None) -> dict[Kind, File]:
    """The files of Loki, Promtail and the blackbox exporter: as their containers see them, or beside prometheus.yml."""
    files: dict[Kind, File] = {}
    for kind, find in _OTHERS.items():
        program = next(program for program in PROGRAMS if program.name == kind)
        file = _mounted(found, program) or (find(prometheus.parent) if prometheus is not None else None)
        if file is not None:
            files[kind] = file
    return files


def _compose_in(folder: File) -> File | None:
    files = [file for name in NAMES for file in matching(str(folder / name))]
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise ConfigError(f"{folder}: there are several compose files, name one: {names}")
    return files[0] if files else None


def _mounted(found: Collection[Service], program: Program) -> File | None:
    """The program's configuration as its container sees it."""
    for service in found:
        if program_of(service) == program:
            file = service.host(config_path(service, program))
            return file if file is not None and file.is_file() else None
    return None


def _first(folder: File, names: Collection[str]) -> File | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _mounts(stack: Stack, places: Places) -> Iterator[Finding]:
    if stack.compose is None:
        return
    for service in stack.services:
        yield from mounts.missing_sources(service, stack.compose, places)
        if (program := program_of(service)) is not None:
            yield from mounts.config_of(service, program, stack.compose, places)


def _together(stack: Stack, places: Places, exposed: Collection[str] | None, how: Judging) -> Iterator[Finding]:
    """What needs several files, none of which has mistakes."""
    if stack.prometheus is None:
        return
    given = how.environment
    loaded = load(stack.prometheus, alertmanager=stack.alertmanager, translate=how.translate, environment=given)
    yield from _as_seen(stack, places, given)
    if loaded.alertmanager is not None and stack.alertmanager is not None:
        external = dict(loaded.config.global_.external_labels)
        rules = [rule for file in loaded.rules.values() for group in file.groups for rule in group.rules if rule.alert]
        for at, message in dead_ends(loaded.alertmanager, [Alert.of(rule, external) for rule in rules]):
            yield places.finding(stack.alertmanager, at, message)
    yield from _unexposed(loaded, places, exposed)
    if (grafana := stack.grafana) is not None and (folder := grafana.host(PROVISIONING)) is not None:
        yield from provisioned(folder, grafana, stack.known, places)


def _as_seen(stack: Stack, places: Places, given: Mapping[str, str] | None) -> Iterator[Finding]:
    """The configurations as their containers see them: paths and names as they are written."""
    if (service := stack.running("prometheus")) is not None and (file := stack.prometheus) is not None:
        config = parse_prometheus(file.read_bytes(), str(file), environment=given).value
        yield from mounts.named_files(service, file, config, places, config_path(service, PROGRAMS[0]))
        yield from unknown_names(service, file, config, stack.known, places)
    if (service := stack.running("alertmanager")) is not None and (file := stack.alertmanager) is not None:
        routes = parse_alertmanager(file.read_bytes(), str(file), environment=given).value
        yield from mounts.named_files(service, file, routes, places, config_path(service, PROGRAMS[1]))
    if (service := stack.running("promtail")) is not None and (file := stack.others.get("promtail")) is not None:
        yield from unknown_clients(service, file, stack.known, places)


def _unexposed(loaded: Loaded, places: Places, exposed: Collection[str] | None) -> Iterator[Finding]:
    if exposed is not None:
        for file, at, metric in unknown_metrics(loaded.rules, exposed):
            yield places.finding(File(file), at, f"no target exposes {metric}, and no rule records it")


def _boards(stack: Stack, places: Places) -> tuple[int, list[Finding]]:
    """Of the folders that usually hold some: a project holds many other files in JSON."""
    found = [boards(folder, places) for name in _BOARDS if (folder := stack.folder / name).is_dir()]
    return sum(count for count, _ in found), [finding for _, findings in found for finding in findings]


def _as_lint(finding: Finding) -> Finding:
    """What the originals refuse would surprise in production, so it counts here."""
    return replace(finding, severity=Severity.LINT) if finding.severity is Severity.OURS else finding
