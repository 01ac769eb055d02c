"""A receiver tried out: a notification that says that it is a test, to each of its integrations, and what came of it.

It goes the way of every other: rendered by the same code, and withheld where it would leave this machine without
leave. The journal and the trails know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from engine.alerting.alert import Alert
from engine.alerting.config.document import AlertmanagerConfig, Receiver
from engine.alerting.config.kinds import Kind, integrations_of
from engine.alerting.config.resolve import build_route
from engine.alerting.dispatch.flush import Flush
from engine.alerting.errors import DeliveryError
from engine.alerting.kept.store import NEVER
from engine.alerting.notify.notice import Notice
from engine.alerting.notify.outgoing import Outgoing, Rendering
from engine.alerting.notify.templating import Templates, load_templates
from engine.alerting.notify.transport import Transport
from engine.alerting.running import Surroundings
from engine.foundation.clock import SECOND
from engine.foundation.errors import ConfigError
from promql.model.labels import Labels

PATIENCE: Final = 10 * SECOND
LABELS: Final[Mapping[str, str]] = MappingProxyType({"alertname": "TestNotification", "severity": "none"})
SAYS: Final = "This is a test notification, sent by hand: nothing is wrong."


class Tried(Struct, frozen=True):
    """One integration. `outcome` is delivered, withheld or failed; secrets are masked; `answer` is the status and body
    of an HTTP answer.
    """

    integration: str
    outcome: str
    address: str = ""
    payload: str = ""
    answer: str = ""
    error: str = ""
    seconds: float = 0.0


async def try_receiver(config: AlertmanagerConfig, folder: Path, name: str, around: Surroundings) -> list[Tried]:
    """`folder` is where the config's relative paths begin. Raises ConfigError for a receiver that there is not."""
    receiver = next((one for one in config.receivers if one.name == name), None)
    if receiver is None or config.route is None:
        names = ", ".join(one.name for one in config.receivers)
        raise ConfigError(f'there is no receiver "{name}" (there are: {names})')
    trial = _Trial(receiver, load_templates(config.templates, folder), folder, around)
    route = replace(build_route(config.route, around.grammar), receiver=name, children=())
    labels = Labels.of(alertname=LABELS["alertname"])
    tried = []
    for kind, index, entry, how in integrations_of(receiver):
        now = around.clock.now_ns()
        flush = Flush(route, labels, route.group_key(labels), now, now + PATIENCE)
        tried.append(await trial.one(f"{kind}[{index}]", entry, how, flush))
    return tried


class _Trial(Struct, frozen=True):
    receiver: Receiver
    templates: Templates
    folder: Path
    around: Surroundings

    async def one(self, place: str, config: Any, kind: Kind, flush: Flush) -> Tried:
        """Render and send, once."""
        around = self.around
        alert = Alert(Labels.of(LABELS), (("summary", SAYS),), flush.tick, NEVER, flush.tick)
        notice = Notice.of(flush, (alert,), around.external_url, flush.tick)
        try:
            message = await around.workers.run(kind.render, config, Rendering(notice, self.templates))
        except DeliveryError as error:
            return Tried(place, "failed", error=str(error))
        return await self._sent(place, message, flush.deadline)

    async def _sent(self, place: str, message: Outgoing, deadline: int) -> Tried:
        around, name = self.around, self.receiver.name
        transport = Transport(
            name, f"{name}/{place}", delivery=around.delivery, addresses=around.addresses, clock=around.clock,
            base=self.folder,
        )  # fmt: skip
        began = around.clock.monotonic()
        tried = Tried(place, "delivered", message.address, message.payload)
        try:
            if await transport.send(message, deadline):
                tried = replace(tried, outcome="withheld")
        except DeliveryError as error:
            tried = replace(tried, outcome="failed", error=str(error))
        finally:
            await transport.close()
        return replace(tried, answer=transport.answered, seconds=around.clock.monotonic() - began)
