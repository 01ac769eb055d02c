"""Answers to queries as JSON, with the statistics that clients of Loki show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from engine.logql.execute.lines import Entry
from engine.query.logs.engine import LogAnswer
from engine.web.api import encode
from engine.web.api.loki.answers import RefusedError
from promql.model.labels import Labels
from promql.model.results import Matrix, Vector


def answered(answer: LogAnswer) -> bytes:
    """The whole body. Raises RefusedError for a bare number, which has no shape in Loki."""
    told = b',"stats":' + msgspec.json.encode(statistics(answer))
    match answer.result:
        case Vector() | Matrix():
            *data, end = encode.result(answer.result)
        case list():
            data, end = [b'{"resultType":"streams","result":', streams(answer.result)], b"}"
        case _:
            raise RefusedError("unsupported response type, got (scalar)", 500)
    return b"".join([b'{"status":"success","data":', *data, told, end, b"}"])


def streams(entries: Iterable[Entry]) -> bytes:
    """Lines by their labels, those of a stream in the order of the query."""
    found: dict[Labels, list[tuple[str, str]]] = {}
    for entry in entries:
        found.setdefault(entry.labels, []).append((str(entry.time), entry.line))
    return msgspec.json.encode([{"stream": one.as_dict(), "values": values} for one, values in found.items()])


def one_by_one(entries: Sequence[Entry]) -> list[dict[str, object]]:
    """Each line as a stream of its own, as the tail tells them."""
    return [{"stream": one.labels.as_dict(), "values": [(str(one.time), one.line)]} for one in entries]


def statistics(answer: LogAnswer) -> dict[str, object]:
    """What was read, by Loki's names: blocks are its chunks. What there is none of here (caches) is zero."""
    read, seconds = answer.read, max(answer.seconds, 1e-9)
    returned = len(answer.result) if isinstance(answer.result, list) else 0
    chunk = {
        "headChunkBytes": 0,
        "headChunkLines": 0,
        "decompressedBytes": read.bytes,
        "decompressedLines": read.lines,
        "compressedBytes": 0,
        "totalDuplicates": 0,
    }
    store = {
        "totalChunksRef": read.blocks,
        "totalChunksDownloaded": read.blocks,
        "chunksDownloadTime": 0,
        "chunk": chunk,
    }
    empty = {"totalChunksRef": 0, "totalChunksDownloaded": 0, "chunksDownloadTime": 0, "chunk": dict.fromkeys(chunk, 0)}
    counts = ("entriesFound", "entriesRequested", "entriesStored", "bytesReceived", "bytesSent", "requests")
    reached = ("totalReached", "totalChunksMatched", "totalBatches", "totalLinesSent")
    return {
        "summary": {
            "bytesProcessedPerSecond": round(read.bytes / seconds),
            "linesProcessedPerSecond": round(read.lines / seconds),
            "totalBytesProcessed": read.bytes,
            "totalLinesProcessed": read.lines,
            "execTime": answer.seconds,
            "queueTime": answer.queue_seconds,
            "subqueries": 0,
            "totalEntriesReturned": returned,
        },
        "querier": {"store": store},
        "ingester": {**dict.fromkeys(reached, 0), "store": empty},
        "cache": {kind: dict.fromkeys(counts, 0) for kind in ("chunk", "index", "result")},
    }
