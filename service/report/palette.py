"""Colours and marks of communities: Okabe and Ito's colour-blind safe set, each with a symbol of its own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """How the neurons of a group are drawn; `symbol` is plotly's name of it."""

    color: str
    symbol: str


COMMUNITIES = (
    Mark("#0072B2", "circle"),
    Mark("#D55E00", "square"),
    Mark("#009E73", "diamond"),
    Mark("#E69F00", "triangle-up"),
    Mark("#AA4499", "pentagon"),
    Mark("#56B4E9", "hexagram"),
)
FURTHER = Mark("#4B5563", "cross")
NO_FLOW = Mark("#9CA3AF", "circle")

# Single-hue steps for amounts, light to dark; from the sixth on, text on it is white.
AMOUNTS = ("#F3F7FB", "#DCE9F5", "#C0D9EE", "#9AC3E2", "#6BA7D2", "#3F88BE", "#2069A4", "#0B4A82")
DARK_FROM = 5


def mark(community: int) -> Mark:
    """The mark of a community; the smaller ones beyond the palette share one."""
    if community < 0:
        return NO_FLOW
    return COMMUNITIES[community] if community < len(COMMUNITIES) else FURTHER


def amount(share: float) -> tuple[str, bool]:
    """Colour for an amount as a share (0 to 1) of the largest, and whether text on it must be light."""
    step = min(len(AMOUNTS) - 1, int(share * len(AMOUNTS)))
    return AMOUNTS[step], step >= DARK_FROM
