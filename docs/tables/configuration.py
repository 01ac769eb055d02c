"""Configuration files, one row a section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from docs.tables.keys import Key, Shape, keys_of
from docs.tables.markdown import Row, code, section, table
from engine.alerting.config.document import AlertmanagerConfig
from engine.config.prometheus import PrometheusConfig
from engine.discovery.config import TargetSources
from engine.foundation.http_config import (
    AlertmanagerHTTPClientConfig,
    HTTPClientConfig,
    PrometheusHTTPClientConfig,
    TlsConfig,
)
from engine.promtail.config import PromtailConfig
from engine.relabel.config import ACTIONS, RelabelConfig
from engine.rules.config import RuleFile
from exporters.blackbox.config.document import BlackboxConfig

SECTION_HEAD: Final = ("Section", "Works", "With a limit, or refused", "Known from later releases")
FILES: Final[tuple[tuple[str, str, Shape], ...]] = (
    ("prometheus.yml", "All keys of 2.42, and the storage keys that people write into it.", PrometheusConfig),
    ("Rule files", "All keys of 2.42.", RuleFile),
    ("Alertmanager's configuration", "All keys of 0.25.", AlertmanagerConfig),
    ("Promtail's configuration", "All keys of 2.7, and those of later releases that are told here.", PromtailConfig),
    ("blackbox.yml", "All keys of 0.23; [probes.md](probes.md) says what needs an extra.", BlackboxConfig),
)
SHARED: Final[Mapping[Shape, str]] = {
    TargetSources: "[discovery](#service-discovery), [client options](#http-client-options)",
    PrometheusHTTPClientConfig: "[client options](#http-client-options)",
}
OWN_TABLES: Final[Mapping[Shape, str]] = {
    RelabelConfig: "[relabelling rules](#relabelling-rules)",
    TlsConfig: "[client options](#http-client-options)",
    AlertmanagerHTTPClientConfig: "[client options](#http-client-options)",
}


def sections(root: Shape, path: str, told: dict[Shape, str]) -> Iterator[Row]:
    """A row for each section from `root` down. `told` are the shapes that a row or a table of their own tells of."""
    told.setdefault(root, f"`{path}`" if path else "the top level")
    keys = own_keys(root)
    elsewhere = {name for kind in _shared(root) for name in getattr(kind, "LATER", {})}
    known = {name: release for name, release in getattr(root, "LATER", {}).items() if name not in elsewhere}
    works = [*_plain(keys, path, told), *(SHARED[kind] for kind in _shared(root)[:1])]
    yield f"`{path}`" if path else "top level", ", ".join(works), _limits(keys), releases(known)
    for key in keys:
        for suffix, shape in key.holds:
            if shape not in told:
                yield from sections(shape, _joined(path, key.name, suffix), told)


def _plain(keys: Iterable[Key], path: str, told: Mapping[Shape, str]) -> Iterator[str]:
    """Keys that work, each with the place that tells of what it holds, unless that is a row right below."""
    before = dict(told)
    for key in keys:
        if not key.limit:
            yield f"`{key.name}`" + "".join(f" (as {before[shape]})" for _, shape in key.holds if shape in before)
        for suffix, shape in key.holds:
            before.setdefault(shape, f"`{_joined(path, key.name, suffix)}`")


def _joined(path: str, name: str, suffix: str) -> str:
    return f"{path}.{name}{suffix}".lstrip(".")


def _shared(shape: Shape) -> list[Shape]:
    """What it takes its keys from that has a table of its own."""
    return [kind for kind in SHARED if issubclass(shape, kind) and shape is not kind]


def own_keys(shape: Shape) -> list[Key]:
    elsewhere = {field.encode_name for kind in _shared(shape) for field in msgspec.structs.fields(kind)}
    return [key for key in keys_of(shape) if key.name not in elsewhere]


def configuration() -> Iterator[str]:
    yield from section(
        "Configuration files",
        "One row a section; `[]` stands for the entries of a list. A key that is *not supported yet* or *not supported"
        " here* is read and checked with all that is below it, and then refused by name; where it is absent or empty,"
        " nothing is said. Keys that only later releases know are refused as unknown, with the release that has them."
        " Everything else that a file may hold is a mistake, as it is for the original.",
    )
    for title, intro, root in FILES:
        yield from section(title, intro, level=3)
        yield from table(SECTION_HEAD, sections(root, "", dict(OWN_TABLES)))
    yield from section("HTTP client options", "The same keys wherever something is called over HTTP.", level=3)
    yield from table(SECTION_HEAD, _client_options())
    yield from section("Relabelling rules", f"Actions: {code(sorted(ACTIONS))}.", level=3)
    yield from table(SECTION_HEAD, sections(RelabelConfig, "relabel_configs[]", {}))


def _client_options() -> Iterator[Row]:
    (_, *first), *below = sections(HTTPClientConfig, "", {})
    yield "both", *first
    common = {(key.name, key.limit) for key in keys_of(HTTPClientConfig)}
    for who, shape in (("Prometheus", PrometheusHTTPClientConfig), ("Alertmanager", AlertmanagerHTTPClientConfig)):
        keys = [key for key in keys_of(shape) if (key.name, key.limit) not in common]
        later = {name: release for name, release in shape.LATER.items() if name not in HTTPClientConfig.LATER}
        yield f"{who} alone", code(key.name for key in keys if not key.limit), _limits(keys), releases(later)
    yield from below


def _limits(keys: Iterable[Key]) -> str:
    return _by_value({key.name: key.limit for key in keys if key.limit}, "{names}: {value}")


def releases(later: Mapping[str, str]) -> str:
    return _by_value(later, "{value}: {names}")


def _by_value(values: Mapping[str, str], form: str) -> str:
    named: dict[str, list[str]] = {}
    for name, value in values.items():
        named.setdefault(value, []).append(name)
    return "; ".join(form.format(value=value, names=code(names)) for value, names in named.items())
