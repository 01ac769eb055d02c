"""File systems: the mount table, what patterns leave of it, and mounts that do not answer."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from exporters.node.machine import Machine
from exporters.node.options import NodeOptions
from exporters.node.storage import filesystem
from exporters.node.storage.filesystem import Mount, Usage

MOUNTS = r"""proc /proc proc rw,relatime 0 0
/dev/sda1 / ext4 rw,relatime,errors=remount-ro 0 0
/dev/sdb1 /mnt/with\040space\011tab ext4 ro,relatime 0 0
tmpfs /run tmpfs rw 0 0
tmpfs /run/credentials/x tmpfs rw 0 0
overlay /var/lib/docker/overlay2/abc/merged overlay rw 0 0
/dev/sda1 / ext4 rw,relatime 0 0
"""


def usage(mount: Mount) -> Usage:
    if mount.type == "tmpfs":
        raise OSError
    return Usage(size=100.0, free=60.0, available=50.0, files=10.0, files_free=5.0)


def test_escaped_characters_are_read() -> None:
    assert filesystem.parse(MOUNTS)[2] == Mount("/dev/sdb1", "/mnt/with space\ttab", "ext4", readonly=True)


def test_remounting_on_errors_is_not_being_read_only() -> None:
    assert not filesystem.parse(MOUNTS)[1].readonly


def test_the_defaults_leave_run_and_mnt_but_not_docker() -> None:
    points = [mount.point for mount in filesystem.select(filesystem.parse(MOUNTS), NodeOptions())]
    assert points == ["/", "/mnt/with space\ttab", "/run"]


def test_a_prefix_of_the_root_is_not_shown() -> None:
    mounts = filesystem.parse("/dev/sda1 /host ext4 rw 0 0\n/dev/sda2 /host/home ext4 rw 0 0\n", "/host")
    assert [mount.point for mount in mounts] == ["/", "/home"]


def test_a_mount_that_does_not_answer_shows_only_its_error() -> None:
    mounts = filesystem.select(filesystem.parse(MOUNTS), NodeOptions())
    families = {family.name: family for family in filesystem.families(mounts, usage)}
    errors = {dict(s.labels)["mountpoint"]: s.value for s in families["node_filesystem_device_error"].samples}
    assert errors == {"/": 0.0, "/mnt/with space\ttab": 0.0, "/run": 1.0}
    assert len(families["node_filesystem_size_bytes"].samples) == 2


def test_a_line_that_is_no_mount_is_an_error() -> None:
    with pytest.raises(ValueError, match="malformed mount point information"):
        filesystem.parse("what is this\n")


def test_process_one_is_asked_first_and_the_own_table_next(tmp_path: Path) -> None:
    options = NodeOptions(procfs=tmp_path, rootfs=tmp_path)
    (tmp_path / "mounts").write_text(f"/dev/own {tmp_path} ext4 rw 0 0\n")
    assert "/dev/own" in str(filesystem.Filesystems(Machine(options)).read())
    (tmp_path / "1").mkdir()
    (tmp_path / "1/mounts").write_text(f"/dev/one {tmp_path} ext4 rw 0 0\n")
    assert "/dev/one" in str(filesystem.Filesystems(Machine(options)).read())


def test_a_mount_that_never_answers_is_asked_once_and_shown_as_stuck_until_it_does() -> None:
    answers, asked = Event(), []

    def ask(path: str) -> Usage:
        asked.append(path)
        answers.wait()
        return Usage(1.0, 1.0, 1.0, 1.0, 1.0)

    patient = filesystem.Patience(ask, 0.01)
    for _ in range(3):
        with pytest.raises(TimeoutError, match="/mnt/far does not answer"):
            patient("/mnt/far")
    assert len(asked) == 1
    answers.set()
    patient = filesystem.Patience(ask, 60)
    assert patient("/mnt/far").size == 1.0


def test_a_mount_that_comes_back_is_asked_again() -> None:
    answers = Event()

    def ask(path: str) -> Usage:
        answers.wait()
        return Usage(1.0, 1.0, 1.0, 1.0, 1.0)

    patient = filesystem.Patience(ask, 0.01)
    with pytest.raises(TimeoutError):
        patient("/mnt/far")
    answers.set()
    for question in patient._stuck.values():
        while question.answers.empty():
            Event().wait(0.001)
    patient._timeout = 60.0
    assert patient("/mnt/far").size == 1.0


def test_an_error_of_the_file_system_passes_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        filesystem.Patience(filesystem.ask, 60)(f"{tmp_path}/nowhere")
