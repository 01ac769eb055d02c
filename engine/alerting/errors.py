"""What can go wrong between a notification and its receiver."""

from __future__ import annotations

from engine.foundation.errors import RemoteError


class DeliveryError(RemoteError):
    """A notification did not arrive. `retry`: can trying again help?"""

    def __init__(self, message: str, *, retry: bool) -> None:
        super().__init__(message)
        self.retry = retry
