"""Sources of targets and kinds of receivers: what the configuration takes and what runs have to agree."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from docs.tables.configuration import own_keys, releases
from docs.tables.keys import Key, keys_of
from docs.tables.markdown import code, section, table
from engine.alerting.config.kinds import RECEIVERS
from engine.alerting.config.receivers import Receiver
from engine.discovery.config import TargetSources
from engine.discovery.sources import SOURCES


def discovery() -> Iterator[str]:
    yield from section("Service discovery", "In scrape jobs and in `alerting.alertmanagers`.")
    yield from _states(own_keys(TargetSources), SOURCES)


def receivers() -> Iterator[str]:
    yield from section("Receivers", "Beyond this machine nothing is sent without `--deliver`.")
    built = {f"{name}_configs" for name in RECEIVERS}
    yield from _states([key for key in keys_of(Receiver) if key.name.endswith("_configs")], built)
    yield f"Known from later releases, refused as unknown keys: {releases(Receiver.LATER)}."
    yield ""


def _states(keys: Sequence[Key], built: Collection[str]) -> Iterator[str]:
    """Raises ValueError where a key is taken that nothing stands behind, or the other way round."""
    if differing := {key.name for key in keys if key.read} ^ set(built):
        raise ValueError(f"the configuration and the table of what runs disagree: {', '.join(sorted(differing))}")
    by_state = groupby(sorted(keys, key=lambda key: (not key.read, key.limit)), key=lambda key: key.limit)
    yield from table(("Keys", ""), [(code(key.name for key in same), limit or "works") for limit, same in by_state])
