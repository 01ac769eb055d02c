"""The guide's chapter on tuning: what its keys do in a whole engine, where no test of a part shows it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.app.options import RunOptions
from engine.app.storing import store_options
from engine.config.prometheus import parse_prometheus
from engine.promtail.config import parse_promtail
from tests.app.test_grafana import home
from tests.app.world import engine

GET = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    ("written", "size", "wait"),
    [("", 1 << 20, 1000), ("max_batch_size: 4096", 4096, 1000), ("max_batch_wait: 10ms", 1 << 20, 10)],
)
def test_batches_of_every_client_are_held_to_promtails_limits(written: str, size: int, wait: int) -> None:
    text = f"clients: [{{url: 'http://loki:3100'}}]\nlimits_config: {{{written}}}\n"
    (client,) = parse_promtail(text).value.settled_clients
    assert (client.batchsize, client.batchwait) == (size, wait)


@pytest.mark.parametrize(
    ("flag", "written", "compressed"),
    [(None, "", True), (None, "true", True), (None, "false", False), (True, "false", True), (False, "true", False)],
)
def test_the_log_is_compressed_unless_a_flag_or_the_file_says_otherwise(
    flag: bool | None, written: str, compressed: bool
) -> None:
    text = f"storage: {{tsdb: {{wal_compression: {written}}}}}" if written else ""
    found = store_options(RunOptions(Path(), wal_compression=flag), parse_prometheus(text).value)
    assert found.log_compression == compressed


async def test_connections_of_grafanas_port_beyond_its_limit_wait(tmp_path: Path) -> None:
    async with engine(home(tmp_path, "[server]\nmax_connections = 1\n")) as app:
        port = int(app.parts.components.ports["grafana"].rpartition(":")[2])
        reader, first = await asyncio.open_connection("127.0.0.1", port)
        first.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        waiting, second = await asyncio.open_connection("127.0.0.1", port)
        second.write(GET)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting.readuntil(b"\r\n\r\n"), 0.1)
        first.close()
        assert (await asyncio.wait_for(waiting.readuntil(b"\r\n"), 30)).startswith(b"HTTP/1.1 200")
        second.close()
