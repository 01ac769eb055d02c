"""What it takes to read the same pages as text and as protobuf: those of a running Prometheus about itself.

`python -m benchmarks formats`: PAGES (40) pages in each format, read in their order as a scrape loop reads them. Told
are their size and CPU, first for the first page, whose names are new, then for each of the others.
"""

from __future__ import annotations

import os
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final

from benchmarks.harness import free_port, peer, running
from engine.scrape.loop import LAYOUTS
from engine.scrape.protocols import PROTOCOLS

PAGES: Final = int(os.environ.get("PAGES", "40"))
ROUNDS: Final = 20
NAMES: Final = ("PrometheusText0.0.4", "PrometheusProto")


def main() -> None:
    prometheus = peer("prometheus")
    if prometheus is None:
        return
    pages = _recorded(prometheus)
    for name in NAMES:
        first, each, samples = _read(name, pages[name])
        size = sum(map(len, pages[name])) / len(pages[name])
        print(
            f"  {name}: {size / 1000:.1f} kB, {samples} samples; the first page {first * 1e3:.2f} ms of CPU, each other"
            f" {each * 1e3:.2f} ms, {each / samples * 1e6:.1f} us a sample"
        )


def _recorded(prometheus: str) -> dict[str, list[bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        place = f"127.0.0.1:{free_port()}"
        config = Path(folder, "prometheus.yml")
        config.write_text(
            f"scrape_configs: [{{job_name: a, scrape_interval: 1s, static_configs: [{{targets: ['{place}']}}]}}]"
        )
        command = [
            prometheus,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder}",
            f"--web.listen-address={place}",
        ]
        with running(command, Path(folder, "log")) as program:
            program.wait_for(f"http://{place}/-/ready")
            pages: dict[str, list[bytes]] = {name: [] for name in NAMES}
            for _ in range(PAGES):
                for name in NAMES:
                    headers = {"Accept": PROTOCOLS[name].accept}
                    with urllib.request.urlopen(
                        urllib.request.Request(f"http://{place}/metrics", headers=headers)
                    ) as answer:
                        pages[name].append(answer.read())
                time.sleep(0.1)  # noqa: TID251 - a benchmark lives in real time
            return pages


def _read(name: str, pages: list[bytes]) -> tuple[float, float, int]:
    firsts, others, samples = [], [], 0
    for _ in range(ROUNDS):
        layout = LAYOUTS[PROTOCOLS[name].form]()
        before = time.process_time()
        layout.parse(pages[0])
        then = time.process_time()
        for page in pages[1:]:
            samples = len(layout.parse(page).keys)
        firsts.append(then - before)
        others.append((time.process_time() - then) / (len(pages) - 1))
    return min(firsts), min(others), samples


if __name__ == "__main__":
    main()
