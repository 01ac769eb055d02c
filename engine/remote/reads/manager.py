"""All servers that are read from: which of them are asked for a query, about what, and what becomes of answers.

As in Prometheus: a server with `required_matchers` is asked only by queries that hold all of them; one without
`read_recent` only for what is older than the store's samples, with a margin; external labels of ours are asked for and
taken off again, since that is how a server knows our samples. What fails is a warning of the query, which is answered
with the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from hashlib import md5
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.workers import Workers
from engine.query.evaluation import Selects
from engine.remote.config import RemoteReadConfig, distinct_names
from engine.remote.reading import ReadQuery, Row, told
from engine.remote.reads.client import ReadClient, ReadingError
from engine.remote.reads.merged import Fetched, Merged, united
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Need

MARGIN_MS: Final = 4 * 3_600_000
"""What is younger than the store's first sample by less may be incomplete there: two blocks of Prometheus."""
LOCAL_LABELS: Final = (
    "remote_read: names and values of labels are those that are known here: other servers are not asked"
)


class ReadParts(Struct, frozen=True, kw_only=True):
    """`oldest` is the time of the store's first sample (Unix ms), 0 where it has none; `most_samples` is what an answer
    may have.
    """

    addresses: AddressBook
    clock: Clock
    workers: Workers
    base: Callable[[], Path]
    oldest: Callable[[], int]
    most_samples: int


class RemoteReads:
    """`apply` configurations, `close` at the end."""

    def __init__(self, parts: ReadParts) -> None:
        self._parts = parts
        self._external: Mapping[str, str] = {}
        self.clients: list[ReadClient] = []

    @property
    def active(self) -> bool:
        return bool(self.clients)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said where labels are listed."""
        return (LOCAL_LABELS,) if self.clients else ()

    async def apply(self, configs: Sequence[RemoteReadConfig], external: Mapping[str, str]) -> None:
        """From now on these are asked; those whose configuration is equal go on."""
        before, self._external, self.clients = self.clients, external, []
        for config in configs:
            kept = next((one for one in before if one.config == config), None)
            self.clients.append(kept or self._made(config))
            before = [one for one in before if one is not kept]
        for client, name in zip(self.clients, _names(configs), strict=True):
            client.name = name
        for client in before:
            await client.close()

    def _made(self, config: RemoteReadConfig) -> ReadClient:
        parts = self._parts
        around = (parts.clock, parts.workers)
        return ReadClient(config, parts.addresses, parts.base(), around, most_samples=parts.most_samples)

    async def close(self) -> None:
        await self.apply((), {})

    async def beside(self, store: Selects, needs: Sequence[Need]) -> tuple[Selects, tuple[str, ...]]:
        """The store with what the servers have of these needs, and what went wrong, each once."""
        spans = [(need.matchers, need.start, need.end) for need in needs]
        distinct = list(dict.fromkeys(spans))
        found = await asyncio.gather(*(self._all(*span, "") for span in distinct))
        fetched: dict[tuple[Matcher, ...], list[Fetched]] = {}
        for (matchers, start, end), (answers, _) in zip(distinct, found, strict=True):
            fetched.setdefault(matchers, []).append(Fetched(start, end, united(answers)))
        warnings = dict.fromkeys(problem for _, problems in found for problem in problems)
        return Merged(store, fetched), tuple(warnings)

    async def series(self, matchers: Sequence[Matcher], start: int, end: int) -> tuple[set[Labels], tuple[str, ...]]:
        """The labels of the series that the servers have, and what went wrong."""
        answers, problems = await self._all(tuple(matchers), start, end, "series")
        return {labels for rows in answers for labels, _, _ in rows}, tuple(dict.fromkeys(problems))

    async def _all(
        self, matchers: tuple[Matcher, ...], start: int, end: int, func: str
    ) -> tuple[list[list[Row]], list[str]]:
        found = await asyncio.gather(*(self._one(client, matchers, start, end, func) for client in self.clients))
        return [one for one in found if isinstance(one, list)], [one for one in found if isinstance(one, str)]

    async def _one(
        self, client: ReadClient, matchers: tuple[Matcher, ...], start: int, end: int, func: str
    ) -> list[Row] | str:
        """The series, or what went wrong."""
        config = client.config
        asked = {(matcher.name, matcher.value) for matcher in matchers if matcher.op is MatchOp.EQUAL}
        if not config.required_matchers.items() <= asked:
            return []
        if not config.read_recent:
            kept_from = (self._parts.oldest() or self._parts.clock.now_ms()) + MARGIN_MS
            if start >= kept_from:
                return []
            end = min(end, kept_from)
        ours = self._ours(config, matchers)
        wanted = (*map(told, matchers), *((0, name, value) for name, value in sorted(ours.items())))
        try:
            rows = await client.read(ReadQuery(wanted, start, end), func)
        except ReadingError as error:
            return f"remote_read: {error}"
        return [(labels.without(ours), times, values) for labels, times, values in rows] if ours else rows

    def _ours(self, config: RemoteReadConfig, matchers: Sequence[Matcher]) -> dict[str, str]:
        """The external labels that a query does not ask about itself."""
        if not config.filter_external_labels:
            return {}
        named = {matcher.name for matcher in matchers}
        return {name: value for name, value in self._external.items() if name not in named}


def _names(configs: Sequence[RemoteReadConfig]) -> list[str]:
    """A server without a name is told by its URL, which may hold a password."""
    return distinct_names(
        (one.name, md5(one.url.reveal().encode(), usedforsecurity=False).hexdigest()[:6]) for one in configs
    )
