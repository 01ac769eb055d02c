"""A whole engine inside a test: the project's rules and routes, the test's applications, and time that the test moves.

    async with Engine(rules=["rules/*.yml"]) as engine:
        await engine.add_target(app, job="api")
        await engine.advance("5m")
        engine.assert_firing("TooManyErrors", job="api")

Nothing listens, nothing is kept, nothing is sent; notifications are captured. All of it ends with the block.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from engine.app.application import Application
from engine.app.around import Around
from engine.foundation.clock import MILLISECOND
from engine.foundation.delivery import DeliveryPolicy
from engine.foundation.errors import EngineError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.rules.views import AlertingView, AlertView
from engine.testing.errors import TestEngineError
from engine.testing.manual_clock import ManualClock
from engine.testing.options import INTERVAL, START_MS, EngineOptions, config_of
from engine.testing.report import report
from engine.testing.results import Answer, Series, answer, over_time, series
from engine.testing.targets import Targets
from promql.model.durations import Duration, format_duration
from promql.syntax.ast import MatrixSelector, VectorSelector
from promql.syntax.parser import parse

if TYPE_CHECKING:
    from engine.testing.lines import Line, Lines

__tracebackhide__ = methodcaller("errisinstance", (AssertionError, EngineError))  # pytest shows the test's own line
ANY_TIME: Final = "1h"
QUERIES_SHOWN: Final = 5


class Alert(Struct, frozen=True):
    """An alert that is pending or firing; `since` in Unix seconds."""

    name: str
    state: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    value: float
    since: float


class Notification(Struct, frozen=True):
    """What would have been sent: `time` in Unix seconds; `payload` as JSON where it is JSON, else as text."""

    time: float
    receiver: str
    integration: str
    address: str
    payload: Any


class Engine:
    """Lives in one event loop, from `async with` on. `engine.testing.blocking` has the same without `await`."""

    def __init__(
        self,
        *,
        config: Path | str | None = None,
        rules: Sequence[Path | str] | Path | str = (),
        alertmanager: Path | str | None = None,
        interval: str = INTERVAL,
        start_ms: int = START_MS,
    ) -> None:
        """See `EngineOptions`. Raises ConfigError for files that can't be used."""
        self._options = EngineOptions(
            config=config, rules=rules, alertmanager=alertmanager, interval=interval, start_ms=start_ms
        )
        self._loaded = self._options.load()
        self._clock = ManualClock(start_ms)
        self._app: Application | None = None
        self._lines: Lines | None = None
        self._asked: deque[str] = deque(maxlen=QUERIES_SHOWN)

    async def __aenter__(self) -> Self:
        around = Around(
            self._clock,
            InlineWorkers(),
            Supervisor(self._clock),
            fetcher=self._targets.fetcher,
            policy=DeliveryPolicy(here=False),
            host="",
        )
        app = Application(self._options.run_options(), self._loaded, around)
        self._app = app
        try:
            await app.start()
        except BaseException:
            await self.__aexit__()
            raise
        await self._clock.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        app, self._app = self._running, None
        lines, self._lines = self._lines, None
        try:
            if lines is not None:
                await lines.close()
        finally:
            await app.stop()

    # --- What there is to scrape

    async def add_target(
        self, app: Any, *, job: str = "app", address: str = "", path: str = "/metrics", **labels: str
    ) -> None:
        """Scrape this: a URL, an ASGI or WSGI application, a function that gives a page, a registry.

        `address` is the `instance` of what runs in the process; `labels` are added to its series.
        """
        settings: dict[str, Any] = {"job_name": job, "metrics_path": path}
        if isinstance(app, str):
            url = _url(app)
            address = f"{url.host}:{url.port}"
            settings |= {"scheme": url.scheme, "metrics_path": path if url.path == "/" else url.path}
            self._targets.permit(address)
        else:
            address = address or f"{job}:80"
            self._targets.serve(address, app)
        await self._scrape(job, settings, {"targets": [address], "labels": labels})

    def serve(self, address: str, app: Any) -> None:
        """Answers for `HOST:PORT`, a target of the project's own prometheus.yml."""
        self._targets.serve(address, app)

    async def scrape_now(self) -> None:
        """One scrape of every target, outside of its beat, at an instant of its own: a millisecond goes by before."""
        await self.advance(0.001)
        await self._running.parts.scrapes.scrape_now(self._clock.now_ms())

    async def follow(self, file: Path | str, *, job: str = "app", **labels: str) -> None:
        """Read the lines of a file that the application writes, from its beginning on, as time goes by.

        It may come later, and several if the path is a pattern. Raises TestEngineError.
        """
        _ = self._running  # raises where there is none
        if self._lines is None:
            from engine.testing.lines import Lines  # noqa: PLC0415 - few tests have lines

            self._lines = Lines(self._clock, InlineWorkers())
        await self._lines.follow(Path(file), {"job": job, **labels})
        await self._clock.settle()

    # --- Time

    @property
    def now(self) -> float:
        """Unix seconds."""
        return self._clock.now_ms() / 1000

    async def advance(self, duration: str | float) -> None:
        """Let so much time go by: scrapes, rules and notifications happen when they are due. Seconds, or `5m`."""
        await self._clock.advance(_milliseconds(duration))

    async def wait_until(self, query: str, *, timeout: str | float = ANY_TIME) -> Answer:
        """Let time go by until the expression gives something; one number alone has to be other than 0.

        Raises AssertionError after `timeout` of the test's own time.
        """
        step, end = self._running.parts.queries.default_step_ms, self._clock.now_ms() + _milliseconds(timeout)
        while not holds(found := await self.query(query)):
            if self._clock.now_ms() >= end:
                raise AssertionError(f"{query} gave nothing for {format_duration(_milliseconds(timeout))}")
            await self._clock.advance(step)
        return found

    # --- What there is to see

    async def query(self, query: str) -> Answer:
        """The value now. Raises PromQLError."""
        self._note(query)
        return answer(query, await self._running.parts.queries.instant(query, self._clock.now_ms()))

    async def series(self, selector: str) -> list[Series]:
        """Samples over time: of `http_requests_total{job="api"}` all that there are, of `x[5m]` the latest."""
        self._note(selector)
        tree = parse(selector)
        if isinstance(tree, VectorSelector):
            elapsed = self._clock.now_ms() - self._options.start_ms
            tree = MatrixSelector(tree, max(1, elapsed) + 1)
        if not isinstance(tree, MatrixSelector):
            raise TestEngineError(f"{selector} selects no series: want NAME{{LABEL=VALUE}}, with or without [DURATION]")
        return over_time(await self._running.parts.queries.instant(tree, self._clock.now_ms()))

    async def logs(self, query: str = '{job=~".+"}') -> list[Line]:
        """The lines that a LogQL query finds, oldest first. Raises LogQLError, TestEngineError."""
        if self._lines is None:
            raise TestEngineError("no lines are read: say of which file by follow(...)")
        return await self._lines.find(query, self._options.start_ms * MILLISECOND, self._clock.now_ns())

    @property
    def alerts(self) -> list[Alert]:
        """All that are pending or firing."""
        return [_alert(one) for one in self._running.parts.rules.alerts()]

    @property
    def notifications(self) -> list[Notification]:
        """What was captured so far, oldest first. Raises TestEngineError where no Alertmanager's file was given."""
        if self._running.parts.alertmanager is None:
            raise TestEngineError("nobody is notified: give the engine an Alertmanager's file (alertmanager=...)")
        return [
            Notification(
                one.time / 1e9,
                one.receiver,
                one.integration.removeprefix(f"{one.receiver}/"),
                one.address,
                _payload(one.payload),
            )
            for one in self._running.parts.delivery.outbox.all()
        ]

    def assert_firing(self, name: str, **labels: str) -> Alert:
        """The alert of this name, with these labels among its own, fires. Raises AssertionError."""
        return self._assert_state("firing", name, labels)

    def assert_pending(self, name: str, **labels: str) -> Alert:
        """It is true, and not for long enough yet. Raises AssertionError."""
        return self._assert_state("pending", name, labels)

    def assert_not_firing(self, name: str, **labels: str) -> None:
        """No such alert fires. Raises AssertionError, and TestEngineError where no rule has this name."""
        self._check_name(name)
        for alert in self._matching(name, labels):
            if alert.state == "firing":
                raise AssertionError(f"{_called(name, labels)} fires: {series(alert.labels)}, value {alert.value:g}")

    async def report(self) -> str:
        """What there was: targets, alerts, and the values over time of the last queries."""
        return await report(self._running, self._asked, self._options.start_ms, self._clock.now_ms())

    # --- Inside

    def _note(self, query: str) -> None:
        if not isinstance(query, str):
            raise TestEngineError(f"{query!r} is no query: want PromQL, as text")
        if query in self._asked:
            self._asked.remove(query)
        self._asked.append(query)

    @cached_property
    def _targets(self) -> Targets:
        return Targets(self._clock, lambda: self._running.parts.addresses, self._loaded.file.parent)

    @property
    def _running(self) -> Application:
        if self._app is None:
            raise TestEngineError("the engine does not run: use it inside of `async with Engine(...) as engine:`")
        return self._app

    async def _scrape(self, job: str, settings: Mapping[str, Any], group: Mapping[str, Any]) -> None:
        """Add a target to a job, or a job with it."""
        config = self._running.loaded.config
        jobs = {one.job_name: one for one in config.scrape_configs}
        times = {"scrape_interval": str(config.global_.scrape_interval)}
        made = config_of(**{"global": times}, scrape_configs=[{**settings, "static_configs": [group]}]).scrape_configs[
            0
        ]
        known = jobs.get(job)
        if known is not None:
            made = msgspec.structs.replace(known, static_configs=(*known.static_configs, *made.static_configs))
        config = msgspec.structs.replace(config, scrape_configs=tuple({**jobs, job: made}.values()))
        await self._running.adopt(replace(self._running.loaded, config=config))
        await self._clock.settle()

    def _assert_state(self, state: str, name: str, labels: Mapping[str, str]) -> Alert:
        self._check_name(name)
        found = self._matching(name, labels)
        for alert in found:
            if alert.state == state:
                return alert
        others = found or [alert for alert in self.alerts if alert.name == name]
        seen = "".join(f"\n  {alert.state}: {series(alert.labels)}, value {alert.value:g}" for alert in others)
        raise AssertionError(f"{_called(name, labels)} is not {state}; there is{seen or ' no alert of that name'}")

    def _check_name(self, name: str) -> None:
        rules = (rule for group in self._running.parts.rules.groups() for rule in group.rules)
        names = sorted({rule.name for rule in rules if isinstance(rule, AlertingView)})
        if name not in names:
            raise TestEngineError(f"no rule has the name {name}; there are: {', '.join(names) or 'none'}")

    def _matching(self, name: str, labels: Mapping[str, str]) -> list[Alert]:
        return [one for one in self.alerts if one.name == name and labels.items() <= one.labels.items()]


def holds(found: Answer) -> bool:
    """Whether an expression that was waited for is true now."""
    return any(sample.labels or sample.value for sample in found) if len(found) else False


def _url(text: str) -> URL:
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise TestEngineError(f"{text} is no URL to scrape: want http://HOST:PORT/metrics")
    return url


def _alert(view: AlertView) -> Alert:
    labels = dict(view.labels)
    annotations = dict(view.annotations)
    return Alert(labels.get("alertname", ""), view.state, labels, annotations, view.value, view.active_at / 1000)


def _called(name: str, labels: Mapping[str, str]) -> str:
    return series({"__name__": name, **labels})


def _payload(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _milliseconds(duration: str | float) -> int:
    try:
        found = Duration.from_text(duration) if isinstance(duration, str) else round(duration * 1000)
    except (ValueError, TypeError, OverflowError) as error:
        raise TestEngineError(f"{error}: want 30s, 5m, 1h30m, or seconds") from None
    if found < 0:
        raise TestEngineError(f"{duration}: time does not go back")
    return found
