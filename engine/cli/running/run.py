"""`engine run`: everything that the configuration names, in one process, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from engine.app.features import FEATURES
from engine.cli.grouping import write_titled
from engine.cli.option_types import COUNT, DURATION, FLOAT_COUNT, FOLDER, RegexType, SizeType, with_default
from engine.foundation.errors import ConfigError
from engine.query.engine import QueryLimits

if TYPE_CHECKING:
    from engine.app.options import RunOptions, WebOptions
    from engine.cli.running.found import Found
    from engine.config.stack.composed import Composed
    from promql.model.durations import Duration

IN_MEMORY: Final = ":memory:"
_WORDS: Final = "engine.words"
_ARGUMENTS: Final = "engine.arguments"
_CONFIGURATIONS: Final = frozenset((".yml", ".yaml"))
_COMPOSED: Final = "engine.composed"
_FOUND: Final = "engine.found"

# Flags of the original that mean something and are not built: refused by name, never ignored.
NOT_YET: Final = (
    "--scrape.adjust-timestamps",
    "--scrape.timestamp-tolerance",
    "--storage.agent.no-lockfile",
    "--storage.agent.retention.min-time",
    "--storage.agent.wal-truncate-frequency",
    "--storage.agent.wal-segment-size",
    "--storage.remote.flush-deadline",
    "--storage.tsdb.allow-overlapping-blocks",
    "--storage.tsdb.head-chunks-write-queue-size",
    "--storage.tsdb.max-block-duration",
    "--storage.tsdb.min-block-duration",
    "--storage.tsdb.no-lockfile",
    "--storage.tsdb.retention",
    "--web.local-assets",
)


_FILES: Final = frozenset((
    "config", "compose", "data_dir", "grafana_provisioning", "expand_env", "no_translate", "alertmanager_config",
    "blackbox_config", "promtail_config", "loki_config",
))  # fmt: skip
_HERE: Final = frozenset(("listen", "free_ports", "deliver", "notify", "detach", "ready_file", "exit_on_stdin_close"))
_TITLES: Final = (
    (
        "Which files",
        lambda one: one.name in _FILES or ((one.name or "").endswith("_config") and one.name != "web_config"),
    ),
    ("How it runs here", lambda one: one.name in _HERE),
    ("Web, as Prometheus's flags", lambda one: "--web." in one.opts[-1]),
    ("Storage, as Prometheus's flags", lambda one: "--storage." in one.opts[-1]),
    ("Queries, rules and the rest, as Prometheus's flags", lambda _: True),
)


class RunCommand(click.Command):
    """Says of a flag that exists in the originals, but not here, that it is not supported yet."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for arg in args:
            if arg.partition("=")[0] in NOT_YET:
                raise click.UsageError(f"{arg.partition('=')[0]} is not supported yet", ctx)
        from engine.cli.running.found import found_here

        ctx.meta[_ARGUMENTS] = [arg for arg in args if arg != "--detach"]
        found = ctx.meta[_FOUND] = found_here(args)
        words = ctx.meta[_WORDS] = _with_compose(self, ctx, [*found.words, *args])
        return super().parse_args(ctx, list(words))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_titled(ctx, formatter, _TITLES)


