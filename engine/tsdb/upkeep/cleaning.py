"""Writing files of parts anew without what was deleted.

Law: at each moment, and after each crash, either the old file counts, seen through the deletions, or the new one, in
which they find nothing to do (see `engine.tsdb.upkeep.compaction`).
"""

from __future__ import annotations

from engine.tsdb.state import State
from engine.tsdb.upkeep.maintenance import Maintenance


class Cleaning:
    """Runs in any thread."""

    def __init__(self, state: State, maintenance: Maintenance) -> None:
        self._state = state
        self._maintenance = maintenance

    def clean(self) -> None:
        """Write all files with deleted samples anew. Raises DiskFullError; what is done stays done."""
        state = self._state
        with self._maintenance.exclusive():
            concerned = {p.file for source in state.all_sources() for p in source.view.parts if p.deletions}
            for file in state.files:
                if file.key in concerned:
                    self._maintenance.rewrite(file)
            self._maintenance.forget_deletions()
            state.find_oldest()
