"""`/api/v1/status/remote_write`, ours: where samples go, how far each server is, what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from engine.web.api.envelope import answering, success
from promql.model.instants import rfc3339

if TYPE_CHECKING:
    from engine.remote.writing.manager import RemoteWrites
    from engine.remote.writing.queue import Queue


def routes(writes: RemoteWrites) -> list[web.RouteDef]:
    """The servers of `remote_write`, and those to which nothing is sent since they lie beyond this machine."""

    async def page(_: web.Request) -> web.Response:
        withheld = list(dict.fromkeys(writes.withheld))  # tenants may have one URL
        return success({"servers": [_server(queue) for queue in writes.queues], "withheld": withheld})

    return [web.get("/status/remote_write", answering(page))]


def _server(queue: Queue) -> dict[str, Any]:
    counts, samples = queue.counts, queue.counts.samples
    more = {"newest": rfc3339(counts.highest_sent)} if counts.highest_sent else {}
    if queue.problem:
        more["problem"] = queue.problem
    return {
        "name": queue.name,
        "url": str(queue.config.url),
        "message": queue.message,
        "waiting": queue.feed.pending,
        "moreInLog": queue.feed.behind,
        "sent": samples.total,
        "refused": samples.failed,
        "leftOut": samples.dropped,
        "sentAgain": samples.retried,
        "bytes": counts.bytes,
        "senders": counts.shards,
        **more,
    }
