"""From files to the store: what a configuration says, and what an end of the process leaves."""

from __future__ import annotations

import bz2
import gzip
import os
import socket
import zlib
from pathlib import Path

import msgspec
import pytest

from engine.foundation.decode import decode
from engine.foundation.errors import ConfigError, DiskFullError
from engine.logs.errors import PushRefusedError
from engine.promtail.metrics import families
from engine.promtail.positions import Positions
from engine.promtail.tail.file import CHUNK
from engine.promtail.tail.marks import Position
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from tests.promtail.fakes import OWN, FakeSink, parsed, promtail, start, tail_of


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


async def test_lines_of_files_bear_their_labels_and_file_name(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    append(path, "one", "", "two\r")
    async with promtail(manual_clock, sink, OWN + "scrape_configs:\n" + tail_of(tmp_path / "*.log")) as running:
        assert sink.texts == ["one", "", "two\r"]
        assert {labels for labels, _, _ in sink.lines} == {Labels.of(job="app", filename=str(path))}
        assert len({time for _, time, _ in sink.lines}) == 3
        append(path, "three")
        await running.look()
        assert sink.texts[-1] == "three"
        assert running.promtail.ready


async def test_a_new_file_is_found_without_waiting_for_the_next_full_search(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    sink = FakeSink()
    async with promtail(manual_clock, sink, OWN + "scrape_configs:\n" + tail_of(tmp_path / "**/*.log")) as running:
        assert not running.promtail.ready
        (tmp_path / "deep" / "er").mkdir(parents=True)
        append(tmp_path / "deep" / "er" / "a.log", "one")
        await running.look()
        assert sink.texts == ["one"]


async def test_a_file_that_holds_much_is_read_on_without_a_pause(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    async with promtail(manual_clock, sink, OWN + "scrape_configs:\n" + tail_of(path)) as running:
        append(path, *(f"{number:0255}" for number in range(4 * CHUNK // 256)))
        await running.look(0.3)
        assert [int(text) for text in sink.texts] == list(range(4 * CHUNK // 256))


async def test_after_a_kill_no_line_is_lost_or_repeated(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    config = OWN + "scrape_configs:\n" + tail_of(path)
    append(path, "one", "two")
    running = await start(manual_clock, sink, config)
    append(path, "three")
    await running.kill()
    append(path, "four")
    async with promtail(manual_clock, sink, config):
        assert sink.texts == ["one", "two", "three", "four"]


async def test_what_stages_hold_when_it_is_killed_is_read_again_and_nothing_else(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    stages = r"""pipeline_stages:
- regex: {expression: '^(?P<stream>\w+) '}
- labels: {stream: }
- match:
    selector: '{stream="a"}'
    stages: [{multiline: {firstline: 'begin', max_wait_time: 3s}}]
"""
    config = OWN + "scrape_configs:\n" + tail_of(path, stages)
    append(path, "a begin 1", "b one", "a more", "b two", "a begin 2")
    running = await start(manual_clock, sink, config)
    assert sorted(sink.texts) == ["a begin 1\na more", "b one", "b two"]
    await running.kill()
    append(path, "b three", "a begin 3")
    async with promtail(manual_clock, sink, config) as running:
        await running.look(5)
        assert sorted(sink.texts) == ["a begin 1\na more", "a begin 2", "a begin 3", "b one", "b three", "b two"]


async def test_a_reload_goes_on_where_it_was(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink = FakeSink()
    one, other = tmp_path / "one.log", tmp_path / "other.log"
    append(one, "1")
    append(other, "2")
    config = OWN + "scrape_configs:\n" + tail_of(one, job="one")
    async with promtail(manual_clock, sink, config) as running:
        job = running.promtail.jobs["one"]
        await running.promtail.apply(parsed(config + tail_of(other, job="other")))
        assert running.promtail.jobs["one"] is job
        await running.look()
        assert sink.texts == ["1", "2"]
        await running.promtail.apply(parsed(config + "limits_config: {max_streams: 5}\n"))
        append(one, "3")
        await running.look()
        assert sink.texts == ["1", "2", "3"]
        assert list(running.promtail.jobs) == ["one"]


async def test_a_configuration_that_can_not_be_put_in_force_changes_nothing(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    config = OWN + "scrape_configs:\n"
    append(path, "one")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = f"- {{job_name: s, syslog: {{listen_address: '127.0.0.1:{taken.getsockname()[1]}'}}}}\n"
        async with promtail(manual_clock, sink, config + tail_of(path)) as running:
            for refused in (config + busy, config + busy + "limits_config: {max_streams: 9}\n"):
                with pytest.raises(ConfigError):
                    await running.promtail.apply(parsed(refused))
                assert running.promtail.config == parsed(config + tail_of(path))
                append(path, "more")
                await running.look()
            assert sink.texts == ["one", "more", "more"]


async def test_a_changed_pattern_of_a_job_keeps_its_positions(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    append(path, "one")
    config = OWN + "scrape_configs:\n"
    async with promtail(manual_clock, sink, config + tail_of(path)) as running:
        await running.promtail.apply(parsed(config + tail_of(tmp_path / "*.log")))
        append(path, "two")
        await running.look()
        assert sink.texts == ["one", "two"]


async def test_while_the_disk_is_full_lines_wait(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    sink.error = DiskFullError("no room")
    append(path, "one")
    async with promtail(manual_clock, sink, OWN + "scrape_configs:\n" + tail_of(path)) as running:
        assert not sink.texts
        sink.error = None
        append(path, "two")
        await running.look(3)
        assert sink.texts == ["one", "two"]


async def test_what_the_store_refuses_is_gone_and_a_rate_limit_is_waited_for(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    sink.error = PushRefusedError(429, "too many")
    append(path, "one")
    async with promtail(manual_clock, sink, OWN + "scrape_configs:\n" + tail_of(path)) as running:
        sink.error = None
        await running.look(5)
        assert sink.texts == ["one"]
        sink.error = PushRefusedError(400, "too old")
        append(path, "two")
        await running.look()
        sink.error = None
        append(path, "three")
        await running.look()
        assert sink.texts == ["one", "three"]


async def test_limits_of_lines_and_streams_hold(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink = FakeSink()
    for name in ("a", "b", "c"):
        append(tmp_path / f"{name}.log", name, "x" * 50)
    config = OWN + "limits_config: {max_line_size: 40b, max_streams: 2}\nscrape_configs:\n"
    async with promtail(manual_clock, sink, config + tail_of(tmp_path / "*.log")) as running:
        assert len(sink.texts) == 2
        dropped = running.promtail.counts.pipeline.dropped
        assert dropped["line_too_long"] == 3
    sink.lines.clear()
    sink.kept.clear()
    config = config.replace("max_streams: 2", "max_line_size_truncate: true")
    async with promtail(manual_clock, sink, config + tail_of(tmp_path / "*.log")):
        assert sorted(map(len, sink.texts)) == [1, 1, 1, 40, 40, 40]


async def test_limits_of_labels_hold(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink = FakeSink()
    append(tmp_path / "a.log", "one")
    config = OWN + "limits_config: {max_label_name_length: 5, max_label_value_length: 2}\nscrape_configs:\n"
    async with promtail(manual_clock, sink, config + tail_of(tmp_path / "*.log")):
        assert [labels for labels, _, _ in sink.lines] == [Labels.of(job="ap")]


async def test_a_rate_of_reading_drops_or_waits(manual_clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    append(path, *map(str, range(100)))
    limits = "limits_config: {readline_rate_enabled: true, readline_rate: 10, readline_burst: 20, readline_rate_drop: "
    sink = FakeSink()
    async with promtail(manual_clock, sink, OWN + limits + "true}\nscrape_configs:\n" + tail_of(path)):
        assert len(sink.texts) == 20
    sink = FakeSink()
    async with promtail(manual_clock, sink, OWN + limits + "false}\nscrape_configs:\n" + tail_of(path)) as running:
        append(path, "more")
        await running.look(2)
        assert sink.texts[-1] == "99"
        await running.look(20)
        assert sink.texts[-1] == "more"


async def test_a_name_that_is_no_text_is_shown_as_such_and_its_lines_are_read_once(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    sink, path = FakeSink(), Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.log"))
    config = f"positions: {{filename: {tmp_path}/p.yaml}}\n" + OWN + "scrape_configs:\n" + tail_of(tmp_path / "*.log")
    append(path, "one")
    append(tmp_path / "plain.log", "other")
    running = await start(manual_clock, sink, config, tmp_path)
    append(path, "two")
    await running.kill()
    async with promtail(manual_clock, sink, config, tmp_path) as running:
        shown = f"{tmp_path}/\ufffd\ufffd.log"
        assert sorted(sink.texts) == ["one", "other", "two"]
        assert {labels.get("filename") for labels, _, _ in sink.lines} == {shown, f"{tmp_path}/plain.log"}
        assert [status.details[shown] for status in running.promtail.status()] == ["8 of 8 bytes, 1 lines"]
        told = {dict(one.labels).get("path") for family in families(running.promtail, 0) for one in family.samples}
        assert shown in told
        await running.promtail.stop()
    assert shown in decode((tmp_path / "p.yaml").read_bytes(), Positions, "p.yaml").value.positions


async def test_positions_are_copied_in_the_originals_form_and_one_of_the_original_is_read(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    path, positions = tmp_path / "a.log", tmp_path / "positions.yaml"
    append(path, "one", "two")
    positions.write_text(f'positions:\n  {path}: "4"\n')
    config = f"positions: {{filename: {positions}}}\n" + OWN + "scrape_configs:\n" + tail_of(path)
    sink = FakeSink()
    async with promtail(manual_clock, sink, config, tmp_path) as running:
        assert sink.texts == ["two"]
        await running.promtail.stop()
        assert positions.read_text() == f'positions:\n  "{path}": "8"\n'
        assert positions.stat().st_mode & 0o777 == 0o600


async def test_targets_without_a_path_of_another_host_or_dropped_are_shown_with_the_reason(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    config = (
        OWN
        + f"""scrape_configs:
- job_name: x
  static_configs:
  - {{targets: [a], labels: {{job: gone, __path__: '{tmp_path}/*'}}}}
  - {{targets: [b], labels: {{job: here}}}}
  - {{targets: [c], labels: {{job: there, __host__: elsewhere, __path__: '{tmp_path}/*'}}}}
  - {{targets: [d], labels: {{job: kept, __path__: '{tmp_path}/*'}}}}
  relabel_configs:
  - {{source_labels: [job], regex: gone, action: drop}}
"""
    )
    async with promtail(manual_clock, FakeSink(), config) as running:
        reasons = [one.dropped.partition(":")[0] for one in running.promtail.status()]
        assert reasons == ["", "dropped by relabelling", "no path for target", "of another host"]


async def test_files_that_are_no_text_are_named(manual_clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "lastlog").write_bytes(b"x\0\0\0")
    async with promtail(manual_clock, FakeSink(), OWN + "scrape_configs:\n" + tail_of(tmp_path / "*log")) as running:
        assert "NUL" in running.promtail.skipped()[str(tmp_path / "lastlog")]


async def test_a_line_that_is_cut_where_it_has_no_end_takes_no_more_memory(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    path.write_bytes(b"x" * 3_000_000 + b"\nshort\n")
    async with promtail(manual_clock, sink, OWN + "scrape_configs:\n" + tail_of(path)) as running:
        await running.look(5)
        assert [len(text) for text in sink.texts] == [1024 * 1024, 5]


async def test_a_line_without_end_is_sent_after_a_while_when_asked(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    path.write_text("one\ntwo")
    config = OWN + "target_config: {unfinished_line_after: 5s}\nscrape_configs:\n" + tail_of(path)
    async with promtail(manual_clock, sink, config) as running:
        assert sink.texts == ["one"]
        await running.look(6)
        assert sink.texts == ["one", "two"]
    async with promtail(manual_clock, sink, config) as running:
        await running.look(6)
        assert sink.texts == ["one", "two"]


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "z": zlib.compress}


@pytest.mark.parametrize("form", PACKERS)
async def test_packed_files_are_read_once(manual_clock: ManualClock, tmp_path: Path, form: str) -> None:
    sink = FakeSink()
    config = OWN + "scrape_configs:\n" + tail_of(tmp_path / "*")
    (tmp_path / f"a.log.{form}").write_bytes(PACKERS[form](b"one\ntwo\nthree"))
    for _ in range(2):
        async with promtail(manual_clock, sink, config) as running:
            await running.look()
            assert sink.texts == ["one", "two", "three"]


@pytest.mark.parametrize("stopped", [True, False])
async def test_a_rotated_file_that_is_packed_is_not_read_again(
    manual_clock: ManualClock, tmp_path: Path, stopped: bool
) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    config = OWN + "scrape_configs:\n" + tail_of(tmp_path / "a.log*")
    append(path, *(f"line {number}" for number in range(40)))
    running = await start(manual_clock, sink, config)
    if stopped:
        await running.kill()
    content = path.read_bytes() + b"rest\n"
    path.unlink()
    (tmp_path / "a.log.1.gz").write_bytes(gzip.compress(content))
    append(path, "new")
    if stopped:
        running = await start(manual_clock, sink, config)
    await running.look(5)
    await running.kill()
    assert sorted(sink.texts) == sorted([*(f"line {number}" for number in range(40)), "rest", "new"])


async def test_a_file_that_is_still_being_packed_is_read_once(manual_clock: ManualClock, tmp_path: Path) -> None:
    sink, path = FakeSink(), tmp_path / "a.log.gz"
    lines = [f"line {number} {number * 7919 % 10007}" for number in range(5000)]
    packed = gzip.compress("".join(f"{line}\n" for line in lines).encode())
    path.write_bytes(packed[: len(packed) // 2])
    async with promtail(manual_clock, sink, OWN + "scrape_configs:\n" + tail_of(tmp_path / "*")) as running:
        with path.open("ab") as file:
            file.write(packed[len(packed) // 2 :])
        await running.look()
        assert sink.texts == lines


async def test_a_packed_file_that_is_not_whole_is_named(manual_clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(b"one\n" * 1000)[:-20])
    async with promtail(manual_clock, FakeSink(), OWN + "scrape_configs:\n" + tail_of(tmp_path / "*")) as running:
        assert "can't be unpacked as gz" in running.promtail.skipped()[str(tmp_path / "a.log.gz")]


async def test_tenants_of_stages_and_labels_of_clients_reach_the_store(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    sink, path = FakeSink(), tmp_path / "a.log"
    append(path, "acme one", "other two")
    stages = r"""pipeline_stages:
- regex: {expression: '^(?P<who>\w+)'}
- tenant: {source: who}
- structured_metadata: {who: }
"""
    config = "clients: [{url: 'http://loki:3100/x', external_labels: {env: dev, job: no}}]\nscrape_configs:\n"
    async with promtail(manual_clock, sink, config + tail_of(path, stages)):
        assert sink.tenants == ["acme", "other"]
        assert sink.metadata == [Labels.of(who="acme"), Labels.of(who="other")]
        assert sink.lines[0][0] == Labels.of(env="dev", job="app", filename=str(path))


def test_a_position_of_another_version_is_none() -> None:
    assert Position.parse('{"offset": "far"}') is None
    position = Position(path="a", dev=1, ino=2, offset=3, done=(5, 9))
    assert Position.parse(msgspec.json.encode(position).decode()) == position
