"""Patterns of files, and files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.foundation.files import BESIDE, beside, is_pattern, matching, replace


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.yml", [".hidden.yml", "a.yml", "b.yml"]),
        ("a**.yml", ["a.yml"]),
        ("**/*.yml", ["deep/c.yml"]),
        ("[ab].yml", ["a.yml", "b.yml"]),
        ("a.yml", ["a.yml"]),
        ("deep", []),
        ("none.yml", []),
    ],
)
def test_a_star_stays_within_one_part_and_two_are_one(tmp_path: Path, pattern: str, names: list[str]) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    for name in ("a.yml", "b.yml", ".hidden.yml", "deep/c.yml", "deep/deeper/d.yml"):
        (tmp_path / name).touch()
    assert [str(found.relative_to(tmp_path)) for found in matching(str(tmp_path / pattern))] == names


def test_what_has_no_magic_is_a_plain_path() -> None:
    assert [is_pattern(path) for path in ("a.yml", "a*.yml", "?", "[a]")] == [False, True, True, True]


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace(path, b"old")
    with pytest.raises(ZeroDivisionError):
        fail_half_way(path)
    assert path.read_bytes() == b"old"
    assert not path.with_name(path.name + BESIDE).exists()


def fail_half_way(path: Path) -> None:
    with beside(path) as file:
        file.write(b"new")
        raise ZeroDivisionError
