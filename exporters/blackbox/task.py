"""What a prober is given, and what every prober may say went wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.errors import EngineError, RemoteError
from engine.foundation.http_errors import certificate_fault, system_fault
from engine.foundation.tls import ClientTls
from exporters.blackbox.config.document import Module
from exporters.blackbox.told import Told

DEADLINE = "context deadline exceeded"


class ProbeError(RemoteError):
    """A step of a probe did not work; the text is for its log."""


class Task(Struct, frozen=True, kw_only=True):
    """One probe. `until` is the loop's time at which it is too late; files of the module belong to `base`.

    `tls` is kept with the module, since a context costs more than a probe.
    """

    target: str
    module: Module
    until: float
    told: Told
    clock: Clock
    addresses: AddressBook
    base: Path
    tls: ClientTls

    @property
    def seconds(self) -> float:
        """The time that is left, at least a moment."""
        return max(self.until - asyncio.get_running_loop().time(), 0.001)


Prober: TypeAlias = Callable[[Task], Awaitable[bool]]
"""Tells what it finds, and gives whether the probe succeeded. Raises nothing that a server may cause."""


@contextmanager
def steps() -> Iterator[None]:
    """Whatever the network does is a ProbeError."""
    try:
        yield
    except TimeoutError:
        raise ProbeError(DEADLINE) from None
    except ssl.SSLCertVerificationError as error:
        raise ProbeError(certificate_fault(error)) from None
    except ssl.SSLError as error:
        raise ProbeError(f"tls: {(error.reason or str(error)).replace('_', ' ').lower()}") from None
    except asyncio.IncompleteReadError:
        raise ProbeError("unexpected EOF") from None
    except OSError as error:
        raise ProbeError(system_fault(error)) from None
    except UnicodeError:
        raise ProbeError("no name that could be looked up") from None
    except EngineError as error:
        raise error if isinstance(error, ProbeError) else ProbeError(str(error)) from None
