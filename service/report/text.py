"""How names and numbers are written on the page: a name as text whatever it holds, a number as it is.

A rounded number never contradicts a verdict: `number` keeps adding digits until what is shown lies on the
same side of the threshold as the stored value.
"""

import html
import math
import unicodedata

LONGEST_NAME = 60
# Zero-width joiner and non-joiner are part of ordinary writing (emoji, Persian); other format characters
# can reorder or hide text.
_KEPT_FORMAT = {"\u200c", "\u200d"}
_HIDDEN = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def visible(text: str) -> str:
    """The text with each control, bidi override, lone surrogate and unassigned character as an escape."""
    return "".join(_escape(c) if _is_hidden(c) else c for c in text)


def _is_hidden(character: str) -> bool:
    return character not in _KEPT_FORMAT and unicodedata.category(character) in _HIDDEN


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def shown(name: str, longest: int = LONGEST_NAME) -> str:
    """A name for show: visible characters only; a long one keeps both ends and says its length."""
    if len(name) <= longest:
        return visible(name)
    head, tail = longest * 2 // 3, longest // 4
    return f"{visible(name[:head])}…{visible(name[-tail:])} ({len(name):,} characters)"


def plotly_text(text: str) -> str:
    """Text for a plotly label, which reads a small HTML and TeX: here it is text and nothing else."""
    isolated = f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}" if _has_right_to_left(text) else text
    return html.escape(isolated, quote=False).replace("$", "&#36;")


def _has_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


def number(value: float, digits: int = 3, threshold: float | None = None) -> str:
    """A number with `digits` significant digits, or more where rounding would cross `threshold`.

    Digits before the point are never rounded away below a million.
    """
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite" if value > 0 else "minus infinite"
    if threshold is not None:
        while digits < 17 and _side(float(_rounded(value, digits)), threshold) != _side(value, threshold):
            digits += 1
    return _rounded(value, digits)


def _rounded(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < 6:
        decimals = digits - 1 - power
        return f"{value:.0f}" if decimals <= 0 else f"{float(f'{mantissa}e{exponent}'):.{decimals}f}"
    return f"{mantissa}e{power}"


def _side(value: float, threshold: float) -> int:
    return (value > threshold) - (value < threshold)


def percent(share: float) -> str:
    """A share as a percentage: 0 % and 100 % are said only when they are exact."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %".replace(".0 %", " %")


def interval(low: float, high: float) -> str:
    return f"{number(low)} to {number(high)}"


def at_least(value: float, saturated: bool, lower_bound: bool, threshold: float | None = None) -> str:
    """An amount of information; "at least" where the estimator could not resolve all of it."""
    return ("at least " if saturated or lower_bound else "") + number(value, threshold=threshold)


def count(things: int, noun: str, plural: str | None = None) -> str:
    """`1 neuron`, `1,094 neurons`."""
    return f"{things:,} {noun if things == 1 else plural or noun + 's'}"
