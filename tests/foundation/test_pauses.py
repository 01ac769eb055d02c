from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from engine.foundation.pauses import SWITCH_SECONDS, WHOLE_SECONDS, short_pauses


class Time:
    """Each look at it takes `step` seconds."""

    def __init__(self) -> None:
        self.now = self.step = 0.0

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


def alone(body: Callable[[Time], None]) -> None:
    """In a process of its own, whose objects are few, and where collections come when they are called for."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(_without_collections, body).result()


def _without_collections(body: Callable[[Time], None]) -> None:
    gc.disable()
    body(Time())


class Node:
    """Bears a link to itself, so that only a collection can find that nobody needs it."""

    def __init__(self) -> None:
        self.itself = self


def nodes() -> int:
    return sum(type(one) is Node for one in gc.get_objects())  # isinstance would wake what others left lazy


def test_threads_take_turns_quickly_as_long_as_it_lasts() -> None:
    alone(taking_turns)


def taking_turns(time: Time) -> None:
    before = sys.getswitchinterval()
    with short_pauses(time.monotonic):
        assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    assert sys.getswitchinterval() == before


def test_what_survived_a_long_collection_is_not_looked_at_again() -> None:
    alone(surviving)


def surviving(time: Time) -> None:
    kept = Node()
    with short_pauses(time.monotonic):
        gc.collect()
        assert nodes() == 1
        time.step = 1.0
        gc.collect()
        assert nodes() == 0, "the list of what is looked at has none"
    assert nodes() == 1
    assert kept.itself is kept


def test_garbage_is_found_as_ever_and_frozen_garbage_after_an_hour() -> None:
    alone(becoming_garbage)


def becoming_garbage(time: Time) -> None:
    frozen = Node()
    still_there = weakref.ref(frozen)
    with short_pauses(time.monotonic):
        time.step = 1.0
        gc.collect()
        del frozen
        Node()
        assert nodes() == 1, "the new one"
        gc.collect()
        assert nodes() == 0
        assert still_there() is not None
        time.now += WHOLE_SECONDS
        time.step = 0.0
        gc.collect()
        assert still_there() is None, "the frozen one is gone, not only hidden"
