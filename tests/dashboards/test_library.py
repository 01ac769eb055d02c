"""Dashboards on disk: the files are the truth."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.dashboards.files.entry import Entry, LibraryError
from engine.dashboards.files.library import Library
from engine.dashboards.files.plan import plan
from engine.dashboards.files.provision import Shelved
from engine.dashboards.files.saving import Saver
from engine.foundation.workers import InlineWorkers, ThreadWorkers

BOARD = {"uid": "one", "title": "One", "panels": [], "version": 3}


def shelf(folder: Path, *boards: dict[str, Any], **more: Any) -> Shelved:
    for at, board in enumerate(boards):
        (folder / f"{at}.json").write_text(json.dumps(board))
    return Shelved(name="D", path=folder, **more)


def library(folder: Path, *boards: dict[str, Any], **more: Any) -> Library:
    found = Library([shelf(folder, *boards, **more)])
    found.look(0.0)
    return found


def save(found: Library, *given: Any, **more: Any) -> Entry:
    """With what files were before beside their folder."""
    versions = found.shelves[0].path.parent / "versions"
    return asyncio.run(Saver(found, InlineWorkers(), versions, keep=2).save(*given, **more))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "boards").mkdir()
    return tmp_path / "boards"


def test_files_are_read_again_when_their_time_has_come(home: Path) -> None:
    found = library(home, BOARD)
    (home / "0.json").write_text(json.dumps({**BOARD, "title": "A new name"}))
    (home / "sub").mkdir()
    (home / "sub" / "x.json").write_text('{"title": "X", "panels": []}')
    found.look(9.0)
    assert [one.title for one in found.entries] == ["One"]
    found.look(10.0)
    assert [one.title for one in found.entries] == ["A new name", "X"]


def test_a_removed_file_is_a_removed_dashboard_unless_the_provider_keeps_it(home: Path) -> None:
    gone, kept = library(home, BOARD), library(home, BOARD, keeps_deleted=True)
    (home / "0.json").unlink()
    for one in (gone, kept):
        one.look(0.0, at_once=True)
    assert (len(gone.entries), len(kept.entries)) == (0, 1)


def test_a_file_that_can_not_be_read_hides_no_other(home: Path) -> None:
    (home / "bad.json").write_text("{")
    found = library(home, BOARD)
    problems = {one.title: one.problem for one in found.entries}
    assert problems["One"] == ""
    assert problems["bad"].startswith("it is no JSON")
    with pytest.raises(LibraryError, match="it is no JSON"):
        found.board(next(one.uid for one in found.entries if one.problem))


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda file: file.symlink_to("nowhere"), "it can't be read: No such file or directory"),
        (os.mkfifo, "it can't be read: it is no regular file"),
        (lambda file: file.write_text('{"panels": ' + "[" * 99_999), "it is nested too deeply"),
    ],
)
def test_what_is_no_readable_file_hides_no_other(home: Path, spoil: Any, problem: str) -> None:
    spoil(home / "odd.json")
    assert {one.title: one.problem for one in library(home, BOARD).entries} == {"One": "", "odd": problem}


def test_a_name_that_is_no_utf_8_is_told_all_the_same(home: Path) -> None:
    Path(os.fsdecode(bytes(home) + b"/\xff.json")).write_text("{}")
    (entry,) = library(home).entries
    assert msgspec.json.encode([entry.title, entry.uid, entry.place, entry.folder])


def test_links_that_lead_in_a_circle_lead_to_each_file_once(home: Path) -> None:
    for name in ("a", "b"):
        (home / name).symlink_to(home)
    assert [one.title for one in library(home, BOARD).entries] == ["One"]


def test_of_two_with_one_uid_the_second_says_so_until_the_first_is_gone(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = library(home, BOARD, {**BOARD, "title": "Two"})
    found.look(0.0, at_once=True)
    assert [bool(one.problem) for one in found.entries] == [False, True]
    assert len(caplog.messages) == 1
    (home / "0.json").unlink()
    found.look(0.0, at_once=True)
    assert [(one.uid, one.title, one.problem) for one in found.entries] == [("one", "Two", "")]


def test_folders_may_be_those_of_the_files(home: Path) -> None:
    (home / "team").mkdir()
    (home / "team" / "x.json").write_text('{"title": "X", "panels": []}')
    assert [one.folder for one in library(home, BOARD, by_folders=True).entries] == ["", "team"]


def test_saving_writes_the_file_and_keeps_what_it_was(home: Path) -> None:
    found = library(home, BOARD)
    revision = found.entry("one").revision
    saved = save(found, {**BOARD, "title": "Changed"}, "", revision)
    assert json.loads((home / "0.json").read_text())["version"] == 4
    assert saved.title == "Changed"
    for _ in range(3):
        saved = save(found, saved.raw, "", saved.revision)
    kept = sorted((home.parent / "versions" / "one").glob("*.json"))
    assert [file.name for file in kept] == ["000003.json", "000004.json"]


def test_a_file_that_changed_meanwhile_is_not_overwritten(home: Path) -> None:
    found = library(home, BOARD)
    revision = found.entry("one").revision
    (home / "0.json").write_text(json.dumps({**BOARD, "title": "Somebody's"}))
    with pytest.raises(LibraryError, match="changed by someone else") as raised:
        save(found, BOARD, "", revision)
    assert raised.value.status == 412
    with pytest.raises(LibraryError, match="changed by someone else"):
        save(found, {**BOARD, "version": 1}, "", "")
    with pytest.raises(LibraryError, match="changed by someone else"):
        save(found, BOARD, "", "")  # of the version that was read, which the file is no longer
    assert json.loads((home / "0.json").read_text())["title"] == "Somebody's"


async def test_of_two_who_save_at_once_one_is_told_of_the_other(home: Path) -> None:
    found, workers = library(home, BOARD), ThreadWorkers()
    saver, revision = Saver(found, workers), found.entry("one").revision
    changed = [{**BOARD, "title": title} for title in ("Mine", "Yours")]
    results = await asyncio.gather(*(saver.save(one, "", revision) for one in changed), return_exceptions=True)
    workers.close()
    assert {type(one) for one in results} == {Entry, LibraryError}


def test_a_new_dashboard_gets_a_file_of_its_own_inside_the_folder(home: Path) -> None:
    found = library(home)
    saved = save(found, {"title": "../../Über die Nutzer", "panels": []}, "", "")
    assert saved.file.parent == home
    with pytest.raises(LibraryError, match="already exists"):
        save(found, {"title": "../../Über die Nutzer", "panels": []}, "", "")
    with pytest.raises(LibraryError, match="uid contains illegal"):
        save(found, {"title": "x", "uid": "../x", "panels": []}, "", "")


def test_a_long_title_makes_a_name_that_a_disk_takes(home: Path) -> None:
    saved = save(library(home), {"title": "대" * 999, "panels": []}, "", "")
    assert saved.file.name == "대" * 80 + ".json"


def test_a_new_dashboard_does_not_follow_a_link_out_of_the_folder(home: Path, tmp_path: Path) -> None:
    (home / "new.json").symlink_to(tmp_path / "away.json")
    with pytest.raises(LibraryError, match="already exists"):
        save(library(home), {"title": "New", "panels": []}, "", "")
    assert not (tmp_path / "away.json").exists()


def test_what_a_file_was_is_kept_below_the_versions_whatever_uid_it_says(home: Path, tmp_path: Path) -> None:
    found = library(home, {**BOARD, "uid": "../../away"})
    save(found, {"title": "New", "panels": []}, "", "", overwrite=True, uid="../../away")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["boards", "versions"]
    assert len(list((tmp_path / "versions").glob("*/000001.json"))) == 1


def test_a_file_whose_earlier_content_can_not_be_kept_stays(home: Path, tmp_path: Path) -> None:
    found = library(home, BOARD)
    (tmp_path / "versions").write_text("no folder")
    before = (home / "0.json").read_bytes()
    with pytest.raises(LibraryError, match="can't keep what the file was before: Not a directory"):
        save(found, BOARD, "", "", overwrite=True)
    assert (home / "0.json").read_bytes() == before


def test_a_file_that_is_gone_is_not_called_read_only(home: Path) -> None:
    found = library(home, BOARD)
    (home / "0.json").unlink()
    with pytest.raises(LibraryError, match="No such file"):
        save(found, BOARD, "", "", overwrite=True)


def test_what_may_not_be_saved_is_refused(home: Path) -> None:
    found = library(home, BOARD, may_save=False)
    with pytest.raises(LibraryError, match="editable: false"):
        save(found, BOARD, "", found.entry("one").revision)
    with pytest.raises(LibraryError, match="no provider is editable"):
        save(found, {"title": "new"}, "", "")


def test_only_what_was_changed_differs_in_the_file(home: Path) -> None:
    file = home / "0.json"
    file.write_text(
        '{\n\t"title": "T",\n\t"panels": [{"id": 7, "gridPos": {"x":0, "y":0}, "title": "P"},\n\t\t{"id": 8}]\n}'
    )
    file.chmod(0o664)
    found = Library([Shelved(name="D", path=home)])
    found.look(0.0)
    entry = found.entries[0]
    changed = {**entry.raw, "uid": entry.uid, "title": "U"}
    assert save(found, changed, "", entry.revision, uid=entry.uid).uid == entry.uid
    assert (
        file.read_text()
        == '{\n\t"title": "U",\n\t"panels": [{"id": 7, "gridPos": {"x":0, "y":0}, "title": "P"},\n\t\t{"id": 8}]\n}'
    )
    assert file.stat().st_mode & 0o777 == 0o664


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file, _: file.chmod(0o444), "is read-only"),
        (lambda file, away: (away.write_bytes(file.read_bytes()), file.unlink(), file.symlink_to(away)), "leads out of its folder"),
        (lambda file, _: file.write_text(json.dumps({**BOARD, "editable": False})), "says editable: false"),
        (lambda file, _: (file.parent / "z.json").write_text('{"uid": "two", "title": "Z", "panels": []}'), "another dashboard has the uid two"),
    ],
)  # fmt: skip
def test_a_file_that_must_stay_is_left_alone(home: Path, tmp_path: Path, spoil: Any, words: str) -> None:
    found = library(home, BOARD)
    file = home / "0.json"
    spoil(file, tmp_path / "away.json")
    found.look(0.0, at_once=True)
    assert found.entry("one").may_save == ("read-only" not in words and "editable" not in words)
    before = file.read_bytes()
    with pytest.raises(LibraryError, match=words):
        save(found, {**BOARD, "uid": "two"} if "another" in words else BOARD, "", "", overwrite=True, uid="one")
    assert file.read_bytes() == before


def test_a_dashboard_may_be_given_another_uid_and_a_version_that_is_none_is_no_error(home: Path) -> None:
    found = library(home, BOARD)
    saved = save(found, {**BOARD, "uid": "new", "version": "x"}, "", "", overwrite=True, uid="one")
    assert (saved.uid, saved.raw["version"], saved.file) == ("new", 4, home / "0.json")


def test_the_difference_is_told_line_by_line(home: Path) -> None:
    found = library(home)
    save(found, {"title": "T", "panels": []}, "", "")
    entry = found.entries[0]
    changed = plan(found, {**entry.raw, "title": "U"}, "").difference()
    assert {(one["kind"], one["text"].strip()) for one in changed if one["kind"] != " "} == {
        ("-", '"title": "T",'), ("+", '"title": "U",'), ("-", '"version": 1'), ("+", '"version": 2'),
    }  # fmt: skip
