"""Writes compatibility.md from the code's own tables, so that the page can't promise what the code doesn't do.

    python docs/generate.py           writes the page
    python docs/generate.py --check   exits 1 where the page is stale

Only what the originals have is written down by hand, in originals.toml; what works is asked of the code.
"""  # noqa: INP001 - a script

from __future__ import annotations

import asyncio
import sys
import tomllib
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

import click
import msgspec

from engine.alerting.config import AlertmanagerConfig
from engine.alerting.config_receivers import GlobalConfig as AlertmanagerGlobals
from engine.alerting.config_receivers import Receiver
from engine.alerting.config_routes import RouteConfig
from engine.alerting.receivers.table import RECEIVERS
from engine.app.application import Application
from engine.app.around import Around
from engine.app.options import DEFAULT_PORTS, OFF, RunOptions
from engine.app.routes import routes
from engine.cli.main import COMMANDS, cli
from engine.cli.run import NOT_YET, run
from engine.config.load import Loaded
from engine.config.prometheus import AlertmanagersConfig, PrometheusConfig, resolve
from engine.discovery.config import TargetSources
from engine.discovery.sources import SOURCES
from engine.foundation.clock import SystemClock
from engine.foundation.decode import NotHere, NotYet, OnlyHere
from engine.foundation.http_config import (
    AlertmanagerHTTPClientConfig,
    HTTPClientConfig,
    PrometheusHTTPClientConfig,
    TlsConfig,
)
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.gotemplate.functions.alertmanager import ALERTMANAGER
from engine.gotemplate.functions.builtins import BUILTINS
from engine.gotemplate.functions.prometheus import functions as prometheus_functions
from engine.logs.config.document import LokiConfig
from engine.logs.config.settings import LogSettings
from engine.promtail.config import PromtailConfig
from engine.relabel.config import ACTIONS, RelabelConfig
from engine.rules.config import RuleFile
from exporters.blackbox.config import BlackboxConfig, HttpProbe
from exporters.cadvisor.flags import NEEDLESS as CADVISOR_NEEDLESS
from exporters.cadvisor.flags import OURS as CADVISOR_PATHS
from exporters.cadvisor.flags import TAKEN as CADVISOR_FLAGS
from exporters.cadvisor.options import NOT_BUILT as CADVISOR_NOT_BUILT
from exporters.cadvisor.options import OFF as CADVISOR_OFF
from exporters.cadvisor.table import FAMILIES as CADVISOR_FAMILIES
from exporters.exposition.families import Family
from exporters.node.table import COLLECTORS, NOT_BUILT, NOT_BUILT_FLAGS, PATH_FLAGS
from promql.execute.reduce import REDUCTIONS
from promql.functions.operators import ARITHMETIC, COMPARISON, SETS
from promql.functions.presence import nothing
from promql.functions.signatures import ADDED, SIGNATURES, Signature
from promql.functions.table import FUNCTIONS, OverGrids
from promql.syntax.build import WITH_PARAMETER

PAGE: Final = Path(__file__).with_name("compatibility.md")
Shape: TypeAlias = type[msgspec.Struct]
Row: TypeAlias = Sequence[str]

with Path(__file__).with_name("originals.toml").open("rb") as _file:
    ORIGINALS: Final[Mapping[str, Any]] = tomllib.load(_file)


def page() -> str:
    """The whole page."""
    return "\n".join(line for part in PARTS for line in part()) + "\n"


