"""Files that are rotated while they are followed, or while nobody follows them: each line once, in order."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.promtail.tail.book import PositionBook, prefix_of
from engine.promtail.tail.file import Options
from engine.promtail.tail.globs import Glob
from engine.promtail.tail.target import FileTarget, Lines


class Follower:
    """Follows a pattern through ends and beginnings; `lines` are all that it has read, `kept` its positions."""

    def __init__(self, pattern: str, excluded: str = "", encoding: str = "") -> None:
        self.lines: list[str] = []
        self.kept: dict[str, str] = {}
        self.now = 0.0
        self._pattern, self._excluded, self._encoding = pattern, excluded, encoding
        self.start()

    def start(self, adopted: dict[str, int] | None = None) -> None:
        book = PositionBook(prefix_of("job", self._pattern), self.kept, adopted or {})
        excluded = Glob(self._excluded) if self._excluded else None
        self.target = FileTarget(Glob(self._pattern), excluded, Options(encoding=self._encoding), book)

    def look(self, last_after: float | None = None) -> None:
        self.now += 1
        self.target.search(self.now, 0.0)
        quiet = 0
        while quiet < 3:  # what one look finds out another reads
            found = list(self.target.read(self.now, last_after))
            for one in found:
                self.lines += [line.decode() for line in one.lines]
                one.file.track(one.starts, ())
            self.keep(found)
            quiet = 0 if found else quiet + 1

    def keep(self, found: Sequence[Lines]) -> None:
        """As the store does, with the lines or not at all."""
        book = self.target.book
        told = {book.key(one.file.dev, one.file.ino): one.file.position().text() for one in found}
        for key, text in {**book.changed, **told}.items():
            self.kept.pop(key, None) if not text else self.kept.update({key: text})
        book.changed.clear()

    def end(self) -> None:
        """As by SIGKILL: nothing is kept but what was."""
        self.target.close()

    def again(self) -> None:
        self.end()
        self.start()
        self.look()


class Writer:
    """Writes numbered lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def write(self, count: int = 10) -> None:
        with self.path.open("a") as file:
            for _ in range(count):
                file.write(f"line {self.count:08d}\n")
                self.count += 1

    @property
    def lines(self) -> list[str]:
        return [f"line {number:08d}" for number in range(self.count)]


