"""What a reader may rely on in every file: it says what it is for, it fits in the head, it swallows no error.

Exceptions are listed with their reason, and must be needed: one that no longer is fails the test too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("engine", "exporters", "promql")
LONGEST_FILE: Final = 500
LONGEST_FUNCTION: Final = 50
LONG_FILES: Final = dict.fromkeys(
    ("promql/syntax/tables.py", "promql/syntax/wide_tables.py", "engine/logql/syntax/tables.py"),
    "the parser's tables, written by generate.py",
)
LONG_FUNCTIONS: Final = dict.fromkeys(
    ("engine/web/api/status.py routes", "engine/web/api/targets.py routes"), "one short handler a path, side by side"
)
EVERYTHING: Final = frozenset({"Exception", "BaseException"})


@cache
def modules() -> dict[str, str]:
    """Source by path."""
    found = (path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py")))
    return {path.relative_to(PROJECT).as_posix(): path.read_text() for path in found}


@cache
def trees() -> dict[str, ast.Module]:
    return {path: parsed(source) for path, source in modules().items()}


def parsed(source: str) -> ast.Module:
    """Python 3.11 loses count where another thread prints a traceback meanwhile, for which it parses lines too."""
    try:
        return ast.parse(source)
    except SystemError:
        return parsed(source)


def long_functions(path: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno >= LONGEST_FUNCTION:
                yield f"{path} {node.name}"


def swallowed_errors(path: str, tree: ast.Module) -> Iterator[str]:
    """Handlers and `suppress` that drop every error alike."""
    for node in ast.walk(tree):
        match node:
            case ast.ExceptHandler(type=kind, body=body):
                swallows = catches_everything(kind) and all(map(does_nothing, body))
            case ast.Call(func=function, args=kinds):
                swallows = is_suppress(function) and any(map(catches_everything, kinds))
            case _:
                continue
        if swallows:
            yield f"{path}:{node.lineno}"


def is_suppress(function: ast.expr) -> bool:
    return ast.unparse(function) in ("suppress", "contextlib.suppress")


def catches_everything(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(one is None or (isinstance(one, ast.Name) and one.id in EVERYTHING) for one in kinds)


def does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass | ast.Continue) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def test_every_module_says_what_it_is_for() -> None:
    assert [path for path, tree in trees().items() if not ast.get_docstring(tree)] == []


def test_no_file_is_too_long_to_be_read() -> None:
    long = {path for path, source in modules().items() if source.count("\n") > LONGEST_FILE}
    assert long == LONG_FILES.keys()


def test_no_function_is_too_long_to_be_read() -> None:
    long = {place for path, tree in trees().items() for place in long_functions(path, tree)}
    assert long == LONG_FUNCTIONS.keys()


def test_no_error_is_swallowed() -> None:
    assert [place for path, tree in trees().items() for place in swallowed_errors(path, tree)] == []


def test_what_swallows_errors_is_recognised() -> None:
    source = """
try: a()
except Exception: pass
try: a()
except: ...
try: a()
except (ValueError, BaseException):
    '''nothing'''
with suppress(Exception): a()
"""
    fine = "try: a()\nexcept ValueError: pass\ntry: a()\nexcept Exception: log()\nwith suppress(OSError): a()\n"
    assert len(list(swallowed_errors("", ast.parse(source)))) == 4
    assert list(swallowed_errors("", ast.parse(fine))) == []


def test_the_length_of_a_function_is_counted_whole() -> None:
    def function(lines: int) -> ast.Module:
        return ast.parse("def f():\n" + "    a()\n" * (lines - 1))

    assert list(long_functions("m.py", function(LONGEST_FUNCTION))) == []
    assert list(long_functions("m.py", function(LONGEST_FUNCTION + 1))) == ["m.py f"]
