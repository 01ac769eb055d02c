"""Pools and queries of SQLAlchemy, counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from exporters.app.sqlalchemy import operation, watch


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def engine(registry: CollectorRegistry) -> Iterator[Engine]:
    made = create_engine("sqlite://", poolclass=QueuePool, pool_size=2, max_overflow=3)
    watch(made, pool="main", registry=registry)
    yield made
    made.dispose()


def shown(registry: CollectorRegistry) -> tuple[float | None, float | None]:
    """(in use, waiting)."""
    return tuple(
        registry.get_sample_value(name, {"pool": "main"}) for name in ("db_connections", "db_connections_idle")
    )  # type: ignore[return-value]


def test_connections_are_counted_as_they_go_out_and_come_back(registry: CollectorRegistry, engine: Engine) -> None:
    assert shown(registry) == (0, 0)
    with engine.connect(), engine.connect():
        assert shown(registry) == (2, 0)
    assert shown(registry) == (0, 2)
    assert registry.get_sample_value("db_connections_max", {"pool": "main"}) == 5


def test_a_connection_that_is_detached_or_broken_is_in_use_no_longer(
    registry: CollectorRegistry, engine: Engine
) -> None:
    with engine.connect() as connection:
        connection.detach()
        assert shown(registry)[0] == 0
    with engine.connect() as connection:
        connection.invalidate()
    assert shown(registry)[0] == 0


def test_connections_are_counted_after_the_pool_was_made_anew(registry: CollectorRegistry, engine: Engine) -> None:
    engine.dispose()
    with engine.connect(), engine.connect():
        assert shown(registry) == (2, 0)
    assert shown(registry) == (0, 2)


def test_queries_are_timed_by_operation_and_failures_are_counted(registry: CollectorRegistry, engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("select 1"))
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT * FROM nothing"))
    select = {"pool": "main", "operation": "SELECT"}
    assert registry.get_sample_value("db_query_duration_seconds_count", select) == 2
    assert registry.get_sample_value("db_query_errors_total", select) == 1


@pytest.mark.parametrize(
    ("statement", "name"),
    [(" (select 1)", "SELECT"), ("WITH x AS (SELECT 1) SELECT 1", "WITH"), ("PRAGMA x", "OTHER"), ("", "OTHER")],
)
def test_an_operation_is_the_first_word(statement: str, name: str) -> None:
    assert operation(statement) == name
