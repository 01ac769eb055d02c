"""Pages beside the API: federation, consoles, a user's own files, and all of it below a prefix."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from aiohttp import ClientSession
from yarl import URL

from engine.app.application import Application
from engine.app.options import WebOptions
from engine.foundation.errors import ConfigError
from engine.tsdb.batch import Batch
from promql.model.labels import Labels
from promql.model.staleness import STALE_NAN
from tests.app.world import START, ask, engine, write

MINUTE = 60_000


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write(tmp_path, "prometheus.yml", "global: {external_labels: {zone: eu, cell: x}}")


def store(app: Application, **ages: int) -> None:
    """A series of each name, with a sample so many ms ago."""
    source = app.parts.store.source("test")
    for name, age in sorted(ages.items(), key=lambda pair: -pair[1]):
        columns = source.columns([Labels.of(__name__=name, cell="own", job="a\n")])
        app.parts.store.append(source, [Batch(START - age, columns, np.array([1.5]))])


async def raw(app: Application, path: str) -> tuple[int, str]:
    """The path as it is written, dots included."""
    url = URL(f"http://{app.parts.components.ports['prometheus']}{path}", encoded=True)
    async with ClientSession() as client, client.get(url, allow_redirects=False) as response:
        return response.status, await response.text()


async def test_federation_tells_the_newest_sample_with_external_labels_where_there_are_none(config: Path) -> None:
    async with engine(config) as app:
        store(app, old=5 * MINUTE + 1, edge=5 * MINUTE, fresh=MINUTE)
        source = app.parts.store.source("gone")
        columns = source.columns([Labels.of(__name__="gone")])
        app.parts.store.append(
            source, [Batch(START - 2, columns, np.array([1.0])), Batch(START - 1, columns, np.array([STALE_NAN]))]
        )
        status, text = await ask(app, "/federate?match[]={__name__=~'.%2B'}&match[]=fresh")
        shown = 'cell="own",job="a\\n",instance="",zone="eu"} 1.5'
        assert (status, text.splitlines()) == (
            200,
            [
                "# TYPE edge untyped",
                f"edge{{{shown} {START - 5 * MINUTE}",
                "# TYPE fresh untyped",
                f"fresh{{{shown} {START - MINUTE}",
            ],
        )
        assert await ask(app, "/federate") == (200, "")
        assert (await ask(app, "/federate?match[]=a{"))[0] == 400


async def test_a_console_asks_queries_that_build_on_each_other(config: Path, tmp_path: Path) -> None:
    write(tmp_path, "consoles/c.html", (
        '{{ range query "count({cell=\'own\'}) by (job)" }}<p>{{ .Labels.job }}'
        '{{ range printf "fresh{cell=%q}" $params.cell | query }}{{ template "b" . }}{{ end }}</p>{{ end }}'
    ))  # fmt: skip
    write(tmp_path, "libs/l.lib", '{{ define "b" }}<b title="{{ .Labels.cell }}">{{ . | value }}</b>{{ end }}')
    web = WebOptions(console_templates=tmp_path / "consoles", console_libraries=tmp_path / "libs")
    async with engine(config, web=web) as app:
        store(app, fresh=MINUTE)
        assert await ask(app, "/consoles/c.html?cell=own") == (200, '<p>a\n<b title="own">1.5</b></p>')
        write(tmp_path, "consoles/bad.html", '{{ query "fresh{" }}')
        status, text = await ask(app, "/consoles/bad.html")
        assert (status, text.startswith("error executing template __console_/bad.html: ")) == (500, True)


async def test_no_path_leads_out_of_the_folders(config: Path, tmp_path: Path) -> None:
    write(tmp_path, "secret.txt", "secret")
    write(tmp_path, "open/a.txt", "a")
    (tmp_path / "open" / "link").symlink_to(tmp_path / "secret.txt")
    web = WebOptions(console_templates=tmp_path / "open", assets=tmp_path / "open")
    async with engine(config, web=web) as app:
        assert await ask(app, "/user/a.txt") == (200, "a")
        assert await ask(app, "/consoles/a.txt") == (200, "a")
        for folder in ("/user", "/consoles"):
            for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//../secret.txt"):
                _, text = await raw(app, folder + path)
                assert "secret\n" not in text and text != "secret"  # noqa: PT018
        assert (await raw(app, "/user/link"))[0] == 404


async def test_a_name_that_no_file_can_have_is_not_found(config: Path, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "circle").symlink_to("circle")
    web = WebOptions(console_templates=tmp_path / "open", assets=tmp_path / "open")
    async with engine(config, web=web) as app:
        assert await raw(app, "/consoles/%00") == (404, "file does not exist\n")
        for path in ("%00", "a" * 300, "circle", "circle/a"):
            assert await raw(app, f"/user/{path}") == (404, "404 page not found\n")


async def test_everything_lies_below_the_prefix(config: Path) -> None:
    async with engine(config, web=WebOptions(external_url="http://x.example.com/a/b/")) as app:
        assert (await raw(app, "/"))[0] == 302
        assert (await raw(app, "/a/b"))[0] == 301
        assert (await ask(app, "/a/b/"))[0] == 200
        assert (await ask(app, "/api/v1/labels"))[0] == 404
        assert json.loads((await ask(app, "/a/b/api/v1/query?query=1"))[1])["status"] == "success"
        assert app.parts.components.external_url("prometheus") == "http://x.example.com/a/b"
    async with engine(config, web=WebOptions(external_url="http://x.example.com/a", route_prefix="/")) as app:
        assert (await ask(app, "/api/v1/labels"))[0] == 200


async def test_the_web_config_is_expanded_as_all_files_are(config: Path, tmp_path: Path) -> None:
    web = WebOptions(config=write(tmp_path, "web.yml", "http_server_config: {headers: {X-Frame-Options: '${FRAMES}'}}"))
    with pytest.raises(ConfigError, match=r"\$\{FRAMES\}"):
        async with engine(config, web=web):
            pass
    async with engine(config, web=web, environment={"FRAMES": "deny"}) as app:
        assert (await ask(app, "/-/ready"))[0] == 200
