"""Files of the kernel: what stays open between readings."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="such trees are Linux's")

READ_ALL = """
import os, resource, sys
from pathlib import Path
from exporters.kernel import Tree

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[1])))
before = len(os.listdir("/proc/self/fd"))
tree = Tree(Path("/proc"))
names = [f"self/{name}" for name in os.listdir("/proc/self") if os.path.isfile(f"/proc/self/{name}")]
names += [f"sys/vm/{name}" for name in os.listdir("/proc/sys/vm")]
for _ in range(3):
    for name in names:
        tree.value_or_none(name)
print(len(names), len(os.listdir("/proc/self/fd")) - before)
"""


@pytest.mark.parametrize(("limit", "most"), [(32, 4), (256, 32)])
def test_no_more_than_an_eighth_of_the_files_that_may_be_open_stay_so(limit: int, most: int) -> None:
    told = subprocess.run([sys.executable, "-c", READ_ALL, str(limit)], capture_output=True, text=True, check=True)
    names, kept = map(int, told.stdout.split())
    assert names > most
    assert kept == most
