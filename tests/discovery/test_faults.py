"""What is kept of what is wrong with sources."""

from __future__ import annotations

from engine.discovery.refresh import Faults
from engine.testing.manual_clock import ManualClock
from tests.discovery.listening import parts


async def test_two_entries_that_ask_the_same_source_have_faults_of_their_own(manual_clock: ManualClock) -> None:
    around = parts(manual_clock)
    kept = around.counts.faults
    with Faults("http_sd_configs", "http://a", around) as first:
        with Faults("http_sd_configs", "http://a", around) as second:
            first.fault("401")
            second.well()
            assert kept == {"http_sd_configs: http://a": "401"}
            second.fault("500")
            assert kept == {"http_sd_configs: http://a": "401", "http_sd_configs: http://a (2)": "500"}
        assert kept == {"http_sd_configs: http://a": "401"}
    assert kept == {}
