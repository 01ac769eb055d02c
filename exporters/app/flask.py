"""Metrics of a Flask application: `instrument(app)`.

Flask answers its own exceptions and keeps its routes to itself, so its signals tell both to the middleware around it.
"""

from __future__ import annotations

from typing import Any

import flask

from exporters.app.endpoints import EXCEPTION_KEY, ROUTE_KEY, UNMATCHED
from exporters.app.options import DEFAULTS, AppOptions
from exporters.app.wsgi import MetricsMiddleware


def instrument(app: flask.Flask, *, options: AppOptions = DEFAULTS) -> None:
    """From now on the application is measured. Raises InstrumentError where a metric has another definition already."""
    app.wsgi_app = MetricsMiddleware(app.wsgi_app, options=options)  # type: ignore[method-assign]
    flask.request_started.connect(_note_route, app)
    flask.got_request_exception.connect(_note_exception, app)


def _note_route(_: flask.Flask, **__: Any) -> None:
    rule = flask.request.url_rule
    flask.request.environ[ROUTE_KEY] = UNMATCHED if rule is None else rule.rule


def _note_exception(_: flask.Flask, **__: Any) -> None:
    flask.request.environ[EXCEPTION_KEY] = True
