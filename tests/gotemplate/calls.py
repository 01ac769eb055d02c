"""Calls of a function with whatever a template may hand it."""

from __future__ import annotations

from hypothesis import strategies as st

ODD = (
    '""', '"a"', '"-1"', '"inf"', '"nan"', '"1e308"', '"010"', '"%zz"', '"a+(b"', '"\\n\\u00e9\\ufffd"', '"99999999999999999999"',
    "-1", "0", "3", "400", "1.5", "1e308", "-0.5", "9223372036854775807", "-9223372036854775808", "true", "nil", ".", ".a",
    '(printf "%d" 7)', "(print .)",
)  # fmt: skip


def calls(names: list[str]) -> st.SearchStrategy[str]:
    """Templates that call one of the functions once."""
    arguments = st.lists(st.sampled_from(ODD), max_size=5)
    return st.builds(lambda name, given: f"{{{{ {' '.join((name, *given))} }}}}", st.sampled_from(names), arguments)
