"""The HTTP API, its page, and the middleware that measures it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field

from backend.database import Database, Record
from backend.load import Load
from backend.maintenance import MaintenanceService, log_in
from backend.trouble import Trouble
from exporters.app.asgi import MetricsMiddleware
from exporters.app.options import AppOptions

log = logging.getLogger("app.api")


class Login(BaseModel):
    user: str
    password: str


class NewRecord(BaseModel):
    title: str
    type: Literal["inspection", "repair", "replacement"]
    priority: Literal["low", "normal", "high"] = "normal"
    age_days: int = Field(default=0, ge=0, le=365)


def create(database_file: Path, *, requests_per_second: float) -> FastAPI:
    """`requests_per_second` of the load generator; 0: it sends none."""
    trouble, database = Trouble(), Database(database_file)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            load = group.create_task(Load(app, trouble, requests_per_second).run())
            yield
            load.cancel()

    app = FastAPI(title="Maintenance", version="1.0.0", lifespan=lifespan)
    app.include_router(_records(MaintenanceService(database), database, trouble), prefix="/api")
    app.include_router(_demo(trouble))
    app.add_exception_handler(Exception, _log_exception)
    app.add_middleware(
        MetricsMiddleware,
        options=AppOptions(
            browser=True,
            info={"version": "1.0.0", "environment": "demo"},
            identify=lambda scope: dict(scope["headers"]).get(b"x-user", b"").decode() or None,
        ),
    )
    return app


def _records(service: MaintenanceService, database: Database, trouble: Trouble) -> APIRouter:
    router = APIRouter()

    async def work() -> None:
        """What every request does besides: nothing, or what the buttons ask for."""
        await asyncio.sleep(random.expovariate(1 / 0.01) + trouble["latency"] * random.random() * 2)
        if random.random() < trouble["errors"]:
            raise RuntimeError("the parts catalogue does not answer")

    @router.post("/login")
    async def login(given: Login) -> dict[str, str]:
        await work()
        if not log_in(given.user, given.password):
            raise HTTPException(401, "wrong user or password")
        return {"user": given.user}

    @router.get("/records")
    async def latest() -> list[dict[str, Any]]:
        await work()
        return [_shown(record) for record in await asyncio.to_thread(database.latest)]

    @router.post("/records", status_code=201)
    async def create_record(given: NewRecord) -> dict[str, int]:
        await work()
        age = timedelta(days=given.age_days)
        made = await asyncio.to_thread(service.create_record, given.title, given.type, given.priority, age)
        return {"id": made}

    @router.get("/records/{record_id}")
    async def record(record_id: int) -> dict[str, Any]:
        await work()
        found = await asyncio.to_thread(database.get, record_id)
        if found is None:
            raise HTTPException(404, "no such record")
        return _shown(found)

    @router.post("/records/{record_id}/complete")
    async def complete(record_id: int) -> dict[str, Any]:
        await work()
        found = await asyncio.to_thread(service.complete_task, record_id)
        if found is None:
            raise HTTPException(409, "nothing to complete")
        return _shown(found)

    return router


def _demo(trouble: Trouble) -> APIRouter:
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(Path(__file__).with_name("page.html"))

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/demo")
    async def shown() -> dict[str, float]:
        return trouble.shown()

    @router.post("/demo/{what}", status_code=204)
    async def ask(what: Literal["errors", "latency", "load"], value: float) -> Response:
        trouble.ask(what, value)
        log.warning("trouble on purpose", extra={"extra": {"what": what, "value": value}})
        return Response(status_code=204)

    return router


async def _log_exception(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse({"detail": "something went wrong here"}, 500)


def _shown(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "title": record.title,
        "type": record.type,
        "priority": record.priority,
        "completed": record.completed_at is not None,
    }
