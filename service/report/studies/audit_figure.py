"""The picture of an audit: what deciding neurons carry, with intervals, against the limit of their rule."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.report.studies.section import FigureBlock
from service.report.text import count, number, plotly_text, shown

Json = Mapping[str, Any]
RULES, NEURONS = 12, 5
# Okabe and Ito's colours; the symbol tells the verdicts apart without them.
STYLES = {"pass": ("#009E73", "circle"), "fail": ("#D55E00", "x"), "cannot tell": ("#E69F00", "diamond-open")}


def against_limits(document: Json) -> FigureBlock | None:
    """A row a deciding neuron of a rule about a probe; None where there is no such rule."""
    rows = [
        (rule, neuron)
        for rule in document["rules"]
        if rule["rule"] == "probe-information" and rule["limit"] is not None
        for neuron in rule["neurons"][:NEURONS]
        if None not in (neuron["mi"], neuron["ci_low"], neuron["ci_high"])
    ][: RULES * NEURONS]
    if not rows:
        return None
    labels = [plotly_text(_label(rule, neuron)) for rule, neuron in rows]
    data = [
        _points(verdict, [(label, *row) for label, row in zip(labels, rows, strict=True)])
        for verdict in STYLES
        if any(rule["found"] == verdict for rule, _ in rows)
    ]
    data.append(
        {
            "type": "scatter", "mode": "markers", "name": "limit", "y": labels, "hoverinfo": "text",
            "x": [rule["limit"] for rule, _ in rows],
            "text": [f"limit {rule['limit']:.12g}" for rule, _ in rows],
            "marker": {"symbol": "line-ns-open", "size": 16, "color": "#111827", "line": {"width": 2}},
        }
    )  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "nats"}, "rangemode": "tozero"},
        "yaxis": {"automargin": True, "autorange": "reversed", "type": "category"},
        "height": 120 + 34 * len(rows),
        "legend": {"orientation": "h", "y": 1.1},
    }
    words = ". ".join(
        f"{shown(rule['id'])}, neuron {shown(neuron['name'])}: "
        f"{number(neuron['mi'], threshold=rule['limit'])} nats, the limit is {rule['limit']:.12g}"
        for rule, neuron in rows
    )
    caption = f"{count(len(rows), 'neuron')} that decide rules about probes, with 95 % intervals"
    return FigureBlock(caption, {"data": data, "layout": layout}, words)


def _points(verdict: str, rows: Sequence[tuple[str, Json, Json]]) -> Json:
    mine = [(label, neuron) for label, rule, neuron in rows if rule["found"] == verdict]
    color, symbol = STYLES[verdict]
    return {
        "type": "scatter", "mode": "markers", "name": verdict, "y": [label for label, _ in mine],
        "x": [n["mi"] for _, n in mine],
        "error_x": {
            "type": "data", "symmetric": False, "color": color,
            "array": [max(0.0, n["ci_high"] - n["mi"]) for _, n in mine],
            "arrayminus": [max(0.0, n["mi"] - n["ci_low"]) for _, n in mine],
        },
        "marker": {"color": color, "symbol": symbol, "size": 10},
    }  # fmt: skip


def _label(rule: Json, neuron: Json) -> str:
    return f"{shown(rule['id'], 24)}: {shown(neuron['name'], 24)} ({neuron['id']})"
