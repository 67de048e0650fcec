"""The pictures of a diff: its changed edges between the layers, and a probe's information by layer."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.report.studies.section import FigureBlock
from service.report.text import number, plotly_text, shown

Json = Mapping[str, Any]
LINES = 300
LARGEST_LAYER = 40
THICKEST = 7.0
# Okabe and Ito's colours; the dash tells the kinds apart without them.
STYLES = {
    "appeared": ("#009E73", "solid"),
    "vanished": ("#D55E00", "dash"),
    "grew": ("#0072B2", "solid"),
    "shrank": ("#E69F00", "dot"),
}


def changed_edges(document: Json) -> FigureBlock:
    """Layers are columns; a line is a changed edge, its width the size of the change."""
    changes = document["edges"]["changes"][:LINES]
    largest = max(abs(row["change"]) for row in changes)
    place = _places(document["alignment"]["layers"], changes)
    data: list[dict[str, Any]] = []
    met: set[str] = set()
    for row in reversed(changes):  # the largest on top
        color, dash = STYLES[row["kind"]]
        (x0, y0, _), (x1, y1, _) = place[row["source"]["id"]], place[row["target"]["id"]]
        words = f"{row['kind']}: {_label(row['source'])} to {_label(row['target'])}"
        change = (
            f"mi {number(row['base']['mi'])} to {number(row['head']['mi'])} nats, q {number(row['q_value'])}"
        )
        width = max(1.0, THICKEST * abs(row["change"]) / largest)
        data.append(
            {
                "type": "scatter", "mode": "lines",
                "x": [x0, (x0 + x1) / 2, x1], "y": [y0, (y0 + y1) / 2, y1],
                "line": {"color": color, "dash": dash, "width": round(width, 2)}, "name": row["kind"],
                "legendgroup": row["kind"], "showlegend": row["kind"] not in met,
                "hoverinfo": "text", "text": plotly_text(f"{words}; {change}"), "opacity": 0.75,
            }
        )  # fmt: skip
        met.add(row["kind"])
    x, y, names = zip(*place.values(), strict=True)
    labels = [plotly_text(name) for name in names]
    data.append(
        {
            "type": "scatter", "mode": "markers+text", "x": x, "y": y, "text": labels, "hoverinfo": "text",
            "textposition": "bottom center", "textfont": {"size": 10}, "showlegend": False,
            "marker": {"size": 9, "color": "#ffffff", "line": {"color": "#4B5563", "width": 1.5}},
        }
    )  # fmt: skip
    layers = document["alignment"]["layers"]
    axis = {"zeroline": False, "showgrid": False, "fixedrange": True}
    layout = {
        "xaxis": axis
        | {
            "tickvals": list(range(len(layers))),
            "ticktext": [plotly_text(shown(layer["base"], 20)) for layer in layers],
        },
        "yaxis": axis | {"visible": False, "range": [-0.1, 1.05]},
        "height": int(min(900, max(320, 60 + 36 * max(_tallest(place), 1)))),
        "legend": {"orientation": "h", "y": 1.08},
    }
    return FigureBlock(
        _caption(document, len(changes)), {"data": data, "layout": layout}, _in_words(document)
    )


def probe_by_layer(probe: Json) -> FigureBlock:
    """The largest information of one neuron of each layer, before and now."""
    layers = [plotly_text(shown(layer["layer"], 20)) for layer in probe["layers"]]
    bars = [
        {"type": "bar", "name": side, "x": layers, "y": [layer[side] for layer in probe["layers"]],
         "marker": {"color": color}}
        for side, color in (("base", "#9CA3AF"), ("head", "#0072B2"))
    ]  # fmt: skip
    name = shown(probe["name"])
    words = "; ".join(
        f"{shown(x['layer'], 30)}: {number(x['base'])} in base, {number(x['head'])} in head"
        for x in probe["layers"][:12]
    )
    layout = {"barmode": "group", "yaxis": {"title": {"text": "nats"}, "rangemode": "tozero"}}
    caption = f"Information about {name}: the largest of one neuron in each layer"
    return FigureBlock(caption, {"data": bars, "layout": layout}, f"{caption}. {words}.")


def _places(layers: Sequence[Json], changes: Sequence[Json]) -> dict[str, tuple[float, float, str]]:
    """{id in base: (x, y, label)}: all neurons of small layers, of large ones those that changed."""
    touched = {row[end]["id"] for row in changes for end in ("source", "target")}
    place: dict[str, tuple[float, float, str]] = {}
    for x, layer in enumerate(layers):
        every = layer["neurons"]
        drawn = every if len(every) <= LARGEST_LAYER else [n for n in every if n["base"] in touched]
        for at, neuron in enumerate(drawn):
            label = shown(neuron["name"], 22) if len(drawn) <= LARGEST_LAYER else ""
            place[neuron["base"]] = (x, 1 - (at + 0.5) / len(drawn), label)
    return place


def _tallest(place: Mapping[str, tuple[float, float, str]]) -> int:
    columns = [x for x, _, _ in place.values()]
    return max((columns.count(x) for x in set(columns)), default=0)


def _label(neuron: Json) -> str:
    return shown(neuron["name"], 30) if neuron["name"].strip() else str(neuron["id"])


def _caption(document: Json, drawn: int) -> str:
    total = document["edges"]["changed"]
    which = f"the {drawn:,} largest of {total:,}" if drawn < total else f"all {total:,}"
    return f"Changed edges ({which}); width is the size of the change"


def _in_words(document: Json) -> str:
    edges = document["edges"]
    first = edges["changes"][0]
    return (
        f"{edges['appeared']} edges appeared, {edges['vanished']} vanished, {edges['grew']} grew, "
        f"{edges['shrank']} shrank. The largest change: {_label(first['source'])} to "
        f"{_label(first['target'])}, {number(first['base']['mi'])} to {number(first['head']['mi'])} nats."
    )
