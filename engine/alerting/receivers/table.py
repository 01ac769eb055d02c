"""The receivers that can be delivered to: the key of a receiver's config, and what makes a message of a notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from engine.alerting.config import Receiver
from engine.alerting.outgoing import Outgoing, Rendering
from engine.alerting.receivers import email, pagerduty, slack, webhook


@dataclass(frozen=True, slots=True)
class Kind:
    """`configs` are those of a receiver, in the order of the file. `render` raises DeliveryError."""

    configs: Callable[[Receiver], tuple[Any, ...]]
    render: Callable[[Any, Rendering], Outgoing]


RECEIVERS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "webhook": Kind(lambda receiver: receiver.webhook_configs, webhook.render),
        "email": Kind(lambda receiver: receiver.email_configs, email.render),
        "slack": Kind(lambda receiver: receiver.slack_configs, slack.render),
        "pagerduty": Kind(lambda receiver: receiver.pagerduty_configs, pagerduty.render),
    }
)


def integrations_of(receiver: Receiver) -> Iterator[tuple[str, int, Any, Kind]]:
    """Name of the kind, place among its own, config and kind."""
    for name, kind in RECEIVERS.items():
        for index, config in enumerate(kind.configs(receiver)):
            yield name, index, config, kind
