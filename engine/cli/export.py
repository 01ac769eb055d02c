"""`engine export stack DIR`: a folder in which the originals run what runs here."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.grouping import Commands
from engine.foundation.errors import ConfigError

if TYPE_CHECKING:
    from engine.config.load import Loaded
    from engine.config.stack_export.stack import Given
    from engine.foundation.source import Finding

_BLOCKS = ("promtool", "tsdb", "create-blocks-from", "openmetrics")


@click.group(cls=Commands)
def export() -> None:
    """Take what runs here to where it outgrows one machine."""


@export.command()
@click.argument("to", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--config", type=click.Path(path_type=Path), help="prometheus.yml  [./prometheus.yml]")
@click.option(
    "--compose",
    type=click.Path(path_type=Path),
    help="a compose file (or that of a folder): its images, flags and ports are kept",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="take the samples of this data folder along")
def stack(**given: Any) -> None:
    """Write a compose file and all files for the originals into DIR, which is made; nothing else is touched.

    What they would refuse or not find is put right, and told with its reason, in DIR/README.md too.
    """
    from engine.cli.running.found import stack_at
    from engine.config.stack_export.files import COMPOSE, compose_text, readme_text
    from engine.config.stack_export.stack import Export

    to: Path = given["to"]
    if given["compose"] is not None:
        given["compose"] = stack_at(given["compose"])
    found = Export(_loaded(given), to, _given(given["compose"]))
    before = _left(given["compose"]) if given["compose"] is not None else []
    with _filled(to):
        found.write()
        data = {}
        if given["data_dir"] is not None:
            data["prometheus"] = "./prometheus-data"
            found.words += _history(given["data_dir"], to)
        (to / COMPOSE).write_text(compose_text(found, data, f"{os.getuid()}:{os.getgid()}"), encoding="utf-8")
        left = [str(finding) for finding in _left(to) if finding.message not in found.met]
        found.words += _solved(before, left)
        (to / "README.md").write_text(readme_text(found.words, left), encoding="utf-8")
    click.echo(f"{to}: {', '.join(sorted(found.names))}")
    for title, lines in (("changed", found.words), ("left to do", left)):
        for line in lines:
            click.echo(f"  {title}: {line}")
    click.echo(f"start it: docker compose -f {to / COMPOSE} up -d")


@contextmanager
def _filled(to: Path) -> Iterator[None]:
    """The folder is there and whole afterwards, or as it was before. Raises ConfigError."""
    try:
        there = to.is_dir()
        if there and any(to.iterdir()):
            raise ConfigError(f"{to} is not empty: name a folder that is, or is not there yet")
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{to}: {error.strerror}") from None
    try:
        yield
    except BaseException as error:
        _emptied(to)
        if not there:
            to.rmdir()
        if isinstance(error, OSError):
            raise ConfigError(_told(error)) from None
        raise


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _told(error: OSError) -> str:
    """Of copies of whole folders all that went wrong."""
    if isinstance(error, shutil.Error):
        return "\n".join(str(why) for _, _, why in error.args[0])
    return f"{error.filename}: {error.strerror}"


def _loaded(given: Mapping[str, Any]) -> Loaded:
    """The files as a run would read them. Raises ConfigError."""
    from engine.app.reading import read
    from engine.cli.running.run import options_of, run

    named = [(f"--{name}", given[name]) for name in ("config", "compose") if given[name] is not None]
    config = given["config"] or Path("prometheus.yml")
    if not named and not config.is_file():
        raise ConfigError("there is no prometheus.yml here: name one with --config, or a compose file with --compose")
    words = [word for name, path in named or [("--config", config)] for word in (name, str(path))]
    with run.make_context("run", words) as context:
        return read(options_of(context.params))


def _given(path: Path | None) -> Mapping[str, Given]:
    """What the compose file says of the containers that are exported."""
    if path is None:
        return {}
    from engine.config.stack.compose import services
    from engine.config.stack.composed import kind_of
    from engine.config.stack.interpolation import dotenv
    from engine.config.stack.places import Places
    from engine.config.stack_export.stack import Given

    variables = {**dotenv(path.parent / ".env"), **os.environ}
    found: dict[str, Given] = {}
    for service in services(Places(path.parent).root(path), path.parent, variables):
        if (kind := kind_of(service)) is not None:
            published = [f"{one.host}:" * bool(one.host) + f"{one.outside}:{one.inside}" for one in service.ports]
            found[kind.component] = Given(
                image=service.image,
                name=service.name,
                command=service.command,
                environment=service.environment,
                ports=tuple(published),
                volumes=tuple(_of_the_machine(service.mounts, path.parent)),
            )
    return found


def _of_the_machine(mounts: Any, folder: Path) -> list[str]:
    """Mounts of other folders than the project's: logs, /proc and the like. Read only, as far as is known."""
    return [
        f"{mount.host}:{mount.inside}:ro"
        for mount in mounts
        if mount.host is not None and mount.host.is_absolute() and not mount.host.is_relative_to(folder.resolve())
    ]


def _history(data_dir: Path, to: Path) -> list[str]:
    """The samples as blocks, where promtool is there to make them; what became of them. Raises EngineError."""
    from engine.offline.folder import opened, store_folder
    from engine.offline.progress import Silent
    from engine.offline.reading import EVERYTHING, FIRST, LAST, Wanted
    from engine.offline.writing import export as write

    file, blocks = to / "history.om", to / "prometheus-data"
    blocks.mkdir()
    with opened(store_folder(data_dir)) as store, file.open("w", encoding="utf-8") as out:
        written = write(store, Wanted(EVERYTHING, FIRST, LAST), out.write, Silent())
    told = f"{written.samples} samples of {written.series} series lie in prometheus-data, without stale markers"
    words = [f"{told}; what is older than its retention Prometheus drops at its start"]
    if shutil.which(_BLOCKS[0]) is None:
        command = " ".join((*_BLOCKS, "history.om", "prometheus-data"))
        return [*words, f"promtool is not here: run `{command}` before the start"]
    done = subprocess.run([*_BLOCKS, str(file), str(blocks)], capture_output=True, text=True, check=False)  # noqa: S603 - its own words
    if done.returncode:
        raise ConfigError(f"promtool could not make blocks of {file}: {done.stderr.strip()}")
    file.unlink()
    return words


def _left(path: Path) -> list[Finding]:
    """What a check finds that a container would stumble over."""
    from engine.config.stack.check import check_stack
    from engine.foundation.source import Severity

    found = check_stack(path).findings
    return [finding for finding in found if finding.fatal or finding.severity is Severity.LINT]


def _solved(before: Sequence[Finding], left: Sequence[str]) -> list[str]:
    """What was found in the files and is found no more."""
    return [
        f"solved: {finding.path}: {finding.message}"
        for finding in before
        if not any(finding.message in line for line in left)
    ]
