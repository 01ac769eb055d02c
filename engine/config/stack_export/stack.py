"""What a run's files become: a folder with a compose file and the files of each container, as the originals take them.

Files are copied as they are written and changed only where the originals would refuse them, or would not find what they
name; each change is told, with its reason. Names that no container has lead to the machine that Docker runs on.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct, field
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.config.alertmanager import parse_alertmanager
from engine.config.existence import named_paths
from engine.config.load import Loaded
from engine.config.prometheus import parse_prometheus
from engine.config.stack.grafana import PROVISIONING
from engine.config.stack.grafana import texts as provisioned_texts
from engine.config.stack.names import hosts_of
from engine.config.stack_export.edits import Edit, edited, scalar_edit, without_key
from engine.config.stack_export.programs import AT_PORT, CONTAINERS, Container
from engine.foundation.addresses import is_service_name
from engine.foundation.decode_nodes import compose, locate
from engine.foundation.delivery import is_loopback
from engine.foundation.files import is_pattern, matching
from engine.foundation.source import Severity
from promql.model.durations import format_duration

MACHINE: Final = "host.docker.internal"
_FLAG: Final = "it is the flag"
_BEFORE: Final = {
    name.lower(): re.compile(rf"{name} (?:refuses it )?before ([0-9]+)[.]([0-9]+)")  # noqa: TID251 - of our own texts
    for name in ("Prometheus", "Alertmanager")
}
_OUTSIDE: Final = "outside"
_MOST_REMOVED: Final = 200


class Given(Struct, frozen=True, kw_only=True):
    """What a compose file, if one is exported, says of a container: its image, names, flags, ports and environment."""

    image: str = ""
    name: str = ""
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


class Exported(Struct):
    """A container in the making: files by their path in its folder, mounts, names that lead to the machine."""

    container: Container
    given: Given
    mounts: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    machine: set[str] = field(default_factory=set)
    release: tuple[int, int] = (0, 0)
    """The first one that takes its file, where that is later than the image's."""

    @property
    def image(self) -> str:
        """What is run: the image that is given, in a release that takes its file."""
        return in_release(self.given.image or self.container.image, self.release)

    @property
    def name(self) -> str:
        return self.given.name or self.container.name


