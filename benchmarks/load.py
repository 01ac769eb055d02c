"""Pages to scrape, rendered before anybody asks for them, and the server that hands them out.

A process of its own, so that what it costs is counted on nobody's side: `python -m benchmarks.load SPEC`, where SPEC
is a `Spec` in JSON. It prints `ready` once all pages are rendered. Each side (the engine, the original) asks under a
path of its own (`/SIDE/metrics`) and gets the pages in their order, page after page; none comes twice.
`/stats/SIDE/SECONDS` tells how many pages the side was given, and how late it asked in the last so many seconds (0:
since the start).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec
import numpy as np
from isal import igzip

from promql.model.types import FloatArray

MOVING: Final = 0.3
"""So many of the counters and histograms move from page to page; gauges all do."""
_METHODS: Final = ("GET", "POST", "PUT", "DELETE")
_CODES: Final = ("200", "201", "301", "400", "404", "429", "500", "503")
_BOUNDS: Final = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "10", "+Inf")
_HISTOGRAM: Final = len(_BOUNDS) + 2
_GAUGES: Final = ("queue_depth", "process_resident_memory_bytes", "cache_hit_ratio")
_FORMATS: Final = ("%d", "%.8e", "%r")


@dataclass(frozen=True, slots=True)
class Spec:
    """`targets` targets of `series` series each on addresses of their own, and `pages` pages for each."""

    targets: int
    series: int
    pages: int
    port: int
    gzip: bool
    interval: float


@dataclass(frozen=True, slots=True)
class Stats:
    """Pages given, the fewest to one target, how late they were asked for, and how often a beat was left out."""

    pages: int
    fewest: int
    late_p99_ms: float
    late_most_ms: float
    missed: int


def address(target: int) -> str:
    return f"127.0.{1 + target // 250}.{1 + target % 250}"


class Application:
    """One target: two fifths counters, a quarter gauges, the rest histograms."""

    def __init__(self, series: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        gauges = series // 4
        self._histograms = series * 7 // 20 // _HISTOGRAM
        counters = series - gauges - self._histograms * _HISTOGRAM
        self._counters = self._random.integers(0, 200_000, counters)
        self._gauges = self._random.uniform(0, 1, gauges)
        self._buckets = self._random.poisson(40, (self._histograms, len(_BOUNDS))).cumsum(axis=1)
        self._sums = self._random.exponential(100, self._histograms)
        self._heads = [*_counter_heads(counters), *_gauge_heads(gauges), *_histogram_heads(self._histograms)]
        self._formats = [_FORMATS[i * len(_GAUGES) // gauges] for i in range(gauges)]
        self._scales = np.array([{"%d": 500, "%.8e": 2e9, "%r": 1.0}[form] for form in self._formats])

    def pages(self, count: int) -> Iterator[bytes]:
        for _ in range(count):
            self._move()
            yield ("\n".join(map(str.__add__, self._heads, self._values())) + "\n").encode()

    def _move(self) -> None:
        random = self._random
        moving = random.random(len(self._counters)) < MOVING
        self._counters[moving] += random.integers(1, 500, int(moving.sum()))
        self._gauges = np.clip(self._gauges + random.normal(0, 0.01, len(self._gauges)), 0, 1)
        busy = np.flatnonzero(random.random(self._histograms) < MOVING)
        seen = random.poisson(3, (len(busy), len(_BOUNDS)))
        self._buckets[busy] += seen.cumsum(axis=1)
        self._sums[busy] += random.exponential(1, len(busy))

    def _values(self) -> Iterator[str]:
        yield from map(str, self._counters.tolist())
        yield from map(str.__mod__, self._formats, [(x,) for x in (self._gauges * self._scales).tolist()])
        for buckets, total in zip(self._buckets.tolist(), self._sums.tolist(), strict=True):
            yield from map(str, buckets)
            yield repr(total)
            yield str(buckets[-1])


def _comment(name: str, kind: str) -> str:
    return f"# HELP {name} What {name.replace('_', ' ')} is about.\n# TYPE {name} {kind}\n"


def _counter_heads(count: int) -> Iterator[str]:
    each = len(_METHODS) * len(_CODES) * 25
    for i in range(count):
        name = f"shop_{('http', 'grpc', 'sql', 'queue')[i // each % 4]}_requests{i // each // 4 or ''}_total"
        method, code, route = _METHODS[i % 4], _CODES[i // 4 % 8], i // 32 % 25
        labels = (
            f'method="{method}",code="{code}",handler="/api/v1/customers/{{id}}/orders/{route}",region="eu-central-1"'
        )
        yield f"{'' if i % each else _comment(name, 'counter')}{name}{{{labels}}} "


def _gauge_heads(count: int) -> Iterator[str]:
    for i in range(count):
        nth = i * len(_GAUGES) // count
        first = i == 0 or nth != (i - 1) * len(_GAUGES) // count
        name = f"shop_{_GAUGES[nth]}"
        labels = f'pod="checkout-7c9d8f6b5-{i % 977:05x}",namespace="shop-{i // 977 % 40}",zone="{"abc"[i % 3]}"'
        yield f"{_comment(name, 'gauge') if first else ''}{name}{{{labels}}} "


def _histogram_heads(count: int) -> Iterator[str]:
    name = "shop_http_request_duration_seconds"
    for i in range(count):
        labels = f'handler="/api/v1/customers/{{id}}/orders/{i}",method="{_METHODS[i % 4]}"'
        for nth, bound in enumerate(_BOUNDS):
            yield f'{"" if i or nth else _comment(name, "histogram")}{name}_bucket{{{labels},le="{bound}"}} '
        yield f"{name}_sum{{{labels}}} "
        yield f"{name}_count{{{labels}}} "


class Book:
    """What each target has to show, and who has seen how much of it."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._pages = {address(target): self._rendered(target) for target in range(spec.targets)}
        self._given: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._asked: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def next(self, side: str, target: str) -> bytes:
        nth = self._given[side][target]
        self._given[side][target] = nth + 1
        self._asked[side][target].append(time.perf_counter())
        return self._pages[target][nth]

    def stats(self, side: str, seconds: float) -> Stats:
        since = time.perf_counter() - seconds if seconds else 0.0
        asked = [np.array(times[2:]) for times in self._asked[side].values()]  # the first ones are the start's
        asked = [times[times >= since] for times in asked]
        late = np.concatenate([self._late(times) for times in asked if len(times)] or [np.empty(0)])
        gaps = np.concatenate([np.diff(times) for times in asked] or [np.empty(0)])
        given = [self._given[side][target] for target in self._pages]
        missed = int((np.rint(gaps / self._spec.interval) - 1).clip(0).sum())
        p99, most = (float(np.percentile(late, q)) if len(late) else 0.0 for q in (99, 100))
        return Stats(sum(given), min(given), p99, most, missed)

    def _late(self, asked: FloatArray) -> FloatArray:
        """Milliseconds against the beat, which is that of the earliest question."""
        interval = self._spec.interval
        off = (asked - asked[0] + interval / 2) % interval
        late: FloatArray = (off - off.min()) * 1000
        return late

    def _rendered(self, target: int) -> list[bytes]:
        kind = b"text/plain; version=0.0.4; charset=utf-8"
        pages = Application(self._spec.series, target).pages(self._spec.pages)
        if not self._spec.gzip:
            return [response(page, kind) for page in pages]
        return [response(igzip.compress(page, 1), kind, b"Content-Encoding: gzip\r\n") for page in pages]


def response(body: bytes, kind: bytes, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n%s" % (kind, more, len(body), body)


class Connection(asyncio.Protocol):
    """Answers GETs one after the other."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._target = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        self._data += data
        while b"\r\n\r\n" in self._data:
            head, _, self._data = self._data.partition(b"\r\n\r\n")
            self._answer(head.split(b" ")[1].decode().strip("/").split("/"))

    def _answer(self, path: list[str]) -> None:
        if path[0] == "stats":
            told = self._book.stats(path[1], float(path[2]))
            self._transport.write(response(msgspec.json.encode(told), b"application/json"))
        else:
            self._transport.write(self._book.next(path[0], self._target))


async def serve(spec: Spec) -> None:
    book = Book(spec)
    loop = asyncio.get_running_loop()
    hosts = ["127.0.0.1", *(address(target) for target in range(spec.targets))]
    server = await loop.create_server(partial(Connection, book), hosts, spec.port, backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(msgspec.json.decode(sys.argv[1], type=Spec)))
