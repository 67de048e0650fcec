"""Plain scalars of YAML 1.2: what a word or number without quotes means, or that it is not clear.

A scalar that YAML 1.1 reads as something else than 1.2 does (no, 010, 12:30, 1_000) is refused.
"""

import math
import re

# YAML 1.2.2, section 10.3.2, the core schema; without its octal and hexadecimal numbers.
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z", re.ASCII)
MOST_DIGITS = 20
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z", re.ASCII)
# What YAML 1.1 and 1.2, or two readers of one version, take for different things.
_WORDS = {"y", "n", "yes", "no", "on", "off"}
_AMBIGUOUS = re.compile(
    r"[-+]?(0[0-9]+(\.[0-9]*)?|0[xXoObB][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_.]*|[0-9]+(:[0-9]{1,2})+(\.[0-9]*)?)\Z",
    re.ASCII,
)


class Unclear(ValueError):
    """Readers of YAML take the scalar for different things."""


def plain_scalar(text: str) -> bool | int | float | str | None:
    """The value of a scalar without quotes. Raises Unclear, with the way to write it."""
    if text.lower() in _WORDS or _AMBIGUOUS.match(text):
        raise Unclear(
            "which readers of YAML take for different things; put it in quotes if it is text, else write "
            "true or false, or the number in decimal digits"
        )
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.match(text):
        return int(text) if len(text) <= MOST_DIGITS else float(text)
    if _FLOAT.match(text):
        return float(text)
    if _NOT_FINITE.match(text):
        return math.nan if text[-1] in "nN" else math.inf
    return text