class Export:
    """Writes one stack into an empty folder. `words` tell what is otherwise than in the files, and why."""

    def __init__(self, loaded: Loaded, to: Path, given: Mapping[str, Given]) -> None:
        """`given` is by component."""
        self.words: list[str] = []
        self.met: set[str] = set()
        """What a check says of keys that the release of the image takes."""
        self.containers: dict[str, Exported] = {}
        self._loaded = loaded
        self._to = to
        for container in self._wanted(given):
            own = given.get(container.component, Given())
            self.containers[container.component] = Exported(container, own, command=list(container.command))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.containers.values())

    def write(self) -> None:
        """All files. Raises OSError."""
        loaded = self._loaded
        for component, file, config in (
            ("prometheus", loaded.file, loaded.config),
            ("alertmanager", loaded.alertmanager_file, loaded.alertmanager),
            ("loki", loaded.loki_file, None),
            ("promtail", loaded.promtail_file, None),
            ("blackbox", loaded.blackbox_file, loaded.blackbox),
        ):
            if component in self.containers and file is not None:
                self._config(self.containers[component], file, config)
            elif component in self.containers:
                self.containers[component].command.clear()  # it names a file, and the image has one of its own
        if "grafana" in self.containers:
            self._grafana(self.containers["grafana"])
        self._flags()
        self._ends()

    def _wanted(self, given: Mapping[str, Given]) -> Iterator[Container]:
        loaded = self._loaded
        hosts = {host for _, host in hosts_of(loaded.config)}
        runs = {
            "prometheus": True,
            "alertmanager": loaded.alertmanager is not None,
            "loki": loaded.loki is not None,
            "promtail": loaded.promtail is not None,
            "grafana": loaded.grafana is not None,
            "blackbox": loaded.blackbox is not None,
        }
        for container in CONTAINERS:
            named = container.name in hosts
            if runs.get(container.component) or named or container.component in given:
                yield container
                if named and container.component not in given and given:
                    self.words.append(f"{container.name} is added: a job scrapes it, and no container had that name")

    def _config(self, one: Exported, file: Path, config: Any) -> None:
        """Its file and all that the file names, where the container looks for them."""
        source = file.read_text(encoding="utf-8")
        inside, folder = one.container.config, self._to / one.container.name
        if one.container.component == "prometheus":
            parsed = parse_prometheus(source.encode(), str(file)).value
            self._copy_named(one, named_paths(parsed), named_paths(config))
        elif one.container.component == "alertmanager":
            self._copy_named(
                one, named_paths(parse_alertmanager(source.encode(), str(file)).value), named_paths(config)
            )
        source = self._fit(one, source)
        if one.container.component == "promtail":
            seen = [volume.removesuffix(":ro").rpartition(":")[2] for volume in one.given.volumes]
            for path in dict.fromkeys(_read_by(source)):
                if not any(f"{path}/".startswith(f"{s}/") for s in seen):
                    one.mounts.append(f"{path}:{path}:ro")
                    if seen:
                        self.words.append(f"{path} is mounted ({one.name}): its file reads it, and no volume held it")
        _write(folder / posixpath.basename(inside), source)
        self._mount(one, posixpath.basename(inside), inside)

    def _copy_named(self, one: Exported, written: Iterator[tuple[Any, str]], led: Iterator[tuple[Any, str]]) -> None:
        home, places = posixpath.dirname(one.container.config), dict(led)
        for at, path in written:
            if at not in places or at[-1] == "path":
                continue
            inside = posixpath.normpath(posixpath.join(home, path))
            found = matching(places[at]) if is_pattern(places[at]) else [Path(places[at])]
            missing = [file for file in found if not file.is_file()]
            if missing or not found:
                self.words.append(f"{path} ({one.name}) is not there: bring it yourself, as {inside}")
                continue
            for file in found:
                target = posixpath.join(posixpath.dirname(inside), file.name) if is_pattern(path) else inside
                self._copy(one, file, target)

    def _copy(self, one: Exported, file: Path, inside: str) -> None:
        home = posixpath.dirname(one.container.config)
        rest = posixpath.relpath(inside, home)
        beside = rest if not rest.startswith("..") else f"{_OUTSIDE}{inside}"
        target = self._to / one.container.name / beside
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
        if rest.startswith(".."):
            self._mount(one, beside, inside)
        else:
            top = rest.partition("/")[0]
            self._mount(one, top, posixpath.join(home, top))

    def _mount(self, one: Exported, below: str, inside: str) -> None:
        line = f"./{one.container.name}/{below}:{inside}:ro"
        if line not in one.mounts:
            one.mounts.append(line)

    def _fit(self, one: Exported, source: str) -> str:
        """The text with what the original would refuse taken out, and with names that lead somewhere."""
        source = self._without_ours(one, source)
        hosts = list(self._hosts(one, source))
        return edited(source, [edit for at, host, port in hosts for edit in self._led(one, source, at, host, port)])

    def _hosts(self, one: Exported, source: str) -> Iterator[tuple[Any, str, int]]:
        if one.container.component == "prometheus":
            config = parse_prometheus(source.encode()).value
            for at, host in hosts_of(config):
                text = _text_at(source, at)
                port = urlsplit(text if "://" in text else f"//{text}").port if text else None
                if not (is_loopback(host) and port == one.container.port):
                    yield at, host, port or 0
        elif one.container.component == "promtail":
            for index in range(_MOST_REMOVED):
                at = ("clients", index, "url")
                if not (url := _text_at(source, at)):
                    return
                parts = urlsplit(url)
                yield at, parts.hostname or "", parts.port or 80

    def _leading_out(self, one: Exported, source: str, at: Any, host: str, port: int) -> list[Edit]:
        other = AT_PORT.get(port)
        runs = other is not None and other.component in self.containers
        name = self.containers[other.component].name if other is not None and runs else MACHINE
        if not runs:
            one.machine.add(MACHINE)
        edit = scalar_edit(source, at, host, name)
        if edit is None:
            self.words.append(f"{host}:{port} ({one.name}) is that container itself: name {name} in its place")
            return []
        self.words.append(f"{host}:{port} is {name}:{port} now: in a container {host} is {one.name} itself")
        return [edit]

    def _without_ours(self, one: Exported, source: str) -> str:
        """Keys that work here alone are taken out, one after the other, since each moves the lines behind it."""
        parse: Any = {"prometheus": parse_prometheus, "alertmanager": parse_alertmanager}.get(one.container.component)
        kept: set[tuple[str, str]] = set()
        for _ in range(_MOST_REMOVED if parse is not None else 0):
            ours = [
                finding
                for finding in parse(source.encode()).findings
                if finding.severity is Severity.OURS and (finding.path, finding.message) not in kept
            ]
            if not ours:
                break
            finding = ours[-1]
            if (release := _needed(one.container.component, finding.message)) is not None:
                kept.add((finding.path, finding.message))
                self.met.add(finding.message)
                one.release = max(one.release, release)
                self.words.append(
                    f"{finding.path} ({one.name}) needs release {_dotted(one.release)}: its image is {one.image}"
                )
                continue
            left = without_key(source, finding.line, finding.column)
            if left is None:
                kept.add((finding.path, finding.message))
                self.words.append(f"{finding.path} ({one.name}) must be taken out by hand: {finding.message}")
                continue
            source = left
            self.words.append(f"{finding.path} ({one.name}) is taken out: {finding.message}")
        return source

    def _grafana(self, one: Exported) -> None:
        """Provisioning as it is, and dashboards where it looks for them."""
        found = self._loaded.grafana
        assert found is not None, "it runs where there is one"
        root = found.folder if found.folder.name == "provisioning" else found.folder / "provisioning"
        target = self._to / "grafana" / "provisioning"
        shutil.copytree(root, target)
        one.mounts.append(f"./grafana/provisioning:{PROVISIONING}:ro")
        for file in matching(str(target / "dashboards" / "*.y*ml")):
            self._boards(one, file)
        for file in matching(str(target / "datasources" / "*.y*ml")):
            _write(file, self._sources(one, file.read_text(encoding="utf-8")))

    def _boards(self, one: Exported, file: Path) -> None:
        found = self._loaded.grafana
        shelves = () if found is None else [shelf.path for shelf in found.shelves]
        for _, inside in provisioned_texts(compose(file.read_bytes()), "providers", ("options", "path")):
            folder = next((path for path in shelves if path.name == posixpath.basename(inside)), None)
            if folder is not None and not inside.startswith(PROVISIONING):
                shutil.copytree(folder, self._to / "grafana" / "boards" / folder.name, dirs_exist_ok=True)
                one.mounts.append(f"./grafana/boards/{folder.name}:{inside}:ro")

    def _sources(self, one: Exported, source: str) -> str:
        """The text of a file of data sources, with addresses that lead somewhere."""
        edits: list[Edit] = []
        for at, url in provisioned_texts(compose(source), "datasources", ("url",)):
            parts = urlsplit(url)
            edits += self._led(one, source, at, parts.hostname or "", parts.port or 80)
        return edited(source, edits)

    def _led(self, one: Exported, source: str, at: Any, host: str, port: int) -> list[Edit]:
        """What has to change so that this host leads somewhere from inside."""
        if is_loopback(host):
            return self._leading_out(one, source, at, host, port)
        if is_service_name(host) and host not in self.names and host not in one.machine:
            one.machine.add(host)
            self.words.append(
                f"{host} leads to the machine that Docker runs on ({one.name}: extra_hosts), since no container has"
                " that name: what answers there must listen beyond loopback, or become a container of this stack"
            )
        return []

    def _flags(self) -> None:
        """What stands in the file here, and is a flag there."""
        prometheus, tsdb = self.containers["prometheus"], self._loaded.config.storage.tsdb
        if tsdb.retention_time:
            prometheus.command.append(f"--storage.tsdb.retention.time={format_duration(tsdb.retention_time)}")
        if tsdb.retention_size:
            prometheus.command.append(f"--storage.tsdb.retention.size={tsdb.retention_size}B")
        if tsdb.wal_compression is False:
            prometheus.command.append("--no-storage.tsdb.wal-compression")
        for one in self.containers.values():
            if one.given.command and one.container.component == "node":
                given = {name for name, _ in _flags_in(one.given.command)}
                missing = [word for word in one.command if word.partition("=")[0] not in given]
                self.words += [
                    f"{word} ({one.name}) is added: it tells of the machine, not of itself" for word in missing
                ]
            own = {word.partition("=")[0] for word in one.command}
            one.command += [word for flag in _flags_in(one.given.command) if flag[0] not in own for word in flag[1]]

    def _ends(self) -> None:
        """Servers to which samples go must be named from inside too: told, since nobody here can know."""
        if self._loaded.alertmanager is not None and not self._loaded.config.alerting.alertmanagers:
            self.words.append("prometheus.yml names no Alertmanager: alerts go nowhere until `alerting:` does")


