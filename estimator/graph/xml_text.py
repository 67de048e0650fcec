"""Any text in XML 1.0, and back.

XML cannot hold most control characters, not even as references. They are written `_xHHHH_`, as spreadsheets
do (ECMA-376 part 1, 22.9.2.19); a text that already holds such a thing gets its `_x` written `_x005F_x`.
"""

import re
from xml.sax.saxutils import escape

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-F]{4}_)")
_ESCAPED = re.compile("_x([0-9A-F]{4})_")
# Parsers turn a bare CR into LF, and in an attribute every white space into a space.
_REFERENCES = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;", '"': "&quot;"}


def xml_text(text: str) -> str:
    """The text for an element or a double-quoted attribute; `xml_untext` gets it back after parsing."""
    safe = _ILLEGAL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return escape(safe, _REFERENCES)


def xml_untext(parsed: str) -> str:
    """The text that `xml_text` was given, from what an XML parser returned."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), parsed)