def main(arguments: Sequence[str], file: Path = PAGE) -> int:
    """Write or check the file; gives the exit code."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/generate.py [--check]\n")
        return 2
    text = page()
    if not arguments:
        file.write_text(text)
    elif not file.is_file() or file.read_text() != text:
        sys.stderr.write(f"docs/{file.name} is stale: run `make docs`\n")
        return 1
    return 0


# --- Markdown


def table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    yield _line(head)
    yield _line(["---"] * len(head))
    yield from map(_line, rows)
    yield ""


def _line(cells: Row) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def originals(program: str, what: str) -> frozenset[str]:
    return frozenset(ORIGINALS[program][what].split())


def code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def section(title: str, *lines: str, level: int = 2) -> Iterator[str]:
    yield f"{'#' * level} {title}"
    yield ""
    for line in lines:
        yield line
        yield ""


# --- Command line


def command_line() -> Iterator[str]:
    yield from section("Command line", "`engine run` takes these flags. Where two names are given, either works.")
    yield from table(("Flag", "Default", "Meaning"), [_flag_row(o) for o in run.params if isinstance(o, click.Option)])
    ours = {name for option in run.params for name in option.opts}
    yield from _flags("Refused by name as not supported yet", sorted(NOT_YET))
    yield from _flags(
        "Prometheus's other flags, refused as unknown options",
        sorted(originals("prometheus", "flags") - ours - set(NOT_YET)),
    )
    yield "Alertmanager's flags have these counterparts; it has no others here."
    yield ""
    yield from table(
        ("Alertmanager", "`engine run`"),
        [(f"`{name}`", here) for name, here in ORIGINALS["alertmanager"]["flags"].items()],
    )
    yield from section("Other commands", level=3)
    yield from table(("Command", "Options", "What it does"), _commands())


def _flag_row(option: click.Option) -> Row:
    names = " or ".join(f"`{name}`" for name in option.opts)
    shown = (
        "" if option.is_flag or option.multiple or not isinstance(option.default, str | int) else str(option.default)
    )
    return names, f"`{shown}`" if shown else "", option.help or ", ".join(getattr(option.type, "choices", ()))


def _flags(title: str, names: Iterable[str]) -> Iterator[str]:
    yield f"{title}: {code(names) or 'none'}."
    yield ""


def _commands() -> Iterator[Row]:
    context = click.Context(cli)
    for name, (_, _, text) in COMMANDS.items():
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            for child in command.commands.values():
                yield f"`engine {name} {child.name}`", _options(child), (child.help or "").partition("\n\n")[0].strip()
        elif command is not None and command is not run:
            yield f"`engine {name}`", _options(command), text


def _options(command: click.Command) -> str:
    return code(name for option in command.params if isinstance(option, click.Option) for name in option.opts)


# --- Configuration files


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section. `limit` says what is to be said of it unless it simply works; `read` is False where it is
    refused. `holds` are the sections below it: how their path goes on, and their shape.
    """

    name: str
    limit: str
    read: bool
    holds: tuple[tuple[str, Shape], ...]


def keys_of(shape: Shape) -> Iterator[Key]:
    for field in msgspec.structs.fields(shape):
        mark = _mark(field)
        limit = _remark(shape, field.encode_name) or (mark.message() if mark is not None else "")
        read = not isinstance(mark, NotYet | NotHere)
        yield Key(field.encode_name, limit, read, tuple(_holds(field.type, "")) if read else ())


def _mark(field: msgspec.structs.FieldInfo) -> NotYet | NotHere | OnlyHere | None:
    marks = get_args(field.type)[1:] if get_origin(field.type) is Annotated else ()
    return next((mark for mark in marks if isinstance(mark, NotYet | NotHere | OnlyHere)), None)


def _remark(shape: Shape, key: str) -> str:
    if shape is AlertmanagerGlobals:
        for kind in keys_of(Receiver):
            if not kind.read and key.startswith(kind.name.removesuffix("configs")):
                return f"read; of use once `{kind.name}` works"
    return next((text for (kind, name), text in REMARKS.items() if name == key and issubclass(shape, kind)), "")


def _holds(kind: Any, suffix: str) -> Iterator[tuple[str, Shape]]:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _holds(args[0], suffix)
    elif origin in (Union, types.UnionType):
        for one in args:
            yield from _holds(one, suffix)
    elif origin is tuple:
        yield from _holds(args[0], f"{suffix}[]")
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from _holds(args[1], f"{suffix}.*")
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not hasattr(kind, "from_text"):
        yield suffix, kind


def sections(root: Shape, path: str, told: dict[Shape, str]) -> Iterator[Row]:
    """A row for each section from `root` down. `told` are the shapes that a row or a table of their own tells of."""
    told.setdefault(root, f"`{path}`" if path else "the top level")
    keys = _own_keys(root)
    elsewhere = {name for kind in _shared(root) for name in getattr(kind, "LATER", {})}
    known = {name: release for name, release in getattr(root, "LATER", {}).items() if name not in elsewhere}
    works = [*_plain(keys, path, told), *(SHARED[kind] for kind in _shared(root)[:1])]
    yield f"`{path}`" if path else "top level", ", ".join(works), _limits(keys), _releases(known)
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