@click.command(cls=RunCommand)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option("--config", "--config.file", type=click.Path(path_type=Path), help="prometheus.yml  [what is found here]")
@click.option("--compose", type=click.Path(path_type=Path), help="what a compose file (or that of a folder) describes")
@click.option("--alertmanager-config", type=click.Path(path_type=Path), help="Alertmanager's file, if elsewhere")
@click.option("--blackbox-config", type=click.Path(path_type=Path), help="blackbox.yml, if elsewhere")
@click.option("--promtail-config", type=click.Path(path_type=Path), help="Promtail's file, if elsewhere")
@click.option("--loki-config", type=click.Path(path_type=Path), help="Loki's file, if elsewhere")
@click.option(
    "--grafana-provisioning", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Grafana's provisioning folder, if elsewhere",
)  # fmt: skip
@click.option("--agent", is_flag=True, help="scrape and forward by remote_write, and nothing else")
@click.option(
    "--data-dir", "--storage.agent.path", "--storage.tsdb.path", default="engine-data", show_default=True,
    help="where samples, silences and the journal are kept; :memory: keeps nothing",
)  # fmt: skip
@click.option("--listen", multiple=True, metavar="COMPONENT=HOST:PORT", help="repeatable; COMPONENT=off closes it")
@click.option("--web.listen-address", "listen_address", metavar="HOST:PORT", help="where Prometheus's API listens")
@click.option(
    "--deliver", multiple=True, is_flag=False, flag_value="*", metavar="[RECEIVER]",
    help="send notifications beyond this machine: all, or those of RECEIVER (repeatable)",
)  # fmt: skip
@click.option("--expand-env", is_flag=True, help="${NAME} in files is the environment variable NAME")
@click.option("--no-translate", is_flag=True, help="take container paths and service names as they are written")
@click.option("--web.enable-lifecycle", "enable_lifecycle", is_flag=True, help="allow POST /-/reload and /-/quit")
@click.option("--web.enable-admin-api", "enable_admin", is_flag=True, help="allow deletions and snapshots")
@click.option(
    "--web.enable-remote-write-receiver", "enable_remote_write", is_flag=True,
    help="take samples from other servers at /api/v1/write",
)  # fmt: skip
@click.option(
    "--web.enable-push-receiver", "enable_pushes", is_flag=True,
    help="take metrics at /metrics/job/NAME/..., as a Pushgateway does",
)  # fmt: skip
@click.option(
    "--alertmanager-external-url", "alertmanager_url", default="", metavar="URL",
    help="how people reach the Alertmanager: links in notifications  [where it listens]",
)  # fmt: skip
@click.option(
    "--alertmanager-retention", "alertmanager_retention", type=DURATION, default="120h", show_default=True,
    help="how long it remembers what was told, and silences that have ended",
)  # fmt: skip
@click.option("--web.external-url", "external_url", default="", metavar="URL", help="how people reach this engine")
@click.option(
    "--web.route-prefix", "route_prefix", metavar="PATH",
    help="answer below this path  [the path of --web.external-url]",
)  # fmt: skip
@click.option(
    "--web.config.file", "web_config", type=click.Path(path_type=Path),
    help="TLS, users and headers, for every port; the file of Prometheus's programs",
)  # fmt: skip
@click.option(
    "--web.cors.origin", "origins", type=RegexType(),
    help="pages of these origins may read and write, for example https?://(a|b)\\.example\\.com  [this machine's]",
)  # fmt: skip
@with_default(
    "--web.read-timeout", "read_timeout", DURATION, "5m",
    "connections that have not told their request by then, or are idle for so long, are closed, 0 for none",
)  # fmt: skip
@with_default("--web.max-connections", "max_connections", COUNT, 512, "connections of each port beyond these wait")
@click.option("--web.page-title", "page_title", metavar="TEXT", help="the title of the first page")
@click.option(
    "--web.user-assets", "user_assets", type=click.Path(path_type=Path), help="a folder that is served at /user"
)
@with_default(
    "--web.console.templates", "console_templates", FOLDER, "consoles",
    "the folder of templates that are served at /consoles",
)  # fmt: skip
@with_default(
    "--web.console.libraries", "console_libraries", FOLDER, "console_libraries",
    "the folder of *.lib files that these templates may call",
)  # fmt: skip
@click.option("--storage.tsdb.retention.time", "retention_time", type=DURATION, help="[15d]")
@click.option("--storage.tsdb.retention.size", "retention_size", type=SizeType(), help="for example 512MB")
@click.option(
    "--storage.tsdb.wal-compression/--no-storage.tsdb.wal-compression",
    "--storage.agent.wal-compression/--no-storage.agent.wal-compression", "wal_compression", default=None,
    help="deflate the records of the log  [yes]",
)  # fmt: skip
@with_default(
    "--storage.agent.retention.max-time", "agent_kept", DURATION, "4h", "how long an agent keeps what it could not send"
)
@with_default(
    "--storage.remote.read-sample-limit", "read_samples", FLOAT_COUNT, "5e7",
    "samples of one query of remote read; those beyond are refused, 0 for any number",
)  # fmt: skip
@with_default(
    "--storage.remote.read-concurrent-limit", "read_concurrency", COUNT, 10, "requests of remote read beyond these wait"
)
@with_default(
    "--storage.remote.read-max-bytes-in-frame", "read_frame", COUNT, 1 << 20,
    "about the largest frame of a streamed answer to remote read; never over 60 KiB",
)  # fmt: skip
@with_default("--query.lookback-delta", "lookback", DURATION, "5m", "how old a sample may be and still count as now")
@with_default("--query.timeout", "timeout", DURATION, "2m", "a query that takes longer is ended")
@with_default(
    "--query.max-samples", "max_samples", COUNT, 50_000_000, "a query that would hold more at once is refused"
)
@with_default("--query.max-concurrency", "max_concurrency", COUNT, 20, "queries beyond these wait")
@click.option(
    "--query-url", default="", metavar="URL",
    help="queries of the page and of rules are evaluated by the Prometheus, Thanos, Mimir or VictoriaMetrics there",
)  # fmt: skip
@click.option(
    "--query-http-config", type=click.Path(path_type=Path),
    help="how that server is spoken to: passwords, TLS, headers; the file of promtool's --http.config.file",
)  # fmt: skip
@with_default(
    "--rules.alert.for-outage-tolerance", "outage", DURATION, "1h",
    "alerts keep their age over an outage of this length",
)  # fmt: skip
@with_default(
    "--rules.alert.for-grace-period", "grace", DURATION, "10m",
    "how long a restored alert waits at least; shorter ones begin anew",
)  # fmt: skip
@with_default("--rules.alert.resend-delay", "resend", DURATION, "1m", "how often Alertmanagers are told again")
@with_default(
    "--alertmanager.notification-queue-capacity", "queue_capacity", COUNT, 10_000,
    "alerts that may wait for Alertmanagers",
)  # fmt: skip
@click.option(
    "--enable-feature", "features", multiple=True, metavar="NAME[,NAME]",
    help=f"repeatable; there are: {', '.join(FEATURES)}",
)  # fmt: skip
@click.option("--config.auto-reload", "auto_reload", is_flag=True, help="load the files again when one has changed")
@with_default("--config.auto-reload-interval", "auto_reload_interval", DURATION, "30s", "how often they are looked at")
@click.option("--notify", is_flag=True, help="show alerts on the desktop too")
@click.option("--free-ports", is_flag=True, help="where a port is taken, use a free one, and say which")
@click.option("--detach", is_flag=True, help="come back once all is ready; engine stop ends it")
@click.option("--ready-file", type=click.Path(path_type=Path), help="written, with the addresses, once all is ready")
@click.option(
    "--exit-on-stdin-close", "exit_on_stdin_close", is_flag=True,
    help="end when standard input is closed, as it is when the program that started this has ended",
)  # fmt: skip
@with_default("--log.level", "level", click.Choice(["debug", "info", "warn", "error"]), "warn", "how much the log says")
@with_default("--log.format", "style", click.Choice(["logfmt", "json"]), "logfmt", "for people, or for machines")
def run(**given: Any) -> None:
    """Scrape, store, evaluate rules and notify, as the configuration says, until Ctrl-C.

    FILEs are followed, as Promtail does: app.log, or 'logs/*.log'. Without any configuration, this engine and this
    machine are watched.
    """
    if given["detach"]:
        from engine.cli.running.life import detach

        if given["data_dir"] == IN_MEMORY:
            raise ConfigError("--detach needs a data folder, where its log is kept")
        sys.exit(detach(click.get_current_context().meta[_ARGUMENTS], Path(given["data_dir"])))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the files are yet to be read, and its default is to end us

    from engine.foundation import logs
    from engine.foundation.memory import tame_heap
    from engine.foundation.trust import without_default_trust

    tame_heap()
    with without_default_trust():
        from engine.app.process.run import run_until_stopped
    options = options_of(given)
    logs.configure(given["level"], given["style"])
    sys.exit(asyncio.run(run_until_stopped(options, as_json=given["style"] == "json")))


