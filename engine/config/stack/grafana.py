"""What Grafana is provisioned with: whether its container sees the dashboards, and finds its data sources."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path as File
from urllib.parse import urlsplit

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.config.stack.compose import Service
from engine.config.stack.dashboards import fault, folder_boards, is_dashboard, place, queries, read
from engine.config.stack.mounts import remedy
from engine.config.stack.places import Places
from engine.foundation.addresses import is_service_name
from engine.foundation.decode_nodes import locate
from engine.foundation.files import matching
from engine.foundation.source import Finding, Path, Severity

PROVISIONING = "/etc/grafana/provisioning"


def is_grafana(service: Service) -> bool:
    image = service.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return image in ("grafana", "grafana-oss", "grafana-enterprise")


def provisioned(folder: File, service: Service | None, known: Collection[str], places: Places) -> Iterator[Finding]:
    """Of the files in a provisioning folder; without a service only what needs none."""
    if service is None:
        return
    for file in _files(folder / "dashboards"):
        for at, inside in texts(places.root(file), "providers", ("options", "path")):
            if service.mount(inside) is None:
                message = f"no volume of {service.name} holds {inside}: the container would not see the dashboards"
                yield places.finding(file, at, message + remedy(folder.parent, inside, places))
    for file in _files(folder / "datasources"):
        for at, url in texts(places.root(file), "datasources", ("url",)):
            host = urlsplit(url).hostname or ""
            if is_service_name(host) and host not in {*known, *service.hosts}:
                yield places.finding(file, at, f'no service of the stack is called "{host}"')
            elif host == "localhost" or host.startswith("127."):
                yield places.finding(file, at, f"{host} is the container of {service.name} itself, not the machine")


def boards(folder: File, places: Places) -> tuple[int, list[Finding]]:
    """How many dashboards there are in a folder, and which queries of them do not parse."""
    count, found = 0, []
    for file in folder_boards(folder):
        body = file.read_bytes()
        board = read(body)
        if not is_dashboard(board):
            continue
        count += 1
        for query in queries(board):
            if why := fault(query.text):
                places.sources.setdefault(str(file), body)
                line, column = place(body, query.text)
                found.append(Finding(Severity.LINT, str(file), line, column, query.where, why))
    return count, found


def _files(folder: File) -> list[File]:
    return [*matching(str(folder / "*.yml")), *matching(str(folder / "*.yaml"))]


def texts(root: Node, section: str, key: Path) -> Iterator[tuple[Path, str]]:
    """A text of each entry of a section, and where it stands."""
    entries, reached = locate(root, (section,))
    if not reached or not isinstance(entries, SequenceNode):
        return
    for index, entry in enumerate(entries.value):
        found, deep = locate(entry, key) if isinstance(entry, MappingNode) else (entry, ())
        if deep == key and isinstance(found, ScalarNode):
            yield (section, index, *key), found.value
