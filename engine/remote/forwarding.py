"""Queries that another server evaluates: a Prometheus, Thanos, Mimir or VictoriaMetrics.

Texts are passed on as they came. What comes back is marked: whoever looks at it must know that it was not evaluated
here, and that VictoriaMetrics means something else by some functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from engine.foundation.addresses import AddressBook
from engine.foundation.decode import decode
from engine.foundation.delivery import masked_url
from engine.foundation.errors import ConfigError
from engine.foundation.http_client import DEADLINE, HttpClient, HttpError, Response
from engine.foundation.http_config import PrometheusHTTPClientConfig
from engine.foundation.values import HttpUrl
from engine.foundation.workers import Workers
from engine.query.answers import aligned, result_of
from engine.query.elsewhere import Forwarded, ForwardError
from promql.model.results import RawMatrix, Result
from promql.plan.window import Window

_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_LARGEST: Final = 1 << 30
_LARGE: Final = 256 * 1024
"""Bytes of an answer that a worker decodes."""
_VICTORIA: Final = "x-server-hostname"
"""A header that only VictoriaMetrics sends."""
_DIFFERS: Final = (
    "VictoriaMetrics evaluated it: rate, increase and delta do not extrapolate and look at the sample before their"
    " range, missing ranges are chosen, and the times of steps are aligned"
)
_PAGE_SECONDS: Final = 60.0


class _Answer(msgspec.Struct):
    """As Prometheus's API answers, and with what VictoriaMetrics adds where parts of a cluster are missing."""

    status: str
    data: Any = None
    errorType: str = ""  # noqa: N815 - the API's
    error: str = ""
    warnings: Sequence[str] | None = None
    infos: Sequence[str] | None = None
    isPartial: bool = False  # noqa: N815 - the API's


class Forwarder:
    """Asks the server below a URL. `close` it."""

    def __init__(
        self, url: str, config: PrometheusHTTPClientConfig, addresses: AddressBook, workers: Workers, *, base: Path
    ) -> None:
        """`url` is what `/api/v1/query` stands behind; relative file names of the configuration begin at `base`."""
        self._url = url.rstrip("/")
        self._http = HttpClient(config, addresses, base=base)
        self._workers = workers
        self.shown = masked_url(self._url)

    async def close(self) -> None:
        await self._http.close()

    async def evaluate(self, query: str, window: Window, timeout: float, lookback_ms: int | None) -> Forwarded:
        """Its answer, marked as its own. Raises ForwardError."""
        given = {"query": query, "timeout": f"{timeout:.3f}"}
        if lookback_ms is not None:
            given["lookback_delta"] = _seconds(lookback_ms)
        if window.instant:
            path = "/query"
            given["time"] = _seconds(window.start)
        else:
            path = "/query_range"
            given |= {"start": _seconds(window.start), "end": _seconds(window.end), "step": _seconds(window.step)}
        answer = await self._asked("POST", path, urlencode(given), timeout)
        if len(answer.body) < _LARGE:
            return self._forwarded(answer, window)
        return await self._workers.run(self._forwarded, answer, window)

    async def page(self, path: str, params: Sequence[tuple[str, str]]) -> tuple[int, bytes]:
        """Another page of its API: status and body. Raises ForwardError."""
        answer = await self._asked("GET", path, urlencode(params), _PAGE_SECONDS)
        return answer.status, answer.body

    async def _asked(self, method: str, path: str, form: str, timeout: float) -> Response:
        url = f"{self._url}/api/v1{path}"
        more: dict[str, Any] = {"headers": _FORM, "body": form.encode()}
        if method == "GET":
            url, more = f"{url}?{form}" if form else url, {}
        try:
            return await self._http.request(method, url, timeout=timeout, limit=_LARGEST, **more)
        except HttpError as error:
            told = str(error).replace(self._url, self.shown)
            raise ForwardError("timeout" if told.endswith(DEADLINE) else "unavailable", told) from None

    def _forwarded(self, answer: Response, window: Window) -> Forwarded:
        try:
            found = msgspec.json.decode(answer.body, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            said = answer.body[:200].decode(errors="replace").strip()
            raise ForwardError("unavailable", f"{self.shown}: status {answer.status}: {said}") from None
        if found.status != "success":
            raise ForwardError(found.errorType, f"{self.shown}: {found.error}")
        warnings = [*(found.warnings or ()), *["some of its storage did not answer: this is not all"] * found.isPartial]
        infos = [f"evaluated by {self.shown}, not here", *(found.infos or ())]
        if _VICTORIA in answer.headers:
            infos.append(_DIFFERS)
        return Forwarded(self._result(found.data, window), tuple(warnings), tuple(infos))

    def _result(self, data: object, window: Window) -> Result:
        try:
            result = result_of(data)
        except ValueError as error:
            raise ForwardError("unavailable", f"{self.shown}: it answered with {error}") from None
        return aligned(result) if isinstance(result, RawMatrix) and not window.instant else result


def read_client_file(path: Path | None) -> PrometheusHTTPClientConfig:
    """How the server is spoken to: a file as promtool takes by `--http.config.file`. Raises ConfigError."""
    if path is None:
        return PrometheusHTTPClientConfig()
    try:
        found = decode(path.read_bytes(), PrometheusHTTPClientConfig, str(path))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    if mistakes := [str(finding) for finding in found.findings if finding.fatal]:
        raise ConfigError("\n".join(mistakes))
    return found.value


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}"


def checked_url(url: str) -> str:
    """The URL. Raises ConfigError where it is none of HTTP."""
    try:
        return HttpUrl.from_text(url).reveal()
    except ValueError as error:
        what = str(error).rpartition(": ")[2]  # without the URL, which may hold a password
        raise ConfigError(f"--query-url: {what}: want http://HOST:PORT, and what /api/v1/query stands behind") from None
