import math

import pytest

from service.report.text import number, percent, plotly_text, shown


@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (0.02, "0.0200"), (0.4567, "0.457"), (12.345, "12.3"), (99_999, "99999"), (1.5e-7, "1.50e-7"),
     (9.9996, "10.0"), (-0.5, "-0.500"), (2.5e9, "2.50e9"), (math.nan, "not a number"),
     (math.inf, "infinite")],
)  # fmt: skip
def test_three_significant_digits_are_shown(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("value", [0.05000000001, 0.04999999, 0.0500049, 0.05, math.nextafter(0.05, 1)])
def test_a_shown_number_is_on_the_same_side_of_the_threshold(value: float) -> None:
    text = float(number(value, threshold=0.05))
    assert (text > 0.05, text < 0.05) == (value > 0.05, value < 0.05)


@pytest.mark.parametrize("value, text", [(0.0, "0 %"), (1.0, "100 %"), (1e-9, "< 0.1 %"), (0.34, "34 %")])
def test_all_and_none_are_only_said_when_exact(value: float, text: str) -> None:
    assert percent(value) == text
    assert percent(1 - 1e-12) == "> 99.9 %"


@pytest.mark.parametrize(
    "name, text",
    [("a\x1b]0;x\a", r"a\x1b]0;x\x07"), ("\u202egnp.", r"\u202egnp."), ("\ud800", r"\ud800"),
     ("a\r\nb\t", r"a\r\nb\t"), ("👩\u200d💻", "👩\u200d💻"), ("\ufffe", r"\ufffe"), ("é", "é")],
)  # fmt: skip
def test_hidden_characters_are_made_visible(name: str, text: str) -> None:
    assert shown(name) == text


def test_a_long_name_keeps_both_ends_and_says_its_length() -> None:
    name = shown("a" * 5_000 + "b" * 5_000)
    assert name.startswith("aaa") and "bbb (10,000 characters)" in name and len(name) < 100


def test_markup_and_tex_are_text_in_plotly() -> None:
    assert plotly_text("<b>&lt;$x$") == "&lt;b&gt;&amp;lt;&#36;x&#36;"
