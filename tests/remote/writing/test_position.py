"""Where the positions of servers are kept: by what their entries say, not by their order."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.foundation.values import Url
from engine.relabel.config import RelabelConfig
from engine.remote.config import RemoteWriteConfig
from engine.remote.writing.position import KeptPosition, identities, kept_position
from engine.tsdb.log.feed import Position

ONE = RemoteWriteConfig(url=Url("http://there/write"))
TENANT = msgspec.structs.replace(ONE, headers={"X-Scope-OrgID": "b"})
FEWER = msgspec.structs.replace(ONE, write_relabel_configs=(RelabelConfig(target_label="a", replacement="b"),))
ELSEWHERE = RemoteWriteConfig(url=Url("http://elsewhere/write"))


def kept(folder: Path, *configs: RemoteWriteConfig) -> list[Position | None]:
    """What each of them goes on from."""
    names = identities(configs)
    found = [kept_position(folder, name, config, names) for name, config in zip(names, configs, strict=True)]
    return [one.read() for one in found]


def write(folder: Path, *configs: RemoteWriteConfig) -> list[Position]:
    """Let each of them have got somewhere else."""
    names = identities(configs)
    places = [Position(100 + at, 7) for at in range(len(configs))]
    for name, config, place in zip(names, configs, places, strict=True):
        kept_position(folder, name, config, names).write(place)
    return places


def test_another_order_of_entries_with_one_url_exchanges_nothing(tmp_path: Path) -> None:
    places = write(tmp_path, ONE, TENANT, FEWER)
    assert kept(tmp_path, FEWER, ONE, TENANT) == [places[2], places[0], places[1]]


def test_an_entry_that_was_changed_goes_on_where_it_was(tmp_path: Path) -> None:
    (place, other) = write(tmp_path, ONE, ELSEWHERE)
    assert kept(tmp_path, FEWER, ELSEWHERE) == [place, other]


def test_an_entry_that_is_added_beside_one_with_its_url_begins_now(tmp_path: Path) -> None:
    (place,) = write(tmp_path, ONE)
    assert kept(tmp_path, TENANT, ONE) == [None, place]


def test_the_entry_that_is_most_like_a_changed_one_is_taken(tmp_path: Path) -> None:
    changed = msgspec.structs.replace(FEWER, headers=TENANT.headers)
    (_, of_tenant) = write(tmp_path, ONE, TENANT)
    assert kept(tmp_path, changed) == [of_tenant]


def test_another_server_begins_now(tmp_path: Path) -> None:
    write(tmp_path, ONE)
    assert kept(tmp_path, ELSEWHERE) == [None]


def test_a_name_is_a_file_within_the_folder_whatever_it_holds() -> None:
    assert identities([msgspec.structs.replace(ONE, name="../a b/c")]) == ["..%2Fa%20b%2Fc"]


def test_a_position_is_written_again_in_its_place(tmp_path: Path) -> None:
    here = KeptPosition(tmp_path / "a.json")
    for commit in (5, 2**63 - 1, 3):
        here.write(Position(commit, commit))
        assert KeptPosition(tmp_path / "a.json").read() == Position(commit, commit)
    (tmp_path / "a.json").unlink()
    here.write(Position(4, 4))
    here.write(Position(6, 6))
    assert here.read() == Position(6, 6)


def test_a_position_that_cannot_be_written_is_told_and_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    here = KeptPosition(tmp_path / "file" / "below.json")
    here.write(Position(1, 1))
    assert "can't be written" in caplog.text
    assert here.read() is None
