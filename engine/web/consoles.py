"""`/consoles/`: pages that are made of templates, as the folders of `--web.console.*` have them.

A template can't wait for the queries that it asks. So it runs with what is known, and an empty answer for what is not;
what it asked is then answered, all of it at once, and it runs again, until nothing is missing. Most pages need as many
runs as their queries build on each other: two or three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from aiohttp import web
from msgspec import Struct

from engine.foundation.clock import Clock
from engine.foundation.errors import EngineError
from engine.foundation.workers import Workers
from engine.gotemplate.containers import GoList, GoMap, GoStruct, Html, list_type, string_map, struct_type
from engine.gotemplate.errors import CallError, ExecutionError, TemplateError
from engine.gotemplate.functions.prometheus import functions
from engine.gotemplate.template import Mode, TemplateSet
from engine.gotemplate.types import ANY, STRING, STRING_MAP, STRINGS, Function, GoType, Kind
from engine.rules.ports import Evaluate
from engine.rules.recording import as_vector
from engine.web.answers import plain
from engine.web.api import form

_MOST_RUNS: Final = 100
_DEFINITIONS: Final = (
    "{{$rawParams := .RawParams }}{{$params := .Params}}{{$path := .Path}}{{$externalLabels := .ExternalLabels}}"
)
_VALUES: Final = GoType("url.Values", Kind.MAP, underlying="map[string][]string", element=STRINGS)
_DATA: Final = struct_type(
    "struct { RawParams url.Values; Params map[string]string; Path string; ExternalLabels map[string]string }",
    {"RawParams": _VALUES, "Params": STRING_MAP, "Path": STRING, "ExternalLabels": STRING_MAP},
)
_STRING_LIST: Final = list_type("[]string", STRING)
# As Go's library tells HTML by its beginning, and everything else is text.
_HTML: Final = re.compile(  # noqa: TID251 - ours, linear
    r"[\t\n\f\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >]",
    re.IGNORECASE,
)

Rows: TypeAlias = Sequence[tuple[Mapping[str, str], float]]
Answers: TypeAlias = dict[str, Rows | EngineError]


class ConsoleError(EngineError):
    """The page can't be made; in Prometheus's words."""


class Folders(Struct, frozen=True, kw_only=True):
    """Where the pages are, and the `*.lib` files whose definitions they may call."""

    templates: Path
    libraries: Path


class Consoles(Struct, frozen=True, kw_only=True):
    """What the pages are made with."""

    folders: Folders
    evaluate: Evaluate
    workers: Workers
    clock: Clock
    external_url: str
    external_labels: Callable[[], Mapping[str, str]]

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/consoles/{path:.*}", self._page, allow_head=False)]

    async def _page(self, request: web.Request) -> web.Response:
        path = "/" + request.match_info["path"]
        if (fault := form.fault(request)) is not None:
            return plain(400, fault)
        try:
            text = _read(self.folders.templates, path)
        except FileNotFoundError as error:
            return plain(404, f"open {error.filename}: no such file or directory")
        except (NotADirectoryError, ValueError):  # of no file can this be the name
            return plain(404, "file does not exist")
        except OSError as error:
            return plain(500, f"read {error.filename}: {(error.strerror or '').lower()}")
        try:
            page = await self._rendered(path, text, form.query(request))
        except ConsoleError as error:
            return plain(500, str(error))
        return web.Response(text=page, content_type="text/html" if _HTML.match(page) else "text/plain")

    async def _rendered(self, path: str, text: str, params: form.Params) -> str:
        data = GoStruct(
            _DATA,
            {
                "RawParams": GoMap(_VALUES, {name: GoList(_STRING_LIST, params.getall(name)) for name in params}),
                "Params": string_map({name: params[name] for name in params}),
                "Path": path.lstrip("/"),
                "ExternalLabels": string_map(self.external_labels()),
            },
        )
        now, answers = self.clock.now_ms(), Answers()
        for _ in range(_MOST_RUNS):
            missing: dict[str, None] = {}
            try:
                page = await self.workers.run(self._run, path, text, data, now, _known(answers, missing))
            except ConsoleError:
                if not missing:
                    raise
            else:
                if not missing:
                    return page
            for expression in missing:
                answers[expression] = await self._ask(expression, now)
        raise ConsoleError(f"{path}: its queries build on each other more than {_MOST_RUNS} times")

    def _run(self, path: str, text: str, data: GoStruct, now: int, query: Callable[[str], Rows]) -> str:
        name = f"__console_{path}"
        templates: TemplateSet | None = None

        def called(of: str, value: object) -> Html:
            assert templates is not None
            if of not in templates.names():
                raise CallError(f'html/template: "{of}" is undefined')
            try:
                return Html(templates.named(of).execute(value))
            except TemplateError as error:
                raise CallError(str(error)) from None

        known = {**functions(query, self.external_url, now / 1000), "tmpl": Function(called, (STRING, ANY))}
        templates = TemplateSet(known, mode=Mode.HTML)
        _add(templates, name, _DEFINITIONS + text, f"error parsing template {name}")
        for library in sorted(self.folders.libraries.glob("*.lib")):
            deed = f"error parsing template files for {name}"
            try:
                _add(templates, library.name, library.read_text(), deed)
            except OSError as error:
                raise ConsoleError(f"{deed}: open {library}: {(error.strerror or '').lower()}") from None
        try:
            return templates.named(name).execute(data)
        except TemplateError as error:
            deed = "executing" if isinstance(error, ExecutionError) or "html/template" in str(error) else "parsing"
            raise ConsoleError(f"error {deed} template {name}: {error}") from None

    async def _ask(self, expression: str, now: int) -> Rows | EngineError:
        try:
            found = as_vector(await self.evaluate(expression, now))
        except EngineError as error:
            return error
        return [(labels.as_dict(), value) for labels, value in zip(found.labels, found.values.tolist(), strict=True)]


def _read(folder: Path, path: str) -> str:
    """The file of a path that can't lead out of the folder. Raises OSError; ValueError for a name that no file has."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return folder.joinpath(*steps).read_text(errors="surrogateescape")


def _add(templates: TemplateSet, name: str, text: str, deed: str) -> None:
    try:
        templates.add(name, text)
    except TemplateError as error:
        raise ConsoleError(f"{deed}: {error}") from None


def _known(answers: Answers, missing: dict[str, None]) -> Callable[[str], Rows]:
    """Answers what is known; what is not is noted, and answered by nothing."""

    def query(expression: str) -> Rows:
        answer = answers.get(expression)
        if answer is None:
            missing[expression] = None
            return ()
        if isinstance(answer, EngineError):
            raise answer
        return answer

    return query
