"""Which distribution this is, from `etc/os-release`."""

from __future__ import annotations

import re
import shlex
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.options import NodeOptions

LABELS: Final = (
    "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant", "variant_id",
    "version", "version_codename", "version_id",
)  # fmt: skip
_FILES: Final = ("etc/os-release", "usr/lib/os-release")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)  # noqa: TID251 - ours, linear


def parse(release: str) -> dict[str, str]:
    """Shell assignments: name in small letters -> value."""
    pairs = (token.partition("=") for token in shlex.split(release, comments=True))
    return {name.lower(): value for name, equals, value in pairs if equals}


def families(release: dict[str, str]) -> list[Family]:
    labels = {label: release.get(label, "") for label in LABELS}
    found = [Family.of("node_os_info", MetricType.GAUGE, "The distribution, as labels.", (labels, 1.0))]
    if (number := _NUMBER.match(labels["version_id"])) is not None:
        few = {label: labels[label] for label in ("id", "id_like", "name")}
        row = (few, float(number[0]))
        found.append(Family.of("node_os_version", MetricType.GAUGE, "Major and minor version as a number.", row))
    return found


def read(options: NodeOptions) -> list[Family]:
    for file in _FILES:
        if (path := options.rootfs / file).is_file():
            return families(parse(reading.text(path)))
    raise NoDataError("there is no os-release file")
