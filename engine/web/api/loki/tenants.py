"""Whose lines a request is about."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from engine.logs.config.settings import NOBODY
from engine.logs.service import LogService
from engine.web.api.loki.answers import RefusedError, TenantOf

_NAME: Final = re.compile(r"[A-Za-z0-9!\-_.*'()]{1,150}", re.ASCII)  # noqa: TID251 - ours, linear


def tenants(service: LogService) -> TenantOf:
    """By X-Scope-OrgID, where there is authentication."""

    def tenant_of(request: web.Request) -> str:
        if not service.settings.config.auth_enabled:
            return NOBODY
        tenant = request.headers.get("X-Scope-OrgID", "")
        if not tenant:
            raise RefusedError("no org id", 401)
        if "|" in tenant:
            raise RefusedError("multiple org IDs present")
        if not _NAME.fullmatch(tenant) or tenant in (".", ".."):
            raise RefusedError(f"invalid tenant ID '{tenant}': want up to 150 letters, digits and !-_.*'()")
        return tenant

    return tenant_of
