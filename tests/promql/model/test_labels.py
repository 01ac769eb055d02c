"""Label sets."""

from hypothesis import given
from hypothesis import strategies as st

from promql.model.labels import Labels, quote

label_sets = st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=4), max_size=4).map(Labels.of)


def test_an_empty_value_means_that_the_label_is_absent() -> None:
    assert Labels.of(a="", b="1") == Labels.of(b="1")
    assert Labels.of(a="1").set("a", "") == Labels()


@given(label_sets, label_sets)
def test_order_is_by_the_bytes_of_names_then_values(a: Labels, b: Labels) -> None:
    as_bytes = [[(n.encode(errors="surrogatepass"), v.encode(errors="surrogatepass")) for n, v in x] for x in (a, b)]
    assert (a < b) == (as_bytes[0] < as_bytes[1])


@given(label_sets, label_sets)
def test_an_overlay_wins_and_keeps_the_rest(a: Labels, b: Labels) -> None:
    both = a.overlay(b)
    assert all(both.get(n) == v for n, v in b)
    assert all(both.get(n) == v for n, v in a if n not in b)


def test_the_text_is_promql() -> None:
    assert str(Labels.of(__name__="up", job='a"b')) == 'up{job="a\\"b"}'
    assert str(Labels.of(__name__="up")) == "up"
    assert str(Labels()) == "{}"


def test_quoting_is_that_of_go() -> None:
    assert quote('a\n"\\\x00\u00a0é\U0001f600') == '"a\\n\\"\\\\\\x00\\u00a0é\U0001f600"'
