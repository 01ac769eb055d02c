"""The tree makes sense on any machine: no file names the folders of the one on which it was written."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).resolve().parents[2]
GIT: Final = shutil.which("git")
# Folders in which checkouts usually lie. A path inside of a longer one is none of these.
FOLDERS: Final = ("work", "farm", "workspaces?", "Users/[^/\\s]+", "home/[^/\\s]+/[^/\\s]+")
MACHINE_PATH: Final = re.compile(rf"(?<![\w.~*$}}-])/(?:{'|'.join(FOLDERS)})/".encode())


def tracked() -> list[Path]:
    if GIT is None or not (PROJECT / ".git").exists():
        pytest.skip("this is no checkout of git: which files belong to the project can't be told")
    listed = subprocess.run([GIT, "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True)
    paths = (PROJECT / name.decode() for name in listed.stdout.split(b"\0") if name)
    return [path for path in paths if path.is_file()]


def named(content: bytes) -> list[int]:
    """The lines that name a folder of some machine."""
    return [n for n, line in enumerate(content.splitlines(), 1) if MACHINE_PATH.search(line)]


def test_no_file_names_folders_of_the_machine_on_which_it_was_written() -> None:
    assert [f"{path.relative_to(PROJECT)}:{line}" for path in tracked() for line in named(path.read_bytes())] == []


def test_no_file_names_the_folder_of_this_checkout() -> None:
    here = f"{PROJECT}/".encode()
    assert [str(path.relative_to(PROJECT)) for path in tracked() if here in path.read_bytes()] == []


@pytest.mark.parametrize("folder", ["work", "farm", "workspace", "Users/ann", "home/ann/code"])
def test_a_path_of_a_machine_is_recognised(folder: str) -> None:
    assert named(f'first\nopen("/{folder}/notes.txt")\n'.encode()) == [2]


@pytest.mark.parametrize("line", ["http://host/a/work/b", "~/work/x", "framework/", "/workers/", "/etc/prometheus/"])
def test_other_paths_are_left_alone(line: str) -> None:
    assert named(line.encode()) == []
