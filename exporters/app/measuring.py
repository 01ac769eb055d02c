"""What both kinds of middleware share: the instruments, the page, the beacons, and how a request ended."""

from __future__ import annotations

import logging
from typing import Any, Final

from engine.foundation.clock import Clock, SystemClock
from exporters.app.beacons import BeaconDesk
from exporters.app.endpoints import Endpoints
from exporters.app.instruments import HttpInstruments, show_info
from exporters.app.options import AppOptions
from exporters.app.page import Page, page
from exporters.app.users import ActiveUsers

log = logging.getLogger(__name__)

HUNG_UP: Final = 499
"""The client went before the whole answer was sent; nginx's number for it."""
FAILED: Final = 500


class Measuring:
    """One application's."""

    def __init__(self, options: AppOptions, clock: Clock | None = None) -> None:
        registry = options.registry
        self.options = options
        self.clock = clock or SystemClock()
        self.http = HttpInstruments(registry, options.buckets)
        self.endpoints = Endpoints(options.most_paths)
        self.desk = BeaconDesk(registry, options.origins) if options.browser else None
        self._users = None if options.identify is None else ActiveUsers(registry, options.active_seconds)
        show_info(registry, dict(options.info))

    def page(self, accept: str, accept_encoding: str) -> Page:
        """The metrics now."""
        if self._users is not None:
            self._users.refresh(self.clock.monotonic())
        return page(self.options.registry, accept=accept, accept_encoding=accept_encoding)

    def ended(self, request: Any, method: str, endpoint: str, status: int, seconds: float) -> None:
        """One request is over; `request` is the ASGI scope or the WSGI environment as the application left it."""
        self.http.ended(method, endpoint, status, seconds)
        if self._users is None or self.options.identify is None:
            return
        try:
            user = self.options.identify(request)
        except Exception:  # of the application's own, and no reason to break its answers
            log.exception("identify failed: the user of this request is not counted")
        else:
            if user is not None:
                self._users.seen(user, self.clock.monotonic())


class Ending:
    """How one request ends: what was sent, whether all of it was, what went wrong."""

    __slots__ = ("complete", "exception", "hung_up", "started")

    def __init__(self) -> None:
        self.started: int | None = None
        self.complete = False
        self.hung_up = False
        self.exception = False

    @property
    def status(self) -> int:
        """The status that was answered, 499 where the client went first, 500 where no whole answer was sent."""
        if self.hung_up:
            return HUNG_UP
        return self.started if self.complete and self.started is not None else FAILED
