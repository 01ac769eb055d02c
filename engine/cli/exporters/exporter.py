"""`engine exporter NAME`: one exporter alone, under the original's flags, for any Prometheus to scrape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.exporters.alone import Alone, How, everywhere, of_pages, run, run_page
from engine.cli.grouping import Commands
from engine.cli.option_types import ANY_COUNT, SECONDS, with_default

if TYPE_CHECKING:
    from engine.foundation.clock import Clock
    from engine.foundation.workers import Workers

_ANY_FLAG = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": ["-h", "--help"]}


@click.group(cls=Commands)
def exporter() -> None:
    """Run one exporter alone, for any Prometheus to scrape."""


@exporter.command(context_settings=_ANY_FLAG)
@of_pages("127.0.0.1:9100")
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
def node(flags: tuple[str, ...], **how: Any) -> None:
    """The machine's metrics; FLAGS are those of node_exporter: --collector.X, --no-collector.X, --path.procfs ..."""
    from exporters.node.exporter import NodeExporter
    from exporters.node.flags import parse_flags

    run_page("node", "Node Exporter", lambda: NodeExporter(parse_flags(flags)), How(**how))


@exporter.command(context_settings=_ANY_FLAG)
@of_pages("127.0.0.1:8080", "--prometheus_endpoint")
@click.option("--port", type=click.IntRange(0, 65535), help="cAdvisor's own way to say where it listens")
@click.option("--listen_ip", "host", help="likewise; 0.0.0.0 is everywhere")
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
def cadvisor(flags: tuple[str, ...], port: int | None, host: str | None, **how: Any) -> None:
    """What containers and control groups use; FLAGS are those of cAdvisor: --docker_only, --disable_metrics ..."""
    from exporters.cadvisor.exporter import Cadvisor
    from exporters.cadvisor.flags import parse_flags

    if port is not None or host is not None:
        how["addresses"] = (f"{host or '127.0.0.1'}:{8080 if port is None else port}",)
    run_page("cadvisor", "cAdvisor", lambda: Cadvisor(parse_flags(flags)), How(**how))


@exporter.command()
@of_pages("127.0.0.1:9256")
@click.option(
    "--match",
    "matches",
    multiple=True,
    metavar="REGEX",
    help="processes whose command line holds this; may be repeated",
)
@click.option(
    "--pid", "pids", multiple=True, type=click.IntRange(min=1), help="the process of this number; may be repeated"
)
@click.option("--procnames", default="", metavar="NAME,...", help="processes that the kernel calls so, a group each")
@click.option(
    "--config", "--config.path", "file", type=click.Path(path_type=Path), help="rules in the format of process-exporter"
)
@click.option("--procfs", type=click.Path(path_type=Path), default=Path("/proc"), show_default=True)
@click.option("--children", type=bool, default=True, show_default=True, help="count what a process starts with it")
@click.option("--threads", type=bool, default=True, show_default=True, help="tell of threads by their names")
@click.option(
    "--gather-smaps",
    "proportional",
    type=bool,
    default=True,
    show_default=True,
    help="tell of shared memory in proportion",
)
@click.option("--recheck", type=bool, default=False, show_default=True, help="look at names at each scrape")
@click.option("--remove-empty-groups", "remove_empty", type=bool, default=False, show_default=True)
def process(
    *, matches: tuple[str, ...], pids: tuple[int, ...], procnames: str, file: Path | None, procfs: Path, children: bool,
    threads: bool, proportional: bool, recheck: bool, remove_empty: bool, **how: Any,
) -> None:  # fmt: skip
    """What processes use, chosen by --match, --pid, --procnames or a file, in groups."""
    from exporters.process.exporter import ProcessExporter, ProcessOptions
    from exporters.process.selection import select

    options = ProcessOptions(
        rules=select(matches, pids, procnames, file),
        procfs=procfs,
        children=children,
        threads=threads,
        proportional=proportional,
        recheck=recheck,
        remove_empty=remove_empty,
    )
    run_page("process", "Process Exporter", lambda: ProcessExporter(options), How(**how))


@exporter.command()
@click.option(
    "--config", "--config.file", "file", type=click.Path(path_type=Path),
    help="blackbox.yml  [the original's modules: http_2xx, tcp_connect, icmp ...]",
)  # fmt: skip
@click.option("--config.check", "only_check", is_flag=True, help="judge the file, and end")
@with_default("--timeout-offset", "offset", SECONDS, 0.5, "seconds of a scrape's timeout that are left over")
@with_default("--history.limit", "limit", ANY_COUNT, 100, "probes that are remembered")
@everywhere("127.0.0.1:9115")
def blackbox(*, file: Path | None, only_check: bool, offset: float, limit: int, **how: Any) -> None:
    """Probes over HTTP, TCP, ICMP, DNS and gRPC: /probe?target=HOST&module=NAME."""
    from exporters.blackbox.file import load

    loaded = load(file)
    if only_check:
        click.echo(f"{file or 'the built-in modules'}: fine")
        return

    def alone(clock: Clock, _: Workers) -> Alone:
        from engine.foundation.addresses import AddressBook
        from exporters.blackbox import pages
        from exporters.blackbox.exporter import Blackbox

        addresses = AddressBook(clock, translate=False)
        base = Path() if file is None else file.parent
        made = Blackbox(loaded, base, clock=clock, addresses=addresses, offset=offset, history_limit=limit)

        async def reload() -> None:
            made.reloads.good = False
            made.apply(load(file), base)

        return Alone(pages.routes(lambda: made, reload), reload)

    run("blackbox", alone, How(**how))
