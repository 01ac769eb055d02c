"""The limits of single tenants: a file that says what differs from `limits_config`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.foundation.decode import Decoded, decode
from engine.logs.config.known import Known
from engine.logs.config.limits import Limits


def parse_overrides(
    source: str | bytes, file: str, *, limits: Limits, environment: Mapping[str, str] | None = None
) -> Decoded[Mapping[str, Limits]]:
    """By tenant; what a tenant's part does not name is as in `limits`."""
    found = decode(source, _kind(limits), file, environment=environment)
    overrides: Mapping[str, Any] = found.value.overrides
    return Decoded({tenant: _limits(some) for tenant, some in overrides.items()}, found.findings)


def _kind(limits: Limits) -> Any:
    """A document whose tenants' limits have these as defaults."""
    fields = [(field.name, field.type, getattr(limits, field.name)) for field in msgspec.structs.fields(Limits)]
    of_tenant = msgspec.defstruct(
        "TenantLimits", fields, namespace={"IDLE": Known("limits_config")}, frozen=True, kw_only=True
    )
    kind: Any = Mapping[str, of_tenant]  # type: ignore[valid-type] # it is made as the file's defaults are known
    return msgspec.defstruct("Overrides", [("overrides", kind, msgspec.field(default_factory=dict))], frozen=True)


def _limits(some: Any) -> Limits:
    return Limits(**{field.name: getattr(some, field.name) for field in msgspec.structs.fields(Limits)})
