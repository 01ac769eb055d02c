"""A configuration named by a relative path: its own relative paths begin at its folder, and are joined once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from tests.app.world import ANYWHERE, ask, engine, relative, write
from tests.foundation.serving import serving

PROMETHEUS = """
global: {query_log_file: queries.log}
remote_read: [{url: "URL/read", basic_auth: {username: u, password_file: secret}}]
"""
ALERTMANAGER = """
route: {receiver: team}
templates: ['texts/*.tmpl']
receivers:
- name: team
  msteams_configs: [{webhook_url: "URL/hook", text: '{{ template "mine" . }}'}]
  webhook_configs: [{url: "URL/hook", http_config: {authorization: {credentials_file: secret}}}]
"""
BLACKBOX = "modules: {secret: {prober: http, http: {bearer_token_file: secret}}}"


class Visits:
    def __init__(self) -> None:
        self.url = ""
        self.keys: list[tuple[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.keys.append((request.path, request.headers.get("Authorization", "")))
        return web.Response()


@pytest.fixture
async def visits() -> AsyncIterator[Visits]:
    made, app = Visits(), web.Application()
    app.router.add_route("*", "/{path:.*}", made.take)
    async with serving(app) as made.url:
        yield made


async def test_templates_and_secrets_of_a_config_in_another_folder_are_found(visits: Visits, tmp_path: Path) -> None:
    for name, text in (("prometheus.yml", PROMETHEUS), ("alertmanager.yml", ALERTMANAGER), ("blackbox.yml", BLACKBOX)):
        write(tmp_path, name, text.replace("URL", visits.url.rstrip("/")))
    write(tmp_path, "secret", "open")
    write(tmp_path, "texts/own.tmpl", '{{ define "mine" }}of this file{{ end }}')
    config = relative(tmp_path / "prometheus.yml")
    async with engine(config, listen={**ANYWHERE, "node": "off", "grafana": "off"}) as app:
        _, told = await ask(app, "/api/v2/receivers/team/test", "alertmanager", "POST")
        assert [one["error"] for one in json.loads(told)] == ["", ""]
        assert "of this file" in told
        await ask(app, f"/probe?module=secret&target={quote(visits.url.rstrip('/') + '/probed')}", "blackbox")
        await ask(app, "/api/v1/query?query=up")
    assert set(visits.keys) >= {("/hook", "Bearer open"), ("/probed", "Bearer open"), ("/read", "Basic dTpvcGVu")}
    assert (tmp_path / "queries.log").is_file()
