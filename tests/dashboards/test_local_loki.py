"""The Loki of this process answers by function calls as it does over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from aiohttp import ClientSession

from engine.dashboards.sources.local_loki import LocalLoki
from engine.dashboards.sources.ports import Source, SourceInfo
from engine.dashboards.sources.remote import RemoteSource
from engine.foundation.http_client import HttpClient
from engine.foundation.http_config import HTTPClientConfig
from engine.query.answers import aligned
from promql.model.results import Matrix, RawMatrix, Result, Vector
from tests.app.world import ANYWHERE, START, engine, write

LINES = [
    (0, "a", "level=info took=3"),
    (10, "a", "level=error took=5"),
    (10, "b", "level=error took=7"),
    (40, "b", "x"),
]


async def test_it_answers_as_over_http(tmp_path: Path) -> None:
    write(tmp_path, "loki.yml", "auth_enabled: false\nlimits_config: {reject_old_samples: false}\n")
    near, config = {**ANYWHERE, "loki": "127.0.0.1:0"}, write(tmp_path, "prometheus.yml", "")
    async with engine(config, loki_config=tmp_path / "loki.yml", listen=near) as app:
        url, part = f"http://{app.parts.components.ports['loki']}", app.parts.logs.part
        assert part is not None
        streams = [
            {"stream": {"job": job}, "values": [[str((START + second * 1000) * 1_000_000), line]]}
            for second, job, line in LINES
        ]
        async with ClientSession() as client, client.post(f"{url}/loki/api/v1/push", json={"streams": streams}) as done:
            assert done.status == 204
        info = SourceInfo(id=1, uid="l", name="L", type="loki", url=url)
        far = RemoteSource(info, HttpClient(HTTPClientConfig(), app.parts.components.addresses, base=tmp_path))
        local = LocalLoki(info, part.queries, lambda: "fake", far)
        answers = [await told(source) for source in (local, far)]
        await local.close()
        assert answers[0] == answers[1]
        assert len(answers[0]) > 500


async def told(source: Source) -> str:
    """All that it can be asked."""
    start, end = START - 1000, START + 60_000
    queries = ('{job=~".+"}', '{job="b"} |= "error"', '{job="a"} | logfmt')
    found: list[object] = [
        sorted((str(one.labels), *one.lines) for one in await source.logs(query, start, end, limit, forward=forward))
        for query in queries
        for forward, limit in ((True, 100), (False, 2))
    ]
    numbers = 'sum by (job) (count_over_time({job=~".+"}[30s]))'
    found += [plain(await source.over_range(numbers, start, end, 10_000)), plain(await source.instant(numbers, end))]
    found += [await source.label_names(start, end), await source.label_values("job", '{job="a"}', start, end)]
    found += [sorted(map(str, await source.series(selector, start, end))) for selector in ('{job=~".+"}', '{job="b"}')]
    return json.dumps(found)


def plain(result: Result) -> object:
    if isinstance(result, RawMatrix):
        result = aligned(result)
    if isinstance(result, Matrix):
        there = result.present.any(axis=0)  # over HTTP no step is told at which nothing was
        values = np.where(result.present, result.values, -1.0)[:, there]
        return [sorted(zip(map(str, result.labels), values.tolist(), strict=True)), result.times[there].tolist()]
    assert isinstance(result, Vector)
    return sorted(zip(map(str, result.labels), result.values.tolist(), strict=True))