def _own_keys(shape: Shape) -> list[Key]:
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
        yield f"{who} alone", code(key.name for key in keys if not key.limit), _limits(keys), _releases(later)
    yield from below


def _limits(keys: Iterable[Key]) -> str:
    return _by_value({key.name: key.limit for key in keys if key.limit}, "{names}: {value}")


def _releases(later: Mapping[str, str]) -> str:
    return _by_value(later, "{value}: {names}")


def _by_value(values: Mapping[str, str], form: str) -> str:
    named: dict[str, list[str]] = {}
    for name, value in values.items():
        named.setdefault(value, []).append(name)
    return "; ".join(form.format(value=value, names=code(names)) for value, names in named.items())


# --- Families


def discovery() -> Iterator[str]:
    yield from section("Service discovery", "In scrape jobs and in `alerting.alertmanagers`.")
    yield from _states(_own_keys(TargetSources), SOURCES)


def receivers() -> Iterator[str]:
    yield from section("Receivers", "Beyond this machine nothing is sent without `--deliver`.")
    built = {f"{name}_configs" for name in RECEIVERS}
    yield from _states([key for key in keys_of(Receiver) if key.name.endswith("_configs")], built)
    yield f"Known from later releases, refused as unknown keys: {_releases(Receiver.LATER)}."
    yield ""


def _states(keys: Sequence[Key], built: Collection[str]) -> Iterator[str]:
    """Raises ValueError where a key is taken that nothing stands behind, or the other way round."""
    if differing := {key.name for key in keys if key.read} ^ set(built):
        raise ValueError(f"the configuration and the table of what runs disagree: {', '.join(sorted(differing))}")
    by_state = groupby(sorted(keys, key=lambda key: (not key.read, key.limit)), key=lambda key: key.limit)
    yield from table(("Keys", ""), [(code(key.name for key in same), limit or "works") for limit, same in by_state])


def promql() -> Iterator[str]:
    known = {**SIGNATURES, **ADDED}
    absent = sorted(known.keys() - FUNCTIONS.keys())
    empty = sorted(name for name, row in FUNCTIONS.items() if isinstance(row, OverGrids) and row.call is nothing)
    yield from section(
        "PromQL",
        f"All {len(SIGNATURES)} functions of 2.42 are parsed and checked, with the original's error texts; of later"
        f" releases {code(sorted(ADDED))}.",
    )
    rows = [(_signature(shape), code(names)) for shape, names in _by_signature(known, FUNCTIONS.keys() & known.keys())]
    yield from table(("Arguments", "Evaluated"), rows)
    yield f"Not evaluated: {code(absent) or 'none'}. Without native histograms to work on, always empty: {code(empty)}."
    yield ""
    yield f"Aggregations: {code(sorted({*REDUCTIONS, *WITH_PARAMETER}))}, with `by` and `without`."
    yield ""
    yield (
        f"Operators: {code(ARITHMETIC)}; {code(COMPARISON)} with `bool`; {code(sorted(SETS))}; with `on`, `ignoring`,"
        " `group_left`, `group_right`. Modifiers: `offset` (also negative), `@` with a time, `start()` or `end()`;"
        " subqueries."
    )
    yield ""


def _by_signature(known: Mapping[str, Signature], names: Iterable[str]) -> list[tuple[Signature, list[str]]]:
    grouped: dict[Signature, list[str]] = {}
    for name in sorted(names):
        grouped.setdefault(known[name], []).append(name)
    return list(grouped.items())


def _signature(signature: Signature) -> str:
    args = [kind.value for kind in signature.args]
    if signature.variadic:
        args[-1] = f"[{args[-1]}{', ...' if signature.most is None or signature.most > len(args) else ''}]"
    return f"({', '.join(args)}) to {signature.returns.value}"