@pytest.fixture(params=["app.log", "app.log*", "*"])
def pattern(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Those that find rotated files too, and those that do not."""
    return str(tmp_path / request.param)


def rename(path: Path) -> None:
    if path.with_name("app.log.1").exists():
        path.with_name("app.log.1").rename(path.with_name("app.log.2"))
    path.rename(path.with_name("app.log.1"))


def copy_and_cut(path: Path) -> None:
    if path.with_name("app.log.1").exists():
        path.with_name("app.log.1").rename(path.with_name("app.log.2"))
    shutil.copy(path, path.with_name("app.log.1"))
    os.truncate(path, 0)


ROTATIONS = [rename, copy_and_cut]


def shift(path: Path) -> None:
    """`app.log.1` becomes `app.log.2`, and so on."""
    for number in range(30, 0, -1):
        if Path(f"{path}.{number}").exists():
            Path(f"{path}.{number}").rename(f"{path}.{number + 1}")


def shift_and_rename(path: Path) -> None:
    shift(path)
    path.rename(f"{path}.1")
    path.touch()


def shift_and_copy(path: Path) -> None:
    shift(path)
    shutil.copy(path, f"{path}.1")
    os.truncate(path, 0)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("rotate", [shift_and_rename, shift_and_copy])
def test_whatever_happens_each_line_is_read_once_and_in_order(pattern: str, tmp_path: Path, rotate, seed: int) -> None:
    """Writing, rotating, looking, being killed, several rotations between two looks: by chance, and always the same."""
    chance = random.Random(seed)
    writer, follower = Writer(tmp_path / "app.log"), Follower(pattern)
    writer.write(chance.randrange(1, 30))
    follower.look()
    for _ in range(chance.randrange(3, 12)):
        match chance.choice(["write", "look", "rotate", "kill", "be away"]):
            case "write":
                writer.write(chance.randrange(1, 30))
            case "look":
                follower.look()
            case "rotate":
                writer.write(chance.randrange(10))
                rotate(writer.path)
                writer.write(chance.randrange(10))
            case "kill":
                follower.end()
                follower.start()
            case "be away":
                follower.end()
                for _ in range(chance.randrange(3)):
                    writer.write(chance.randrange(10))
                    rotate(writer.path)
                    writer.write(chance.randrange(10))
                follower.start()
    follower.look()
    follower.end()
    assert follower.lines == writer.lines


@pytest.mark.parametrize("rotate", ROTATIONS)
def test_rotation_between_two_looks_loses_nothing_and_repeats_nothing(pattern: str, tmp_path: Path, rotate) -> None:
    writer, follower = Writer(tmp_path / "app.log"), Follower(pattern)
    for _ in range(4):
        writer.write(30)
        follower.look()
        writer.write(20)
        rotate(writer.path)
        writer.write(10)
        follower.look()
    assert follower.lines == writer.lines


@pytest.mark.parametrize("rotate", ROTATIONS)
def test_rotation_while_nobody_follows_loses_nothing_and_repeats_nothing(pattern: str, tmp_path: Path, rotate) -> None:
    writer, follower = Writer(tmp_path / "app.log"), Follower(pattern)
    for _ in range(4):
        writer.write(30)
        follower.look()
        writer.write(20)
        follower.end()
        rotate(writer.path)
        writer.write(70)
        follower.start()
        follower.look()
    assert follower.lines == writer.lines


def test_a_file_that_is_cut_and_grows_past_the_old_place_is_read_from_its_beginning(tmp_path: Path) -> None:
    writer, follower = Writer(tmp_path / "app.log"), Follower(str(tmp_path / "app.log"))
    writer.write(10)
    follower.look()
    os.truncate(writer.path, 0)
    writer.write(50)
    follower.look()
    assert follower.lines == writer.lines


def test_a_copy_that_turns_up_before_the_file_is_cut_is_not_read_twice(tmp_path: Path) -> None:
    writer, follower = Writer(tmp_path / "app.log"), Follower(str(tmp_path / "app.log*"))
    writer.write(30)
    follower.look()
    shutil.copy(writer.path, tmp_path / "app.log.1")
    follower.look()
    writer.write(5)
    follower.look()
    follower.again()
    os.truncate(writer.path, 0)
    writer.write(5)
    follower.look()
    assert follower.lines == writer.lines


def test_a_file_that_only_begins_like_another_is_read_once_they_differ(tmp_path: Path) -> None:
    follower = Follower(str(tmp_path / "*"))
    (tmp_path / "app.log").write_text("start\nmore\n")
    follower.look()
    (tmp_path / "app.log.1").write_text("start\n")
    follower.look()
    (tmp_path / "app.log.1").write_text("start\nother\n")
    follower.look()
    assert follower.lines == ["start", "more", "start", "other"]


def test_a_file_that_goes_on_saying_the_same_as_another_is_no_copy(tmp_path: Path) -> None:
    follower = Follower(str(tmp_path / "*"))
    for turn in range(6):
        for name in ("app.log", "app-2.log"):
            with (tmp_path / name).open("a") as file:
                file.write(f"{turn}\n")
        follower.look()
    assert sorted(follower.lines) == sorted(str(turn) for turn in range(6) for _ in range(2))


@pytest.mark.parametrize("names", [("1.log", "10.log"), ("worker1", "worker12"), ("a.log", "a.logs")])
def test_numbers_that_only_tell_files_apart_make_no_copies(tmp_path: Path, names: tuple[str, str]) -> None:
    for name in names:
        (tmp_path / name).write_text("same\n")
    follower = Follower(str(tmp_path / "*"))
    follower.look()
    assert follower.lines == ["same"] * 2


def test_a_link_that_leads_elsewhere_is_followed_there_after_the_rest_of_the_old_file(tmp_path: Path) -> None:
    one, other, link = tmp_path / "one", tmp_path / "other", tmp_path / "current"
    one.write_text("a\nb\n")
    other.write_text("d\n")
    link.symlink_to(one)
    follower = Follower(str(link))
    follower.look()
    with one.open("a") as file:
        file.write("c\n")
    link.unlink()
    link.symlink_to(other)
    follower.look()
    assert follower.lines == ["a", "b", "c", "d"]
    follower.again()
    assert len(follower.lines) == 4


def test_a_removed_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("a\n")
    follower = Follower(str(path))
    follower.look()
    with path.open("a") as file:
        file.write("b\n")
        path.unlink()
    follower.look()
    assert follower.lines == ["a", "b"]
    assert not follower.kept


def test_a_last_line_without_end_waits_and_is_sent_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("a\nb")
    follower = Follower(str(path))
    follower.look()
    assert follower.lines == ["a"]
    follower.now += 5
    follower.look(last_after=5.0)
    assert follower.lines == ["a", "b"]


def test_a_rest_is_read_after_an_end_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("a\nb")
    follower = Follower(str(path))
    follower.look()
    with path.open("a") as file:
        file.write("c\n")
    follower.again()
    assert follower.lines == ["a", "bc"]


def test_files_of_no_text_and_of_no_permission_are_skipped_and_named(tmp_path: Path) -> None:
    (tmp_path / "lastlog").write_bytes(b"\0\0\1text\0")
    (tmp_path / "empty").write_bytes(b"\0" * 2000)
    follower = Follower(str(tmp_path / "*"))
    follower.look()
    assert set(follower.target.told.skipped) == {str(tmp_path / "lastlog"), str(tmp_path / "empty")}
    assert not follower.lines


def test_a_hole_before_text_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"a\n")
    follower = Follower(str(path))
    follower.look()
    path.write_bytes(b"\0\0\0\0\0b\n")
    follower.look()
    assert follower.lines == ["a", "b"]


def test_offsets_that_another_promtail_kept_by_name_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("a\nb\n")
    follower = Follower(str(path))
    follower.start(adopted={str(path): 2})
    follower.look()
    assert follower.lines == ["b"]


def test_excluded_files_are_not_read(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(f"{name}\n")
    follower = Follower(str(tmp_path / "*.log"), excluded=str(tmp_path / "b*"))
    follower.look()
    assert follower.lines == ["a.log"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "latin-1", "shift_jis", "euc-kr"])
def test_lines_in_another_encoding_become_utf8(tmp_path: Path, encoding: str) -> None:
    words = "caf\u00e9\n" if encoding == "latin-1" else "\u00e9\u010a\u0a0d x\n" if "16" in encoding else "abc def\n"
    path = tmp_path / "app.log"
    path.write_bytes((words * 3).encode(encoding))
    follower = Follower(str(path), encoding=encoding)
    follower.look()
    assert follower.lines == [words.rstrip("\n")] * 3
