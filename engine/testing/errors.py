"""What a test did that can't work."""

from __future__ import annotations

from engine.foundation.errors import EngineError


class TestEngineError(EngineError):
    """A call that makes no sense as it stands; the text says what to write instead."""

    __test__ = False
