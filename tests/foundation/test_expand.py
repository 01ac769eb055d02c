"""Environment variables in configuration files."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.decode import Decoded, decode

ENVIRONMENT = {"HOST": "db:1", "EMPTY": "", "ODD": 'x: "y"\n- z', "PART": "b"}


class File(msgspec.Struct, frozen=True):
    text: str = ""
    many: tuple[str, ...] = ()
    pairs: Mapping[str, str] = {}
    replacement: str = ""


def read(text: str) -> Decoded[File]:
    return decode(text, File, "f.yml", environment=ENVIRONMENT)


def test_values_everywhere_are_expanded_and_keys_are_not() -> None:
    found = read("{text: 'a-${PART}-c', many: ['${HOST}', plain], pairs: {'${PART}': '${PART}'}}")
    assert found.value == File(text="a-b-c", many=("db:1", "plain"), pairs={"${PART}": "b"})


def test_a_value_cannot_change_the_structure() -> None:
    assert read("text: ${ODD}").value.text == ENVIRONMENT["ODD"]


def test_a_default_is_taken_where_nothing_is_set_and_dollars_can_be_written() -> None:
    assert read("text: ${NONE:-a b}").value.text == "a b"
    assert read("text: '${EMPTY:-x}${PART:-x}'").value.text == "b"
    assert read("text: $${PART} $PART $1 ${1} $$").value.text == "${PART} $PART $1 ${1} $$"


def test_what_is_not_set_is_a_mistake_with_its_place() -> None:
    (finding,) = read("many:\n- x\n- ${NONE}\n").findings
    assert str(finding) == (
        "f.yml:3:3: many[1]: the environment variable NONE is not set (${NONE:-text} gives a default, $${NONE} is text)"
    )


def test_a_group_of_a_pattern_keeps_its_braces() -> None:
    found = read("replacement: ${name}-${PART}")
    assert found.value.replacement == "${name}-b"
    assert found.findings == ()


def test_what_an_alias_repeats_is_expanded_once() -> None:
    found = read("{text: &a '${NONE}', many: [*a, *a]}")
    assert len(found.findings) == 1


def test_without_an_environment_nothing_is_expanded() -> None:
    assert decode("text: ${HOST}", File).value.text == "${HOST}"


@given(st.text(st.sampled_from("${}:-AB_ "), max_size=20))
def test_no_text_is_too_much(text: str) -> None:
    decode(msgspec.json.encode({"text": text}), File, "f", environment={"A": "1"})
