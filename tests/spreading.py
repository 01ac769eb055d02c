"""Which worker runs which file, so that one test waits while another reckons.

Tests beside other programs mostly wait: for a first scrape, for a group's interval, for a browser. Of each three workers
one begins with the files that reckon, two with those that wait; whoever has no more of its kind helps the others. The
longest files come first, so that none is left alone at the end. The tests of one file stay together, in their order.
"""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

WAITING: Final = ("tests/browser/", "tests/peers/", "tests/end_to_end/")
LONGEST: Final = (
    "tests/browser/test_pages.py",
    "tests/peers/test_alerting_restarts.py",
    "tests/peers/test_admin_api.py",
    "tests/end_to_end/test_guide_stack.py",
    "tests/end_to_end/test_demo.py",
    "tests/browser/test_dashboards.py",
    "tests/peers/test_whole_path.py",
    "tests/peers/test_alertmanager.py",
    "tests/peers/test_late_samples.py",
    "tests/peers/test_config_verdicts.py",
    "tests/peers/test_pending_over_restarts.py",
    "tests/browser/test_pictures.py",
    "tests/peers/test_scrape.py",
    "tests/peers/test_alerting_scenarios.py",
    "tests/peers/test_remote_write.py",
    "tests/peers/test_rule_tests.py",
    "tests/peers/test_export_stack.py",
    "tests/peers/test_http_api.py",
    "tests/peers/test_remote_write_sending.py",
    "tests/peers/test_discovery.py",
    "tests/peers/test_web_options.py",
    "tests/peers/test_query_forwarding.py",
    "tests/peers/test_tools.py",
    "tests/browser/test_editing.py",
    "tests/promtail/test_crashes.py",
    "tests/gotemplate/test_limits.py",
    "tests/testing/test_fixture.py",
    "tests/testing/test_tutorial.py",
    "tests/app/test_soak.py",
    "tests/cli/test_life.py",
    "tests/promql/functions/test_twin.py",
    "tests/offline/test_moving.py",
)
"""Those of ten seconds and more. All others come by how many tests they have, most first."""
PLACES: Final = {file: place for place, file in enumerate(LONGEST)}
GROUP: Final = 3


class Spreading(LoadFileScheduling):
    """Gives each worker files of its kind as long as there are any."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(self._next_for(node), last=False)
        super()._assign_work_unit(node)

    def _next_for(self, node: WorkerController) -> str:
        waits = self.nodes.index(node) % GROUP != 0
        own = [file for file in self.workqueue if file.startswith(WAITING) is waits]
        return min(own or self.workqueue, key=lambda file: PLACES.get(file, len(PLACES)))
