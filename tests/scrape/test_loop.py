"""One target's loop, hour after hour on a clock that is moved by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import pytest

from engine.foundation.errors import StoreError
from engine.foundation.regexes import Regex
from engine.foundation.values import LabelName
from engine.relabel.config import RelabelAction, RelabelConfig
from engine.scrape.loop import ScrapeLoop, first_tick
from engine.scrape.ports import Fetched, FetchError, PageTooLargeError
from engine.scrape.protocols import ScrapeProtocol
from engine.testing.manual_clock import ManualClock
from promql.model.durations import Duration
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from tests.exporters.exposition.protobuf_pages import bucket, family, histogram, scalar, whole
from tests.scrape.fakes import START, TEXT, Bench, job

REFUSED = FetchError('Get "http://h:1/metrics": dial tcp: connection refused')


async def test_a_scrape_writes_samples_and_reports(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b'a{x="1"} 5\nb NaN\n')
    await bench.scrape()
    assert bench.values("a", ', x="1"') == [5.0]
    assert bench.values("b") == ["NaN"]
    assert [bench.values(name) for name in ("up", "scrape_duration_seconds", "scrape_samples_scraped")] == [
        [1],
        [0],
        [2],
    ]
    assert [bench.values(f"scrape_{name}") for name in ("samples_post_metric_relabeling", "series_added")] == [[2], [2]]
    assert len(bench.store.commits) == 1


async def test_a_page_like_the_last_is_one_batch_of_the_same_columns(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\nb 2\n", b"a 1\nb 3\n")
    await bench.scrape(3)
    assert bench.values("b") == [2, 3, 3]
    assert bench.values("scrape_series_added") == [2, 0, 0]
    assert [len(commit) for commit in bench.store.commits] == [1, 1, 1]


async def test_a_series_that_vanishes_is_marked_stale_once(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\nb 2\n", b"a 1\n", b"a 1\n", b"a 1\nb 5\n")
    await bench.scrape(4)
    assert bench.values("b") == [2, "stale", 5]
    assert bench.values("scrape_series_added") == [2, 0, 0, 1]


async def test_a_failed_scrape_ends_all_series_and_is_told(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\n", REFUSED, b"a 2\n")
    await bench.scrape(2)
    assert (bench.loop.health.health, bench.loop.health.last_error) == ("down", str(REFUSED))
    await bench.scrape()
    assert bench.values("a") == [1, "stale", 2]
    assert bench.values("up") == [1, 0, 1]
    assert (bench.loop.health.health, bench.loop.health.last_error) == ("up", "")
    assert bench.values("scrape_series_added") == [1, 0, 0]


async def test_a_mistake_of_the_engine_fails_the_scrape_like_any_other(
    manual_clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(manual_clock, b"a 1\n", ZeroDivisionError("by zero"))
    await bench.scrape(2)
    assert bench.loop.health.last_error == "unexpected error: ZeroDivisionError('by zero')"
    assert bench.values("a") == [1, "stale"]
    assert bench.values("up") == [1, 0]
    assert "Traceback" in caplog.text


async def test_a_broken_store_is_not_taken_for_a_failed_scrape(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, StoreError("disk and index disagree"))
    with pytest.raises(StoreError):
        await bench.scrape()


async def test_a_bad_line_rolls_the_whole_page_back(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\nb 1\n", b"a 2\nbad{\nb 2\n")
    await bench.scrape(2)
    assert bench.values("a") == [1, "stale"]
    assert bench.values("b") == [1, "stale"]
    assert bench.values("scrape_samples_scraped") == [2, 1]
    assert bench.loop.health.last_error == 'expected label name, got "INVALID"'


async def test_labels_that_collide_are_renamed(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b'a{job="x",exported_job="y",instance=""} 1\n')
    await bench.scrape()
    assert bench.values("a", "")[:0] == []
    series = 'a{exported_exported_job="x", exported_job="y", instance="h:1", job="j"}'
    assert bench.store.values(series) == [1]


async def test_honored_labels_win_even_when_empty(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b'a{job="x",instance=""} 1\n', config=job(honor_labels=True))
    await bench.scrape()
    assert bench.store.values('a{job="x"}') == [1]


async def test_relabelling_drops_samples_before_they_are_counted_as_kept(manual_clock: ManualClock) -> None:
    rule = RelabelConfig(source_labels=(LabelName("__name__"),), regex=Regex("a"), action=RelabelAction("drop"))
    bench = Bench(manual_clock, b"a 1\nb 2\nc 3\n", config=job(metric_relabel_configs=(rule,)))
    await bench.scrape(2)
    assert (bench.values("a"), bench.values("b"), bench.values("c")) == ([], [2, 2], [3, 3])
    assert bench.values("scrape_samples_scraped") == [3, 3]
    assert bench.values("scrape_samples_post_metric_relabeling") == [2, 2]
    assert bench.values("scrape_series_added") == [2, 0]


async def test_the_sample_limit_fails_the_scrape_and_counts_to_the_end(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\n", b"a 1\nb 1\nc 1\n", b"a 1\n", config=job(sample_limit=2))
    await bench.scrape(3)
    assert bench.values("a") == [1, "stale", 1]
    assert bench.values("scrape_samples_post_metric_relabeling") == [1, 3, 1]
    assert bench.values("scrape_series_added") == [1, 1, 0]
    assert bench.counters.exceeded_sample_limit == 1


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"label_limit": 3}, "label_limit exceeded (metric: m, number of labels: 4, limit: 3)"),
        (
            {"label_name_length_limit": 8},
            "label_name_length_limit exceeded (metric: m, label name: long_name, length: 9, limit: 8)",
        ),
        (
            {"label_value_length_limit": 8},
            'label_value_length_limit exceeded (metric: m, label name: long_name, value: "ééééé", length: 10, limit: 8)',
        ),
    ],
)
async def test_label_limits_fail_the_scrape(manual_clock: ManualClock, limits: dict[str, int], error: str) -> None:
    bench = Bench(manual_clock, 'm{long_name="ééééé"} 1\n'.encode(), config=job(**limits))
    await bench.scrape()
    assert bench.loop.health.last_error == error
    assert bench.counters.exceeded_label_limits == 1
    assert bench.values("up") == [0]


async def test_a_body_that_is_too_large_is_counted_and_shows_in_the_extra_metrics(manual_clock: ManualClock) -> None:
    error = PageTooLargeError("body size limit exceeded")
    bench = Bench(manual_clock, b"a 1\n", error, config=job(sample_limit=7), extra=True)
    await bench.scrape(2)
    assert bench.counters.exceeded_body_size_limit == 1
    assert bench.values("scrape_body_size_bytes") == [4, -1]
    assert bench.values("scrape_sample_limit") == [7, 7]
    assert bench.values("scrape_timeout_seconds") == [10, 10]


async def test_own_time_stamps_make_batches_of_their_own_and_no_stale_markers(manual_clock: ManualClock) -> None:
    page = b"a 1 %d\nb 2 %d\nc 3\n" % (START - 5000, START - 7000)
    bench = Bench(manual_clock, page, b"c 4\n")
    await bench.scrape(2)
    assert [batch.time - START for batch in bench.store.commits[0]] == [-7000, -5000, 0]
    assert (bench.values("a"), bench.values("b"), bench.values("c")) == ([1], [2], [3, 4])


async def test_a_series_that_gets_own_time_stamps_has_ended_unless_they_lie_ahead(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\nb 1\n", b"a 2 %d\nb 2 %d\n" % (START + 1, START + 60_000))
    await bench.scrape(2)
    times = {batch.time - START for batch in bench.store.commits[1]}
    assert times == {1, 15_000, 60_000}
    assert bench.values("a") == [1, 2, "stale"]
    assert bench.values("b") == [1, 2]


async def test_series_with_own_time_stamps_end_too_where_their_staleness_is_tracked(manual_clock: ManualClock) -> None:
    page = f"a 1 {START}\nb 1\n".encode()
    bench = Bench(manual_clock, page, b"b 1\n", config=job(track_timestamps_staleness=True))
    await bench.scrape(2)
    assert bench.values("a") == [1, "stale"]


@pytest.mark.parametrize(("fallback", "kind"), [("", TEXT), ("PrometheusProto", "text/odd"), ("PrometheusProto", "")])
async def test_a_page_that_does_not_say_what_it_is_is_read_as_the_job_says(
    fallback: str, kind: str, manual_clock: ManualClock
) -> None:
    body = b"a 1\n" if not fallback else family("a", "gauge", scalar("gauge", 1))
    config = job(fallback_scrape_protocol=ScrapeProtocol(fallback))
    bench = Bench(manual_clock, Fetched(body, kind), config=config)
    await bench.scrape()
    assert bench.values("a") == [1]


async def test_pages_in_protobuf_are_taken_in_with_what_they_say_of_their_metrics(manual_clock: ManualClock) -> None:
    kind = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    page = family("h", "histogram", histogram(2, 1.5, bucket(1, 1)), help_="How long.")
    bench = Bench(manual_clock, Fetched(page, kind), Fetched(page, kind), Fetched(b"", TEXT))
    await bench.scrape(3)
    assert bench.values("h_bucket", ', le="1.0"') == [1, 1, "stale"]
    assert bench.values("h_count") == [2, 2, "stale"]
    said = bench.loop.metadata.get("h")
    assert said is not None
    assert (said.type, said.help) == ("histogram", "How long.")


async def test_a_page_with_a_native_histogram_fails_with_its_name(manual_clock: ManualClock) -> None:
    body = family("h", "histogram", histogram(2, 1.5, whole(7, 1)))
    config = job(fallback_scrape_protocol=ScrapeProtocol("PrometheusProto"))
    bench = Bench(manual_clock, Fetched(body, ""), config=config)
    await bench.scrape()
    assert bench.values("up") == [0]
    assert bench.loop.health.last_error.startswith('histogram "h" has native buckets alone')


async def test_own_time_stamps_are_ignored_where_they_are_not_honored(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1 5\n", config=job(honor_timestamps=False))
    await bench.scrape()
    assert [batch.time for batch in bench.store.commits[0]] == [START]


async def test_what_lies_far_in_the_future_is_dropped_and_counted(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1 %d\nb 2\n" % (START + 3_600_000))
    await bench.scrape()
    assert (bench.values("a"), bench.values("b")) == ([], [2])
    assert bench.counters.out_of_bounds == 1


async def test_of_two_samples_of_one_series_the_first_stands(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b'a{x="1"} 1\na{x="1",} 2\nup 7\n')
    await bench.scrape()
    assert bench.values("a", ', x="1"') == [1]
    assert bench.values("up") == [7]


async def test_openmetrics_is_read_where_the_answer_says_so(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, Fetched(b"a_total 1\n", "application/openmetrics-text; version=1.0.0"))
    await bench.scrape()
    assert bench.loop.health.last_error == "data does not end with # EOF"


async def test_an_empty_page_is_fine(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"")
    await bench.scrape()
    assert bench.values("up") == [1]


async def test_a_full_disk_loses_the_scrape_and_not_the_loop(
    manual_clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(manual_clock, b"a 1\n")
    bench.store.full = True
    await bench.scrape()
    assert bench.loop.health.health == "up"
    assert "was not kept" in caplog.text
    bench.store.full = False
    await bench.scrape()
    assert bench.values("a") == [1]


async def test_a_large_page_is_taken_in_whole(manual_clock: ManualClock) -> None:
    page = b"".join(b'm{i="%d"} %d\n' % (i, i) for i in range(30_000))
    bench = Bench(manual_clock, page, page.replace(b" 7\n", b" 8\n"))
    await bench.scrape(2)
    assert bench.values("scrape_samples_scraped") == [30_000, 30_000]
    assert bench.values("scrape_series_added") == [30_000, 0]
    assert bench.store.values('m{i="7", instance="h:1", job="j"}') == [7, 8]


async def test_metadata_is_kept_for_ten_scrapes_after_it_was_last_told(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"# TYPE a counter\n# HELP b Bees.\na 1\n", b"b 1\n")
    await bench.scrape()
    assert [(m.metric, m.type, m.help) for m in bench.loop.metadata] == [
        ("a", "counter", ""),
        ("b", "unknown", "Bees."),
    ]
    await bench.scrape(10)
    assert len(bench.loop.metadata) == 2
    await bench.scrape()
    assert len(bench.loop.metadata) == 0


async def test_scrapes_keep_their_beat_for_hours(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\n")
    bench.supervisor.start("loop", bench.loop.run)
    await manual_clock.advance(3_600_000)
    times = [time for time, _ in bench.store.samples['a{instance="h:1", job="j"}']]
    assert len(times) == 240
    assert {time % 15_000 for time in times} == {bench.target.hash % 15_000}
    await bench.supervisor.stop_all()


async def test_missed_ticks_are_not_made_up_for(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\n")
    bench.fetcher.clock, bench.fetcher.takes = manual_clock, lambda: 40.0
    bench.supervisor.start("loop", bench.loop.run)
    await manual_clock.advance(180_000)
    times = [time for time, _ in bench.store.samples['a{instance="h:1", job="j"}']]
    assert len(times) == 4
    assert {after - before for before, after in pairwise(times)} == {40_000}
    await bench.supervisor.stop_all()


async def test_the_last_stale_markers_come_late_and_bear_the_next_tick(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\n")
    task = bench.supervisor.start("loop", bench.loop.run)
    await manual_clock.advance(30_000)
    await bench.supervisor.stop(task)
    last = bench.loop.health.last_scrape
    assert last is not None
    bench.supervisor.start("end", bench.loop.end)
    await manual_clock.advance(last + 31_000 - manual_clock.now_ms())
    assert "stale" not in bench.values("a")
    await manual_clock.advance(1_000)
    for series in ("a", "up", "scrape_duration_seconds"):
        assert bench.store.samples[f'{series}{{instance="h:1", job="j"}}'][-1] == (last + 15_000, "stale")


async def test_a_target_that_was_never_scraped_leaves_no_marker(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\n")
    await bench.loop.end()
    assert bench.store.commits == []


async def test_an_heir_knows_the_series_and_ends_those_that_it_does_not_find(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\nb 1\n")
    await bench.scrape()
    bench.fetcher.answers = [b"a 1\n"]
    bench.loop = ScrapeLoop(bench.target, bench.config, bench.parts, bench.fetcher, bench.loop)
    await bench.scrape()
    assert bench.values("b") == [1, "stale"]
    assert bench.values("scrape_series_added") == [2, 0]


async def test_a_forced_error_keeps_from_fetching(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\n")
    bench.loop.forced_error = "target_limit exceeded (number of targets: 2, limit: 1)"
    await bench.scrape()
    assert bench.fetcher.fetched == []
    assert bench.loop.health.last_error == bench.loop.forced_error


async def test_keys_that_pile_up_under_failing_scrapes_are_forgotten(manual_clock: ManualClock) -> None:
    pages = [b"".join(b"m%d_%d 1\n" % (turn, i) for i in range(600)) + b"bad{\n" for turn in range(3)]
    bench = Bench(manual_clock, *pages)
    await bench.scrape(3)
    assert bench.counters.cache_flushes == 1


async def test_intervals_are_counted_as_they_were(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\n", config=job(scrape_interval=Duration(15_000)))
    await bench.scrape(3)
    lengths = bench.counters.intervals["15s"]
    assert (lengths.count, lengths.seconds) == (2, 30.0)


def test_the_first_tick_lies_at_the_offset_of_the_target() -> None:
    assert [first_tick(now, 15, 7) for now in (0, 7, 8, 22, 23)] == [7, 7, 22, 22, 37]
    assert first_tick(100, 15, 2**64 - 1) % 15 == (2**64 - 1) % 15


async def test_columns_that_the_store_has_lost_are_asked_for_anew(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, b"a 1\nb 2\n")
    await bench.scrape()
    (source,) = bench.store.sources.values()
    a, b = (source.known[labels] for labels in source.labels if labels.name in ("a", "b"))
    before = len(source.known)
    source.gone.add(a)
    source.losses += 1
    source.known = {Labels.of(labels, was="here") if at == a else labels: at for labels, at in source.known.items()}
    await bench.scrape()
    columns = bench.store.commits[-1][0].columns.tolist()
    assert a not in columns
    assert b in columns
    assert len(source.known) == before + 1


OPEN: Final = "application/openmetrics-text; version=1.0.0"


def traced(*lines: str) -> Fetched:
    return Fetched("".join(f"{line}\n" for line in ("# TYPE a counter", *lines, "# EOF")).encode(), OPEN)


async def test_exemplars_are_kept_with_the_labels_of_their_series(manual_clock: ManualClock) -> None:
    bench = Bench(
        manual_clock,
        traced('a_total{x="1"} 1 # {trace="t",empty=""} 0.5', 'a_total{x="2"} 1 1.25 # {trace="u"} 7'),
        traced('a_total{x="1"} 2 # {trace="t"} 0.5', 'a_total{x="2"} 1 # {trace="u"} 7 1'),
        traced('a_total{x="1"} 3 # {trace="v"} 0.5 9'),
    )
    bench.store.exemplars.resize(10)
    await bench.scrape(3)
    found = bench.store.exemplars.select([(Matcher("__name__", MatchOp.EQUAL, "a_total"),)], 0, 2 * START)
    told = [(series.get("x"), [(one.labels, one.value, one.time) for one in kept]) for series, kept in found]
    first = Labels.of(trace="t")
    assert [(x, [(labels, value) for labels, value, _ in kept]) for x, kept in told] == [
        ("1", [(first, 0.5)]),
        ("2", [(Labels.of(trace="u"), 7.0)]),
    ]
    assert [kept[0][2] for _, kept in told] == [bench.store.commits[0][-1].time, 1250]
    assert bench.counters.exemplars_out_of_order == 2


async def test_exemplars_are_left_out_where_none_are_kept(manual_clock: ManualClock) -> None:
    bench = Bench(manual_clock, traced('a_total 1 # {trace="t"} 0.5'))
    await bench.scrape()
    assert bench.values("a_total") == [1.0]
    assert len(bench.store.exemplars) == 0
