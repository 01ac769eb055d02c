from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.foundation.calls import app
from tests.foundation.certificates import Certificates
from tests.foundation.serving import serving


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.fixture
async def site() -> AsyncIterator[str]:
    async with serving(app()) as url:
        yield url
