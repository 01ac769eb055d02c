"""The exporters' collectors and flags."""

from __future__ import annotations

from collections.abc import Iterator

from docs.tables.markdown import code, originals, section, table
from exporters.cadvisor.flags import NEEDLESS as CADVISOR_NEEDLESS
from exporters.cadvisor.flags import OURS as CADVISOR_PATHS
from exporters.cadvisor.flags import TAKEN as CADVISOR_FLAGS
from exporters.cadvisor.options import NOT_BUILT as CADVISOR_NOT_BUILT
from exporters.cadvisor.options import OFF as CADVISOR_OFF
from exporters.cadvisor.table import FAMILIES as CADVISOR_FAMILIES
from exporters.node.table import COLLECTORS, NOT_BUILT, NOT_BUILT_FLAGS, PATH_FLAGS


def node() -> Iterator[str]:
    yield from section(
        "Node exporter",
        "In `engine run` all collectors that are on by default run; with `--compose` the command of the node exporter's"
        " container says which, and how. `engine exporter node`"
        f" takes {code(f'--collector.{name}' for name in ('NAME', 'disable-defaults'))}, `--no-collector.NAME`,"
        f" {code(f'--{name}' for name in PATH_FLAGS)} and the flags below. Defaults are those of the upstream release.",
    )
    rows = [
        (f"`{name}`", kind.help, "on" if kind.default else "off", code(f"--{flag}" for flag in kind.flags))
        for name, kind in COLLECTORS.items()
    ]
    yield from table(("Collector", "What it tells", "Default", "Flags"), rows)
    missing = sorted(originals("node", "on_by_default") - set(COLLECTORS))
    assert not missing, f"on by default in the original and not built: {missing}"
    yield from section(
        "Not built",
        "All of these are off by default in the original too. Switching one off is accepted,"
        " switching one on is refused by name, and so are the flags that follow.",
        level=3,
    )
    yield f"{code(sorted(NOT_BUILT))}; {code(sorted(f'--{flag}' for flag in NOT_BUILT_FLAGS))}."


def cadvisor() -> Iterator[str]:
    yield from section(
        "cAdvisor",
        "`cadvisor:8080` is answered in process, with cAdvisor's defaults; `engine exporter cadvisor` takes"
        f" {code(f'--{flag}' for flag in CADVISOR_FLAGS)} and, for copies of a machine's files,"
        f" {code(f'--{flag}' for flag in CADVISOR_PATHS)}. Of no effect, which is said:"
        f" {code(f'--{flag}' for flag in CADVISOR_NEEDLESS)}. All other flags are refused by name.",
    )
    families: dict[str, list[str]] = {}
    for name, kind in CADVISOR_FAMILIES.items():
        families.setdefault(kind.group, []).append(name)
    rows = [
        (f"`{group}`" if group else "always", "off" if group in CADVISOR_OFF else "on", code(names))
        for group, names in families.items()
    ]
    yield from table(("Metrics", "Default", "Families"), rows)
    yield f"Not built: the metrics {code(sorted(CADVISOR_NOT_BUILT))}."