def templates() -> Iterator[str]:
    yield from section(
        "Templates",
        "Go's template language, text and HTML, with all of its own functions: " + code(BUILTINS) + ".",
    )
    of_prometheus = prometheus_functions(lambda _: (), "", 0.0).keys() - BUILTINS.keys()
    of_alertmanager = ALERTMANAGER.keys() - BUILTINS.keys()
    rows = [
        ("rules", *_compared(of_prometheus, originals("prometheus", "template_functions"))),
        ("notifications", *_compared(of_alertmanager, originals("alertmanager", "template_functions"))),
    ]
    yield from table(("In", "Works", "Missing", "Works, though only later releases have it"), rows)


def _compared(here: Collection[str], there: Collection[str]) -> Row:
    known, missing, more = set(here) & set(there), set(there) - set(here), set(here) - set(there)
    return code(sorted(known)), code(sorted(missing)) or "none", code(sorted(more))


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


# --- HTTP


def http() -> Iterator[str]:
    yield from section(
        "HTTP API",
        "Paths that are served. What Alertmanager has under `/api/v2` is answered at Prometheus's port too.",
    )
    served = asyncio.run(_served())
    for component, paths in served.items():
        yield from section(component, level=3)
        yield from table(("Path", "Methods"), [(f"`{path}`", ", ".join(methods)) for path, methods in paths.items()])
        known = originals(component, "paths")
        missing = sorted(known - paths.keys())
        yield f"In the original, but not here: {code(missing) or 'nothing'}."
        yield ""
        borrowed = originals("alertmanager", "paths") if component == "prometheus" else frozenset()
        extra = sorted({path for path, methods in paths.items() if methods != ["OPTIONS"]} - known - borrowed)
        yield f"Here, but not in the original: {code(extra) or 'nothing'}."
        yield ""


async def _served() -> dict[str, dict[str, list[str]]]:
    """Methods by path by component, of an engine that is made and not started. Refusals of methods don't count."""
    clock = SystemClock()
    app = Application(
        RunOptions(Path("prometheus.yml"), data_dir=None, listen=dict.fromkeys(DEFAULT_PORTS, OFF)),
        Loaded(
            file=Path("prometheus.yml"),
            config=resolve(PrometheusConfig()),
            rules={},
            alertmanager_file=Path("alertmanager.yml"),
            alertmanager=AlertmanagerConfig(route=RouteConfig()),
            findings=(),
            translations=(),
            sources={},
            promtail_file=Path("promtail.yml"),
            promtail=PromtailConfig(),
            loki_file=Path("loki.yml"),
            loki=LogSettings(LokiConfig()),
        ),
        Around(clock, InlineWorkers(), Supervisor(clock)),
    )
    try:
        found: dict[str, dict[str, list[str]]] = {}
        for component, served in routes(app.served(), dict.fromkeys(DEFAULT_PORTS, _nothing)).items():
            paths = found[component] = {}
            for route in served:
                if route.method != "*" and (route.method, route.path) not in REFUSALS:
                    paths.setdefault(route.path.replace(":.*}", "}"), []).append(route.method)
        return found
    finally:
        await app.stop()


async def _nothing(_: Sequence[str]) -> list[Family]:
    return []


# --- The page


def head() -> Iterator[str]:
    yield "<!-- Written by docs/generate.py from the code's own tables: change those, then run `make docs`. -->"
    yield from section(
        "Compatibility",
        "What of Prometheus 2.42, Alertmanager 0.25, node_exporter 1.5 and blackbox_exporter 0.23 works here,"
        " what is refused, and what is missing."
        " What behaves differently though it works is in [differences.md](differences.md).",
        level=1,
    )


PARTS: Final[tuple[Callable[[], Iterator[str]], ...]] = (
    head, command_line, configuration, discovery, receivers, promql, templates, node, cadvisor, http,
)  # fmt: skip

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

# What marks in the types don't say.
REMARKS: Final[Mapping[tuple[Shape, str], str]] = {
    (HttpProbe, "enable_http2"): "HTTP/2 needs the extra `http2`, and HTTP/1.1 is spoken without it",
    (HTTPClientConfig, "enable_http2"): "accepted; HTTP/1.1 is spoken, whatever it says",
    (AlertmanagersConfig, "api_version"): "`v2` works; `v1` is not supported here: use v2",
}
REFUSALS: Final = frozenset((("GET", "/-/reload"), ("GET", "/-/quit"), ("DELETE", "/api/v1/series")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
