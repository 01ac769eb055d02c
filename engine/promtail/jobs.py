"""One entry of `scrape_configs` at work: its sources, each with its own kind of targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.promtail.config_sources import ScrapeConfig
from engine.promtail.tail.file import TailedFile
from engine.promtail.tail.target import Told
from engine.promtail.targets.files import FileTargets
from engine.promtail.targets.ports import Source, TargetParts
from engine.promtail.targets.status import TargetStatus


class Job:
    """Made of a configuration that was found right; another one makes another job."""

    def __init__(self, config: ScrapeConfig, parts: TargetParts, paths: Callable[[str], str] = str) -> None:
        self.config = config
        self._files = FileTargets(config, parts, paths)
        self._sources: list[Source] = [self._files, *_others(config, parts)]

    async def start(self) -> None:
        """Raises ConfigError where a source can't be had; then none of it runs."""
        started: list[Source] = []
        try:
            for source in self._sources:
                await source.start()
                started.append(source)
        except BaseException:
            for source in started:
                await source.stop()
            raise

    async def stop(self) -> None:
        for source in self._sources:
            await source.stop()

    def status(self) -> list[TargetStatus]:
        return [one for source in self._sources for one in source.status()]

    @property
    def is_settled(self) -> bool:
        """Whether the files of its static targets have been looked for."""
        return not self.config.static_configs or self._files.has_taken_targets

    def files(self) -> Iterator[TailedFile]:
        """Those that are followed."""
        for tailing in self._files.tailings:
            yield from tailing.target.open_files

    def names(self) -> dict[str, str]:
        """Under which key the position of each file is kept, by its path now."""
        targets = [tailing.target for tailing in self._files.tailings]
        return {file.at: one.book.key(file.dev, file.ino) for one in targets for file in one.files.values()}

    def told(self) -> Iterator[Told]:
        """What its targets tell people."""
        return (tailing.target.told for tailing in self._files.tailings)


def _others(config: ScrapeConfig, parts: TargetParts) -> Iterator[Source]:
    """Each is imported where it is wanted."""
    if config.docker_sd_configs:
        from engine.promtail.targets.docker import DockerTargets  # noqa: PLC0415 - few need it

        yield DockerTargets(config, parts)
    if config.journal is not None:
        from engine.promtail.targets.journal import Journal  # noqa: PLC0415 - few need it

        yield Journal(config, config.journal, parts)
    if config.syslog is not None:
        from engine.promtail.targets.syslog import Syslog  # noqa: PLC0415 - few need it

        yield Syslog(config, config.syslog, parts)
    if config.loki_push_api is not None:
        from engine.promtail.targets.push import PushApi  # noqa: PLC0415 - few need it

        yield PushApi(config, config.loki_push_api, parts)
