"""Column names: unique, found exactly, and shown so that look-alikes can be told apart."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

from estimator.data.numbers import fits, grammar
from estimator.data.table import TableFormat, TableLimits
from estimator.errors import InvalidDataset, LimitExceeded, Place

SHOWN_CHARACTERS = 60


def shown(text: str) -> str:
    """In quotes, with everything outside ASCII escaped and long text shortened, for error messages."""
    if len(text) > SHOWN_CHARACTERS:
        return f"{text[:SHOWN_CHARACTERS]!a}... ({len(text)} characters)"
    return ascii(text)


def listed(names: Iterable[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shown(name) for name in names[:most]) + more


def find(name: str, names: Sequence[str]) -> str | None:
    """The one of `names` that is meant: exactly the same, or else the only one equal to it after NFC."""
    if name in names:
        return name
    wanted = unicodedata.normalize("NFC", name)
    same = [candidate for candidate in names if unicodedata.normalize("NFC", candidate) == wanted]
    return same[0] if len(same) == 1 else None


def nearest(name: str, names: Sequence[str]) -> str:
    """A hint at names that are close to it, or the names there are: the end of an error sentence."""
    folded = {candidate.strip().casefold(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(name.strip().casefold(), list(folded), n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(shown(folded[key]) for key in close)}?"
    return f"the columns are {listed(names)}"


def control_in(text: str) -> str | None:
    """The first control character of C0 but tab, line feed and carriage return, which cells may hold."""
    return next((c for c in text if ord(c) < 32 and c not in "\t\n\r"), None)


def check_names(names: Sequence[str], format: TableFormat, limits: TableLimits) -> tuple[str, ...]:
    """The names of a header, if they are sound.

    Raises InvalidDataset for an empty name, for one with a control character, for two that are equal after
    NFC (with both column numbers) and for a header that is data; LimitExceeded for too many columns or too
    long a name.
    """
    if len(names) > limits.columns:
        raise LimitExceeded(f"the table has {len(names)} columns; the limit is {limits.columns}")
    first: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if len(name) > limits.cell_characters:
            most = limits.cell_characters
            detail = f"the name of column {number} has {len(name)} characters; the limit is {most}"
            raise LimitExceeded(detail, errors=[Place(detail, line=1)])
        if not name.strip():
            detail = f"column {number} of {len(names)} has no name ({shown(name)}); give every column a name"
            raise InvalidDataset(detail, errors=[Place(detail, line=1)])
        if odd := control_in(name):
            detail = (
                f"the name of column {number}, {shown(name)}, has the control character {odd!a}; rename it"
            )
            raise InvalidDataset(detail, errors=[Place(detail, column=name)])
        same = unicodedata.normalize("NFC", name)
        if same in first:
            # Where the header is missing, a name is a cell.
            cell = shown(name)
            detail = f"columns {first[same]} and {number} have the same name, {cell}; rename one of them"
            raise InvalidDataset(detail, errors=[Place(detail, line=1, column=name)], cell=cell)
        first[same] = number
    if format.kind == "csv":
        _refuse_data(names, format)
    return tuple(names)


def _refuse_data(names: Sequence[str], format: TableFormat) -> None:
    for number, name in enumerate(names, start=1):
        if fits(name, grammar(format.decimal)):
            cell = shown(name)
            detail = (
                f"the header has the number {cell} as the name of column {number}; if the file has no "
                "header, say header=false, otherwise give the columns names that are not numbers"
            )
            raise InvalidDataset(detail, errors=[Place(detail, line=1, column=name)], cell=cell)