def in_release(image: str, least: tuple[int, int]) -> str:
    """The image, in this release where it is of an older one or of none that can be told."""
    repository, at, name = image.partition("@")[0].rpartition("/")
    name, _, tag = name.partition(":")
    numbers = tag.removeprefix("v").split(".")[:2]
    if all(number.isdecimal() for number in numbers):
        new = tuple(map(int, numbers)) >= least
    else:
        new = tag in ("", "latest") and "@" not in image
    return image if new or least == (0, 0) else f"{repository}{at}{name}:v{_dotted(least)}.0"


def _needed(component: str, message: str) -> tuple[int, int] | None:
    """The first release of the original that takes a key, by what is said of it; None where none does, or a flag is
    there for it.
    """
    found = _BEFORE[component].search(message)
    return None if found is None or _FLAG in message else (int(found[1]), int(found[2]))


def _dotted(release: tuple[int, int]) -> str:
    return ".".join(map(str, release))


def _flags_in(command: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each flag's name with its words: `--a=b` or `--a b`."""
    at = 0
    while at < len(command):
        name, equals, _ = command[at].partition("=")
        apart = not equals and name.startswith("-") and at + 1 < len(command) and command[at + 1][:1] != "-"
        yield name, list(command[at : at + 1 + apart])
        at += 1 + apart


def _read_by(source: str) -> Iterator[str]:
    """The folders and sockets of the machine that Promtail's file names."""
    for key, value in _scalars(compose(source)):
        if key == "__path__" and value.startswith("/"):
            folder = posixpath.dirname(value)
            while is_pattern(folder):
                folder = posixpath.dirname(folder)
            yield folder
        elif key == "host" and value.startswith("unix://"):
            yield value.removeprefix("unix://")


def _scalars(node: Node) -> Iterator[tuple[str, str]]:
    """Keys and the texts that stand under them, wherever they are."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode) and isinstance(value, ScalarNode):
                yield key.value, value.value
            else:
                yield from _scalars(value)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _scalars(value)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _text_at(source: str, at: Sequence[str | int]) -> str:
    node, reached = locate(compose(source), tuple(at))
    return node.value if reached == tuple(at) and isinstance(node, ScalarNode) else ""
