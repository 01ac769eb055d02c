"""The engine of a test that has no event loop: the same calls without `await`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from operator import methodcaller
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from engine.foundation.errors import EngineError
from engine.testing.engine import ANY_TIME, Alert, Engine, Notification
from engine.testing.errors import TestEngineError
from engine.testing.results import Answer, Series

if TYPE_CHECKING:
    from engine.testing.lines import Line

__tracebackhide__ = methodcaller("errisinstance", (AssertionError, EngineError))
_IN_A_LOOP: Final = (
    "this test runs in an event loop, which must not stand still:"
    " use `async with engine.testing.engine.Engine(...) as engine:` and await its calls"
)
_ENDED: Final = "the engine has ended with its `with` block: ask it inside of that, or make another one"

T = TypeVar("T")


class BlockingEngine:
    """Owns an event loop of its own, which runs during calls alone: so nothing happens between them.

    with BlockingEngine(rules=["rules/*.yml"]) as engine:
        engine.advance("5m")
    """

    def __init__(self, **options: Any) -> None:
        """`options` are those of `Engine`. Raises ConfigError."""
        self._engine = Engine(**options)
        self._runner = asyncio.Runner()
        self._ended = False

    def __enter__(self) -> Self:
        try:
            self._run(self._engine.__aenter__())
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._engine.__aexit__(kind, error, trace))
        finally:
            self._ended = True
            self._runner.close()

    def add_target(
        self, app: Any, *, job: str = "app", address: str = "", path: str = "/metrics", **labels: str
    ) -> None:
        self._run(self._engine.add_target(app, job=job, address=address, path=path, **labels))

    def serve(self, address: str, app: Any) -> None:
        self._engine.serve(address, app)

    def follow(self, file: Path | str, *, job: str = "app", **labels: str) -> None:
        self._run(self._engine.follow(file, job=job, **labels))

    def logs(self, query: str = '{job=~".+"}') -> list[Line]:
        return self._run(self._engine.logs(query))

    def scrape_now(self) -> None:
        self._run(self._engine.scrape_now())

    @property
    def now(self) -> float:
        return self._engine.now

    def advance(self, duration: str | float) -> None:
        self._run(self._engine.advance(duration))

    def wait_until(self, query: str, *, timeout: str | float = ANY_TIME) -> Answer:
        return self._run(self._engine.wait_until(query, timeout=timeout))

    def query(self, query: str) -> Answer:
        return self._run(self._engine.query(query))

    def series(self, selector: str) -> list[Series]:
        return self._run(self._engine.series(selector))

    @property
    def alerts(self) -> list[Alert]:
        return self._engine.alerts

    @property
    def notifications(self) -> list[Notification]:
        return self._engine.notifications

    def assert_firing(self, name: str, **labels: str) -> Alert:
        return self._engine.assert_firing(name, **labels)

    def assert_pending(self, name: str, **labels: str) -> Alert:
        return self._engine.assert_pending(name, **labels)

    def assert_not_firing(self, name: str, **labels: str) -> None:
        self._engine.assert_not_firing(name, **labels)

    def report(self) -> str:
        return self._run(self._engine.report())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._ended or _in_a_loop():
            work.close()
            raise TestEngineError(_ENDED if self._ended else _IN_A_LOOP)
        try:
            return self._runner.run(work)
        except (AssertionError, EngineError) as error:
            raise error.with_traceback(None) from None  # what it says is for the test, how it came about is not


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
