"""What `engine run` starts when no flag says: what lies in this folder, or else a default.

`./prometheus.yml` wins, then a compose file that describes a stack, then `./prometheus/prometheus.yml`. What was found
is said, and so is what was passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.foundation.errors import ConfigError

CONFIGS: Final = ("prometheus.yml", "prometheus.yaml")
_DEEPER: Final = tuple(f"prometheus/{name}" for name in CONFIGS)
_SAID: Final = frozenset(("--config", "--config.file", "--compose", "--help", "-h"))
_ENOUGH: Final = frozenset(("--loki-config", "--promtail-config"))
"""What runs by itself: a `prometheus.yml` of this folder goes with it, and nothing else is looked for."""


class Found(Struct, frozen=True):
    """`words` are flags of `engine run`; `told` says in words what they start, and what was passed over."""

    words: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def found_here(args: Sequence[str], folder: Path = Path()) -> Found:
    """Nothing where the arguments say what is to be run."""
    given = {arg.partition("=")[0] for arg in args}
    if given & _SAID:
        return Found()
    config = _first(folder, CONFIGS)
    if given & _ENOUGH:
        return Found() if config is None else Found(("--config", str(config)), (f"{config} of this folder",))
    composed = stacks_in(folder)
    if config is not None:
        return Found(("--config", str(config)), (f"{config} of this folder", *_passed_over(composed)))
    if composed:
        first, *others = composed
        return Found(("--compose", str(first)), (f"what {first} describes, without Docker", *_passed_over(others)))
    if (config := _first(folder, _DEEPER)) is not None:
        return Found(("--config", str(config)), (f"{config}",))
    return Found((), ("no prometheus.yml is here (--config FILE names one): this engine and this machine are watched",))


def _first(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _passed_over(files: Sequence[Path]) -> list[str]:
    return [f"not {file}: --compose {file} starts what that describes" for file in files]


def stack_at(path: Path) -> Path:
    """The compose file that `--compose` means: that one, or the only one of a folder. Raises ConfigError."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise ConfigError(f"--compose {path}: no such file")
    written = _compose_files(path)
    found = written if len(written) == 1 else stacks_in(path)  # of one alone it is told what is wrong with it
    if len(found) > 1:
        raise ConfigError(f"--compose {path}: a folder with several; name one: {', '.join(map(str, found))}")
    if not found:
        raise ConfigError(f"--compose {path}: a folder, and no compose file in it describes a program of a stack")
    return found[0]


def stacks_in(folder: Path) -> list[Path]:
    """The compose files that describe one of the programs that we stand in for."""
    return [file for file in _compose_files(folder) if _describes_a_stack(file)]


def _compose_files(folder: Path) -> list[Path]:
    from engine.config.stack.compose import NAMES

    return sorted({file for name in NAMES for file in folder.glob(name) if file.is_file()})


def _describes_a_stack(file: Path) -> bool:
    import os

    from engine.config.stack.compose import services
    from engine.config.stack.composed import kind_of
    from engine.config.stack.places import Places

    try:
        return any(kind_of(one) for one in services(Places(file.parent).root(file), file.parent, os.environ))
    except ConfigError:  # of a variable that is not set, say: whoever names the file is told
        return False
