"""The programs of a stack: how their images are called, and where they look for their configuration."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from engine.config.stack.compose import Service


class Program(Struct, frozen=True):
    """`images` are the last parts of image names; `default` is the path when no flag names one. Whether it `works`
    with the file of its image too.
    """

    name: str
    images: tuple[str, ...]
    flags: tuple[str, ...]
    default: str
    works: bool = False


PROGRAMS: Final = (
    Program("prometheus", ("prometheus",), ("--config.file",), "/etc/prometheus/prometheus.yml"),
    Program("alertmanager", ("alertmanager",), ("--config.file",), "/etc/alertmanager/alertmanager.yml"),
    Program("loki", ("loki",), ("-config.file", "--config.file"), "/etc/loki/local-config.yaml"),
    Program("promtail", ("promtail",), ("-config.file", "--config.file"), "/etc/promtail/config.yml"),
    Program("blackbox", ("blackbox-exporter",), ("--config.file",), "/etc/blackbox_exporter/config.yml", works=True),
)


def program_of(service: Service) -> Program | None:
    """Which of them a container runs."""
    image = service.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return next((program for program in PROGRAMS if image in program.images), None)


def config_path(service: Service, program: Program) -> str:
    """Where the container looks for its configuration."""
    return service.flag(*program.flags) or program.default
