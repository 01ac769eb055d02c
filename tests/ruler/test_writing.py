"""What rules write for other servers: it waits on disk, bears its tenant, and does not leave this machine unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import cramjam
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.delivery import DeliveryPolicy
from engine.foundation.regexes import Regex
from engine.foundation.supervise import Supervisor
from engine.foundation.values import LabelName, Url
from engine.foundation.workers import InlineWorkers
from engine.relabel.config import RelabelAction, RelabelConfig
from engine.remote.config import QueueConfig, RemoteWriteConfig
from engine.remote.wire import decode
from engine.ruler.config import RemoteWrites
from engine.ruler.outlet import Outlet, Way
from engine.ruler.writing import Around, Writing
from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from promql.model.durations import Duration
from promql.model.labels import Labels
from promql.model.panel import Kind, Need


class Receiver:
    """Takes writes; `came` is set once the first is there."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.series: list[str] = []
        self.came = asyncio.Event()

    async def write(self, request: web.Request) -> web.Response:
        found = decode(bytes(cramjam.snappy.decompress_raw(await request.read())), lambda _: None)
        self.headers = request.headers
        self.series += map(str, found.strangers.values())
        self.came.set()
        return web.Response(status=204)


def around(own: Store, supervisor: Supervisor, folder: Path | None, policy: DeliveryPolicy | None = None) -> Around:
    clock = SystemClock()
    return Around(
        own=own, addresses=AddressBook(clock), policy=policy or DeliveryPolicy(), clock=clock, workers=InlineWorkers(),
        supervisor=supervisor, folder=folder, base=Path,
    )  # fmt: skip


def write(writing: Writing, **labels: str) -> None:
    source = writing.outlet.source("rules/g")
    columns = source.columns([Labels.of({"__name__": "a", **labels})])
    writing.outlet.append(source, [Batch(SystemClock().now_ms(), columns, np.array([1.0]))])


@pytest.mark.parametrize(("added", "expected"), [(True, "team"), (False, None)])
async def test_samples_for_another_server_bear_the_tenant_and_no_header_of_the_files_own_names_another(
    tmp_path: Path, *, added: bool, expected: str | None
) -> None:
    receiver, supervisor, own = Receiver(), Supervisor(SystemClock()), Store.open(None)
    app = web.Application()
    app.router.add_post("/api/v1/write", receiver.write)
    async with TestServer(app) as server:
        client = RemoteWriteConfig(
            url=Url(str(server.make_url("/api/v1/write"))),
            headers={"x-scope-orgid": "other"},
            queue_config=QueueConfig(batch_send_deadline=Duration(10)),
        )
        writing = Writing("team", around(own, supervisor, tmp_path))
        await writing.apply(RemoteWrites(enabled=True, clients={"main": client}, add_org_id_header=added))
        write(writing, job="x")
        async with asyncio.timeout(30):
            await receiver.came.wait()
        assert receiver.headers.get("X-Scope-OrgID") == expected
        assert receiver.series == ['a{job="x"}']
        assert (tmp_path / "team").is_dir()
        await writing.stop()
    await supervisor.stop_all()
    writing.close()
    own.close()


async def test_what_lies_beyond_this_machine_hears_nothing_unasked() -> None:
    supervisor, own = Supervisor(SystemClock()), Store.open(None)
    writing = Writing("fake", around(own, supervisor, None))
    far = RemoteWriteConfig(url=Url("http://192.0.2.1/api/v1/write"))
    await writing.apply(RemoteWrites(enabled=True, client=far))
    assert writing.remote is not None
    assert (writing.remote.queues, writing.remote.withheld) == ([], ["http://192.0.2.1/api/v1/write"])
    await writing.apply(RemoteWrites(enabled=False, client=far))
    assert (writing.remote.withheld, writing.outlet.ways) == ([], ())
    await writing.stop()
    await supervisor.stop_all()
    writing.close()
    own.close()


async def test_of_series_that_relabelling_makes_equal_the_first_is_written() -> None:
    store, outlet = Store.open(None), Outlet()
    drop = RelabelConfig(action=RelabelAction("labeldrop"), regex=Regex("job"))
    keep = RelabelConfig(action=RelabelAction("drop"), source_labels=(LabelName("job"),), regex=Regex("z"))
    outlet.ways = (Way(store, (keep, drop)),)
    source = outlet.source("rules/g")
    columns = source.columns([Labels.of(__name__="a", job=job) for job in "zxy"])
    appended = outlet.append(source, [Batch(1_700_000_000_000, columns, np.array([1.0, 2.0, 3.0]))])
    (panel,) = store.select(Need((), 0, 1_700_000_000_000, Kind.INSTANT))
    assert [(str(labels), values.tolist()) for _, labels, _, values in panel.series()] == [("a", [2.0])]
    assert appended.appended == 1
    store.close()
