"""Keys of a shape that is known are named as the rules name them one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.scrape.samples import LabelLimits, SampleRules
from promql.model.labels import Labels

TARGET = Labels.of(instance="h:1", job="j")
names = st.sampled_from(["a", "b", "z", "le", "job", "exported_job"])
values = st.sampled_from(["", "x", "y,z", "}", 'é"', "{a=", "\\", "\n", " "])
blanks = st.sampled_from(["", "", " "])


@st.composite
def keys(draw: st.DrawFn) -> bytes:
    pairs = draw(st.lists(st.tuples(names, values), max_size=3))
    blank = draw(blanks)
    escaped = [(n, v.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for n, v in pairs]
    inner = f",{blank}".join(f'{name}{blank}="{value}"' for name, value in escaped)
    return (draw(st.sampled_from(["m", "n"])) + (f"{{{inner}}}" if pairs else "")).encode()


def rules(*, honor: bool, limits: LabelLimits | None = None) -> SampleRules:
    return SampleRules(TARGET, honor, (), limits or LabelLimits())


@given(page=st.lists(keys(), max_size=30), honor=st.booleans())
def test_many_keys_are_named_as_each_alone(page: list[bytes], honor: bool) -> None:
    together = rules(honor=honor)
    named = together.name_all(page)
    alone = [rules(honor=honor).name_all([key]) for key in page]
    wanted = [one.labels[0] for one in alone if one.fault is None]
    assert named.labels == wanted[: len(named.labels)]
    assert (named.fault is None) == all(one.fault is None for one in alone)


def test_a_shape_that_is_known_asks_for_its_values_alone() -> None:
    ours = rules(honor=False)
    page = [f'm{{b="{i}",a="x"}}'.encode() for i in range(3)]
    assert ours.name_all(page).labels == [Labels.of(TARGET, __name__="m", a="x", b=str(i)) for i in range(3)]


def test_limits_hold_for_keys_of_a_known_shape_too() -> None:
    ours = rules(honor=False, limits=LabelLimits(value_length=3))
    assert ours.name_all([b'm{a="x"}', b'm{a="y"}']).fault is None
    assert ours.name_all([b'm{a="long"}']).fault is not None
