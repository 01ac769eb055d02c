"""The original's command line, so that a compose file's `command:` means here what it means there.

Flags of collectors that are not built here are refused by name, not ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import asdict

from engine.foundation.errors import ConfigError
from engine.foundation.regexes import Regex
from exporters.node.network import ipvs
from exporters.node.options import NodeOptions
from exporters.node.table import COLLECTORS, EXCLUSIVE, NOT_BUILT, NOT_BUILT_FLAGS, PATH_FLAGS
from promql.model.durations import Duration

FLAGS: Final[Mapping[str, str]] = MappingProxyType(
    {**PATH_FLAGS, **{flag: option for kind in COLLECTORS.values() for flag, option in kind.flags.items()}}
)
_DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(asdict(NodeOptions()))


def parse_flags(arguments: Iterable[str]) -> NodeOptions:
    """`--collector.x`, `--no-collector.x`, `--flag=value` or `--flag value`. Raises ConfigError."""
    values: dict[str, Any] = {}
    enabled: dict[str, bool] = {}
    seen: set[str] = set()
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("--"):
            raise ConfigError(f"node exporter: unexpected argument {argument!r}: flags begin with --")
        flag, equals, value = argument.removeprefix("--").partition("=")
        name = flag.removeprefix("no-")
        if name in seen:
            raise ConfigError(f"node exporter: --{name} cannot be repeated")
        seen.add(name)
        wanted = name == flag
        collector = name.removeprefix("collector.") if name.startswith("collector.") else ""
        if collector in COLLECTORS:
            enabled[collector] = wanted
        elif collector.partition(".")[0] in NOT_BUILT or name in NOT_BUILT_FLAGS:
            _check_off(name, wanted=wanted)
        elif name == "collector.disable-defaults":
            values["disable_defaults"] = wanted
        elif name == "web.disable-exporter-metrics":
            values["about_itself"] = not wanted
        elif name not in FLAGS:
            raise ConfigError(f"node exporter: unknown flag --{flag}")
        elif isinstance(_DEFAULTS[FLAGS[name]], bool):
            values[FLAGS[name]] = wanted
        else:
            values[FLAGS[name]] = _typed(FLAGS[name], flag, value if equals else _next(rest, flag))
    for one, other in EXCLUSIVE:
        if values.get(one) and values.get(other):
            shown = " and ".join(f"--{flag}" for flag, option in FLAGS.items() if option in (one, other))
            raise ConfigError(f"node exporter: {shown} exclude each other")
    options = NodeOptions(enabled=enabled, **values)
    _check_patterns(options)
    return options


def _check_patterns(options: NodeOptions) -> None:
    """What is no pattern is told before anything is served."""
    for flag, option in FLAGS.items():
        value = getattr(options, option)
        try:
            if option == "ipvs_labels":
                ipvs.chosen(value)
            elif isinstance(value, str) and option != "textfile_directory":
                Regex(value, anchored=False)
        except ConfigError as error:
            raise ConfigError(f"node exporter: --{flag}: {error}") from None


def _check_off(flag: str, *, wanted: bool) -> None:
    if wanted:
        raise ConfigError(f"node exporter: --{flag} asks for what is not built in: leave it out")


def _next(rest: Iterable[str], flag: str) -> str:
    for value in rest:
        return value
    raise ConfigError(f"node exporter: --{flag} needs a value: --{flag}=VALUE")


def _typed(option: str, flag: str, value: str) -> Any:
    kind = type(_DEFAULTS[option])
    if kind is not float:
        return Path(value) if issubclass(kind, Path) else value
    try:
        return Duration.from_text(value).seconds
    except ValueError as error:
        raise ConfigError(f"node exporter: --{flag}: {error}") from None
