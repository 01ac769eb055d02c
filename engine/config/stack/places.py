"""Findings about places in the files of a stack."""

from __future__ import annotations

from pathlib import Path as File

from yaml.nodes import Node

from engine.foundation.decode_nodes import NOTHING, SyntaxMistake, compose, locate, position
from engine.foundation.source import Finding, Path, Position, Severity, format_path


class Places:
    """The files that were read, by path; each is composed when a place in it is first asked for.

    `faults` are of those that can't be read or are no YAML.
    """

    def __init__(self, folder: File) -> None:
        """`folder` is the one that the compose file is in, or would be."""
        self._folder = folder
        self.sources: dict[str, bytes] = {}
        self.faults: list[Finding] = []
        self._roots: dict[str, Node] = {}

    def root(self, file: File) -> Node:
        """Of a file with a fault: nothing."""
        name = str(file)
        if name not in self._roots:
            self._roots[name] = self._composed(name, file)
        return self._roots[name]

    def _composed(self, name: str, file: File) -> Node:
        try:
            return compose(self.sources.setdefault(name, file.read_bytes()))
        except OSError as error:
            at, message = Position(), f"can't be read: {error.strerror}"
        except SyntaxMistake as mistake:
            at, message = mistake.position, mistake.message
        self.faults.append(Finding(Severity.ERROR, name, at.line, at.column, "", message))
        return NOTHING

    def shown(self, path: File) -> str:
        """A path as a compose file writes it."""
        return f"./{path.relative_to(self._folder)}" if path.is_relative_to(self._folder) else str(path)

    def finding(self, file: File, at: Path, message: str, severity: Severity = Severity.LINT) -> Finding:
        """About a key, or the nearest there is on the way to it."""
        node, reached = locate(self.root(file), at)
        where = position(node)
        return Finding(severity, str(file), where.line, where.column, format_path(reached), message)
