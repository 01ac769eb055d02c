"""The `endpoint` label."""

from __future__ import annotations

from typing import Any

import pytest

from exporters.app.endpoints import whole_template


@pytest.mark.parametrize(
    ("path", "template", "parameters", "whole"),
    [
        ("/items/7", "/items/{id}", {"id": 7}, "/items/{id}"),
        ("/v1/items/7", "/items/{id}", {"id": 7}, "/v1/items/{id}"),
        ("/t/acme/items/7", "/items/{id}", {"id": 7, "tenant": "acme"}, "/t/{tenant}/items/{id}"),
        ("/files/a/b/c", "/files/{rest:path}", {"rest": "a/b/c"}, "/files/{rest:path}"),
        ("/v1/files/a/b", "/files/{rest:path}", {"rest": "a/b"}, "/v1/files/{rest:path}"),
        ("/v1/", "/", {}, "/v1/"),
        ("/", "/", {}, "/"),
        ("/v1", "", {}, "/v1"),
        ("", "", {}, "/"),
        ("/short", "/much/longer/{than}/the", {}, "/much/longer/{than}/the"),
    ],
)
def test_a_template_takes_the_place_of_the_paths_end(
    path: str, template: str, parameters: dict[str, Any], whole: str
) -> None:
    assert whole_template(path, template, parameters) == whole
