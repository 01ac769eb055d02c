"""An engine for one test, after imports: from nothing to ready, with a scrape and a query, to nothing.

`python -m benchmarks fixture`. No program stands beside it: the originals have to be started, which `start` measures.
"""

from __future__ import annotations

import time
from pathlib import Path

from engine.testing.blocking import BlockingEngine

RUNS = 50
RULES = Path(__file__).parent.parent / "examples" / "stack" / "prometheus" / "rules" / "machine.yml"
PAGE = "".join(f'hits_total{{path="/{number}"}} {number}\n' for number in range(200))


def main() -> None:
    started, scraped, moved, ended = (sorted(times)[RUNS // 2] * 1000 for times in zip(*_runs(), strict=True))
    print(f"ready, with the rules of the example {started:6.1f} ms (target: under 100)")
    print(f"a target of 200 series and one scrape {scraped:5.1f} ms")
    print(f"five minutes of scrapes and rules     {moved:5.1f} ms")
    print(f"the end                               {ended:5.1f} ms")


def _runs() -> list[tuple[float, float, float, float]]:
    return [_one() for _ in range(RUNS)]


def _one() -> tuple[float, float, float, float]:
    began = time.process_time()
    with BlockingEngine(rules=[RULES]) as engine:
        ready = time.process_time()
        engine.add_target(lambda: PAGE, job="api")
        engine.scrape_now()
        assert len(engine.query("hits_total")) == 200
        scraped = time.process_time()
        engine.advance("5m")
        moved = time.process_time()
    return ready - began, scraped - ready, moved - scraped, time.process_time() - moved
