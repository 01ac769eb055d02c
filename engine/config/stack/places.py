"""Findings about places in the files of a stack."""

from __future__ import annotations

from pathlib import Path as File

from yaml.nodes import Node

from engine.foundation.decode_nodes import NOTHING, SyntaxMistake, compose, locate, position
from engine.foundation.source import Finding, Path, Severity, format_path


class Places:
    """The files that were read, by path; each is composed when a place in it is first asked for."""

    def __init__(self, folder: File) -> None:
        """`folder` is the one that the compose file is in, or would be."""
        self._folder = folder
        self.sources: dict[str, bytes] = {}
        self._roots: dict[str, Node] = {}

    def root(self, file: File) -> Node:
        """Of a file that can't be read or is no YAML: nothing."""
        name = str(file)
        if name not in self._roots:
            try:
                self._roots[name] = compose(self.sources.setdefault(name, file.read_bytes()))
            except (OSError, SyntaxMistake):
                self._roots[name] = NOTHING
        return self._roots[name]

    def shown(self, path: File) -> str:
        """A path as a compose file writes it."""
        return f"./{path.relative_to(self._folder)}" if path.is_relative_to(self._folder) else str(path)

    def finding(self, file: File, at: Path, message: str, severity: Severity = Severity.LINT) -> Finding:
        """About a key, or the nearest there is on the way to it."""
        node, reached = locate(self.root(file), at)
        where = position(node)
        return Finding(severity, str(file), where.line, where.column, format_path(reached), message)