def options_of(given: Mapping[str, Any]) -> RunOptions:
    """What the flags of the current context mean. Raises ConfigError."""
    from engine.app.features import enabled
    from engine.app.options import RunOptions
    from engine.remote.reader import ReadLimits

    data_dir = given["data_dir"]
    return RunOptions(
        config=_config(given["config"]),
        files=_followed(given["files"]),
        alertmanager_config=given["alertmanager_config"],
        blackbox_config=given["blackbox_config"],
        promtail_config=given["promtail_config"],
        loki_config=given["loki_config"],
        grafana_provisioning=given["grafana_provisioning"],
        data_dir=None if data_dir == IN_MEMORY else Path(data_dir),
        data_dir_given=_named("data_dir"),
        listen=_addresses(given["listen"], given["listen_address"]),
        deliver=frozenset(given["deliver"]),
        translate=not given["no_translate"],
        environment=os.environ if given["expand_env"] else None,
        enable_lifecycle=given["enable_lifecycle"],
        enable_admin=given["enable_admin"],
        enable_remote_write=given["enable_remote_write"],
        enable_pushes=given["enable_pushes"],
        web=_web(given),
        alertmanager_url=given["alertmanager_url"],
        alertmanager_retention_ms=given["alertmanager_retention"],
        retention_ms=given["retention_time"],
        retention_bytes=given["retention_size"],
        wal_compression=given["wal_compression"],
        agent_kept_ms=_agent(given),
        query_url=given["query_url"],
        query_http_config=given["query_http_config"],
        read_limits=ReadLimits(given["read_samples"], given["read_concurrency"], given["read_frame"]),
        limits=QueryLimits(given["lookback"], given["timeout"] / 1000, given["max_samples"], given["max_concurrency"]),
        outage_tolerance_ms=given["outage"],
        grace_period_ms=given["grace"],
        resend_delay_ms=given["resend"],
        queue_capacity=given["queue_capacity"],
        free_ports=given["free_ports"],
        notify=given["notify"],
        found=_found(),
        **_of_compose(click.get_current_context().meta.get(_COMPOSED)),
        ready_file=given["ready_file"],
        exit_on_stdin_close=given["exit_on_stdin_close"],
        auto_reload_seconds=_auto_reload(given),
        features=enabled(given["features"]),
        flags={p.opts[-1].removeprefix("--"): _shown(given[p.name or ""]) for p in run.params if p.name in given},
    )


