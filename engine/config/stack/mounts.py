"""Files that a configuration names, and that its container would not see."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

from engine.config.existence import named_paths
from engine.config.stack.compose import Service
from engine.config.stack.places import Places
from engine.config.stack.programs import Program, config_path
from engine.foundation.source import Finding


def config_of(service: Service, program: Program, compose: File, places: Places) -> Iterator[Finding]:
    """Whether the configuration itself is mounted where the container looks for it."""
    inside = config_path(service, program)
    if (file := service.host(inside)) is not None and file.exists():
        return
    if program.works and service.flag(*program.flags) is None and service.mount(inside) is None:
        return
    folder = posixpath.dirname(inside)
    beside = [m for m in service.mounts if posixpath.dirname(m.inside) == folder]
    near = [m for m in beside if m.host is not None and m.host.is_file()]
    hint = f"; it sees {near[0].inside}: name that by {program.flags[0]}={near[0].inside}" if near else ""
    message = f"the container looks for its configuration at {inside}, where nothing is mounted{hint}"
    yield places.finding(compose, near[0].at if near else service.at, message)


def missing_sources(service: Service, compose: File, places: Places) -> Iterator[Finding]:
    """Mounts of parts of the stack that are not there: an empty folder is made in their place.

    Other folders of the machine are not looked for: the stack may run on another one.
    """
    for mount in service.mounts:
        if mount.host is not None and mount.host.is_relative_to(compose.parent) and not mount.host.exists():
            message = f"{mount.host} is not there: docker would mount an empty folder as {mount.inside}"
            yield places.finding(compose, mount.at, message)


def named_files(service: Service, file: File, config: Any, places: Places, inside: str) -> Iterator[Finding]:
    """Paths in `config` (the content of `file`, which the container sees as `inside`) that lead to no mount."""
    for at, written in named_paths(config):
        if at[-1] == "path":
            continue  # where data are kept, which it makes itself
        path = posixpath.normpath(posixpath.join(posixpath.dirname(inside), written))
        fixed = _without_pattern(path)
        if service.mount(fixed) is None:
            message = f"no volume of {service.name} holds {fixed}: the container would not see {written}"
            yield places.finding(file, at, message + remedy(file.parent, fixed, places))


def remedy(folder: File, inside: str, places: Places) -> str:
    """The mount that is missing, where what should be there lies in `folder`."""
    beside = folder / posixpath.basename(inside)
    return f" (mount {places.shown(beside)}:{inside})" if beside.exists() else ""


def _without_pattern(path: str) -> str:
    while any(sign in path for sign in "*?["):
        path = posixpath.dirname(path)
    return path
