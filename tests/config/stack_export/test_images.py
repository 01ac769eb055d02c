"""Which release of an image is run where a file needs one."""

from __future__ import annotations

import pytest

from engine.config.stack_export.stack import in_release


@pytest.mark.parametrize(
    ("image", "runs"),
    [
        ("prom/prometheus:v2.42.0", "prom/prometheus:v2.54.0"),
        ("prom/prometheus:v2.54.1", "prom/prometheus:v2.54.1"),
        ("prom/prometheus:v3.1.0", "prom/prometheus:v3.1.0"),
        ("prom/prometheus:v2", "prom/prometheus:v2.54.0"),
        ("prom/prometheus", "prom/prometheus"),
        ("prometheus:latest", "prometheus:latest"),
        ("registry:5000/prom/prometheus", "registry:5000/prom/prometheus"),
        ("registry:5000/prom/prometheus:stable", "registry:5000/prom/prometheus:v2.54.0"),
        ("prom/prometheus@sha256:0a", "prom/prometheus:v2.54.0"),
        ("prom/prometheus:v2.60.0@sha256:0a", "prom/prometheus:v2.60.0@sha256:0a"),
    ],
)
def test_an_image_is_changed_only_where_it_is_older_or_nobody_knows(image: str, runs: str) -> None:
    assert in_release(image, (2, 54)) == runs
    assert in_release(image, (0, 0)) == image
