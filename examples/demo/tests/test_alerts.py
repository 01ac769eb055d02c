"""Who is woken, and who is not: the back end, the rules and the routes together, in a second of test."""

from __future__ import annotations

from pathlib import Path

import pytest
from backend.app import create
from fastapi import FastAPI
from fastapi.testclient import TestClient


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return create(tmp_path / "backend.db", requests_per_second=0)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def use(engine, client, minutes: int) -> None:
    """Somebody asks for the records each five seconds."""
    for _ in range(minutes * 12):
        client.get("/api/records")
        engine.advance("5s")


def test_exceptions_wake_the_pager(engine, app, client):
    engine.add_target(app, job="backend-api")
    client.post("/demo/errors?value=1")
    use(engine, client, minutes=3)
    alert = engine.assert_firing("HighApiErrorRate", severity="critical")
    assert alert.annotations["summary"].endswith("% of requests end in exceptions")
    assert [told.receiver for told in engine.notifications] == ["team-pager"]


def test_a_calm_day_wakes_nobody(engine, app, client):
    engine.add_target(app, job="backend-api")
    client.post("/demo/errors?value=0")
    use(engine, client, minutes=3)
    engine.assert_not_firing("HighApiErrorRate")
    engine.assert_not_firing("ServiceDown", job="backend-api")
    assert engine.notifications == []


def test_a_service_that_is_gone_is_told_and_so_is_its_return(engine):
    answers = {"page": "alive 1\n"}
    engine.add_target(lambda: answers["page"], job="backend-api")
    engine.advance("1m")
    answers["page"] = None
    engine.wait_until('ALERTS{alertname="ServiceDown", alertstate="firing"}')
    engine.advance("30s")
    assert engine.notifications[-1].payload["attachments"][0]["title"] == "backend-api is down\n"
    answers["page"] = "alive 1\n"
    engine.advance("5m")
    engine.assert_not_firing("ServiceDown", job="backend-api")
    assert engine.notifications[-1].payload["attachments"][0]["color"] == "good"


def test_logins_that_fail_lower_the_rate(engine, app, client):
    engine.add_target(app, job="backend-api")
    client.post("/demo/errors?value=0")
    engine.scrape_now()
    for password in ("wrench", "wrench", "wrench", "hammer"):
        client.post("/api/login", json={"user": "ann", "password": password})
    engine.advance("1m")
    assert engine.query("login_success_rate").value == pytest.approx(0.75)