def _with_compose(command: click.Command, ctx: click.Context, args: list[str]) -> list[str]:
    """The flags that a compose file stands for, and behind them, since they beat those, the ones that were given."""
    at = next((n for n, arg in enumerate(args) if arg.partition("=")[0] == "--compose"), None)
    if at is None or not (args[at].partition("=")[2] or args[at + 1 :]):
        return args
    from engine.cli.running.found import stack_at
    from engine.config.stack.composed import composed

    path = stack_at(Path(args[at].partition("=")[2] or args[at + 1]))
    known = frozenset(option for param in command.params for option in param.opts)
    found = ctx.meta[_COMPOSED] = composed(path, os.environ, known)
    return [*found.words, *args]


def _of_compose(found: Composed | None) -> dict[str, Any]:
    if found is None:
        return {}
    mounts = tuple((mount.inside, mount.host) for mount in found.mounts if mount.host is not None)
    return {"mounts": mounts, "node_flags": found.node, "notes": found.notes, "grafana_variables": found.grafana}


def _agent(given: Mapping[str, Any]) -> Duration | None:
    """How long an agent keeps samples; None for what is none. Raises ConfigError for flags of the other mode."""
    from engine.app.agent import check_flags
    from engine.app.features import AGENT, enabled

    agent = given["agent"] or AGENT in enabled(given["features"])
    check_flags(click.get_current_context().meta[_WORDS], agent=agent)
    kept: Duration = given["agent_kept"]
    return kept if agent else None


def _auto_reload(given: Mapping[str, Any]) -> float | None:
    from engine.app.features import AUTO_RELOAD, enabled

    wanted = given["auto_reload"] or AUTO_RELOAD in enabled(given["features"])
    interval: Duration = given["auto_reload_interval"]
    if wanted and not interval:
        raise ConfigError("--config.auto-reload-interval: want a duration above 0")
    return interval.seconds if wanted else None


def _web(given: Mapping[str, Any]) -> WebOptions:
    from engine.app.options import PAGE_TITLE, WebOptions
    from engine.web.connections import Limits

    return WebOptions(
        config=given["web_config"],
        external_url=given["external_url"],
        route_prefix=given["route_prefix"],
        origins=given["origins"],
        limits=Limits(given["read_timeout"] / 1000, given["max_connections"]),
        title=PAGE_TITLE if given["page_title"] is None else given["page_title"],
        assets=given["user_assets"],
        console_templates=given["console_templates"],
        console_libraries=given["console_libraries"],
    )


def _config(path: Path | None) -> Path | None:
    """None where there is none, and what other files name runs, or else the default. Raises ConfigError."""
    if path is not None and path.is_dir():
        raise ConfigError(f"{path} is a folder: name the file in it, as in --config {path / 'prometheus.yml'}")
    if path is not None and not path.is_file():
        raise ConfigError(f"{path}: no such file: name it with --config FILE")
    return path


def _found() -> tuple[str, ...]:
    found: Found | None = click.get_current_context().meta.get(_FOUND)
    return () if found is None else found.told


def _followed(files: Sequence[Path]) -> tuple[Path, ...]:
    """Raises ConfigError for what can be no file of lines."""
    for file in files:
        if file.is_dir():
            raise ConfigError(f"{file} is a folder: name the files in it, as in '{file / '*.log'}'")
        if file.suffix in _CONFIGURATIONS:
            raise ConfigError(f"{file}: a FILE is followed as a log: a configuration is named as in --config {file}")
    return tuple(files)


def _addresses(pairs: tuple[str, ...], prometheus: str | None) -> Mapping[str, str]:
    from engine.app.options import DEFAULT_PORTS, OFF
    from engine.web.server import parse_listen

    found = {} if prometheus is None else {"prometheus": prometheus}
    for pair in pairs:
        component, equals, address = pair.partition("=")
        if not equals or component not in DEFAULT_PORTS:
            raise ConfigError(
                f"--listen {pair}: want COMPONENT=HOST:PORT or COMPONENT=off; components: {', '.join(DEFAULT_PORTS)}"
            )
        found[component] = address
    for component, address in found.items():
        if address != OFF:
            parse_listen(component, address)
    return found


def _named(parameter: str) -> bool:
    """Whether the user gave it, by flag."""
    source = click.get_current_context().get_parameter_source(parameter)
    return source is click.core.ParameterSource.COMMANDLINE


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)
