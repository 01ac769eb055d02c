"""What an application is given of the world around it."""

from __future__ import annotations

from msgspec import Struct

from engine.foundation.clock import Clock
from engine.foundation.delivery import DeliveryPolicy
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.scrape.ports import MakeFetcher


class Around(Struct, frozen=True):
    """What tests replace: time, threads, the parent of all loops, who fetches pages, what may leave.

    `host` spreads scrapes; None is this machine's name.
    """

    clock: Clock
    workers: Workers
    supervisor: Supervisor
    fetcher: MakeFetcher | None = None
    policy: DeliveryPolicy | None = None
    host: str | None = None
