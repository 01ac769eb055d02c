"""cAdvisor's command line, so that a compose file's `command:` means here what it means there.

Flags may begin with one dash or two, as Go's do. What steers parts that don't exist here is either of no
effect on what is shown, which is said once, or refused by name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from engine.foundation.errors import ConfigError
from exporters.cadvisor.options import GROUPS, NOT_BUILT, OFF, CadvisorOptions

_BOOLEANS: Final = MappingProxyType(
    {**dict.fromkeys(("true", "t", "1", "TRUE", "True", "T"), True),
     **dict.fromkeys(("false", "f", "0", "FALSE", "False", "F"), False)}
)  # fmt: skip
SWITCHES: Final = frozenset(
    ("docker_only", "disable_root_cgroup_stats", "store_container_labels", "logtostderr", "alsologtostderr",
     "allow_dynamic_housekeeping", "log_cadvisor_usage", "profiling")
)  # fmt: skip
NEEDLESS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("housekeeping_interval", "max_housekeeping_interval", "global_housekeeping_interval",
             "allow_dynamic_housekeeping", "update_machine_info_interval", "storage_duration"),
            "everything is read at the moment of the scrape, and nothing is kept between scrapes",
        ),
        **dict.fromkeys(
            ("logtostderr", "alsologtostderr", "v", "stderrthreshold", "max_procs"), "it does not change what is shown"
        ),
    }
)  # fmt: skip
OURS: Final = MappingProxyType(
    {"path.cgroup": "cgroups", "path.procfs": "procfs", "path.sysfs": "sysfs", "path.rootfs": "rootfs"}
)

log = logging.getLogger(__name__)


def parse_flags(arguments: Iterable[str]) -> CadvisorOptions:
    """`-flag=value`, `--flag value`, `--switch`. Raises ConfigError."""
    given = dict(_pairs(arguments))
    options = CadvisorOptions()
    values: dict[str, Any] = {}
    for flag, value in given.items():
        if flag in NEEDLESS:
            log.warning("cadvisor: --%s has no effect: %s", flag, NEEDLESS[flag])
        elif flag in OURS:
            values[OURS[flag]] = Path(value)
        elif flag in _READERS:
            values |= _READERS[flag](value)
        elif flag not in _TOGETHER:
            raise ConfigError(f"cadvisor: --{flag} is not built in: leave it out")
    return replace(options, **values, groups=_groups(given), labels=_labels(given))


def _pairs(arguments: Iterable[str]) -> Iterable[tuple[str, str]]:
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-"):
            raise ConfigError(f"cadvisor: unexpected argument {argument!r}: flags begin with --")
        flag, equals, value = argument.lstrip("-").partition("=")
        if equals:
            yield flag, value
        elif flag in SWITCHES:
            yield flag, "true"
        else:
            following = next(rest, None)
            if following is None:
                raise ConfigError(f"cadvisor: --{flag} needs a value: --{flag}=VALUE")
            yield flag, following


def _groups(given: Mapping[str, str]) -> frozenset[str]:
    """`--enable_metrics` beats `--disable_metrics`; without either the defaults hold."""
    if "enable_metrics" in given:
        return frozenset(_known(given["enable_metrics"], "enable_metrics", built=True))
    if "disable_metrics" in given:
        return frozenset(GROUPS) - _known(given["disable_metrics"], "disable_metrics", built=False)
    return frozenset(GROUPS) - OFF


def _known(text: str, flag: str, *, built: bool) -> set[str]:
    names = {name for name in text.split(",") if name}
    for name in sorted(names):
        if name not in GROUPS and name not in NOT_BUILT:
            raise ConfigError(f"cadvisor: --{flag}: unsupported metric {name!r}: there are {', '.join(GROUPS)}")
        if built and name in NOT_BUILT:
            raise ConfigError(f"cadvisor: --{flag}: the metrics {name!r} are not built in: leave them out")
    return names


def _labels(given: Mapping[str, str]) -> frozenset[str] | None:
    stored = _switch(given.get("store_container_labels", "true"), "store_container_labels")
    chosen = frozenset(_list(given.get("whitelisted_container_labels", "")))
    if stored and chosen:
        raise ConfigError(
            "cadvisor: --whitelisted_container_labels has an effect only with --store_container_labels=false: add that"
        )
    return None if stored else chosen


def _switch(value: str, flag: str) -> bool:
    if value not in _BOOLEANS:
        raise ConfigError(f"cadvisor: --{flag}: {value!r} is neither true nor false")
    return _BOOLEANS[value]


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _socket(value: str) -> dict[str, Any]:
    if not value.startswith("unix://"):
        raise ConfigError(f"cadvisor: --docker: {value!r} is no socket of this machine: unix:///var/run/docker.sock")
    return {"docker_socket": Path(value.removeprefix("unix://"))}


_TOGETHER: Final = ("disable_metrics", "enable_metrics", "store_container_labels", "whitelisted_container_labels")
_READERS: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = MappingProxyType(
    {
        "docker_only": lambda value: {"docker_only": _switch(value, "docker_only")},
        "disable_root_cgroup_stats": lambda value: {"root": not _switch(value, "disable_root_cgroup_stats")},
        "env_metadata_whitelist": lambda value: {"environment": _list(value)},
        "docker_env_metadata_whitelist": lambda value: {"environment": _list(value)},
        "raw_cgroup_prefix_whitelist": lambda value: {"raw_prefixes": _list(value)},
        "docker": _socket,
        "docker_root": lambda value: {"docker_root": Path(value)},
        "machine_id_file": lambda value: {"machine_id_files": tuple(map(Path, _list(value)))},
        "boot_id_file": lambda value: {"boot_id_files": tuple(map(Path, _list(value)))},
    }
)
TAKEN: Final = (*_READERS, *_TOGETHER)
