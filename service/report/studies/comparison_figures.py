"""The pictures of a comparison: shares of the features side by side, and the deletion curves."""

from collections.abc import Mapping
from typing import Any

from service.report.studies.comparison_words import METHODS, METRICS, named
from service.report.studies.section import FigureBlock
from service.report.text import number, percent, plotly_text, shown

Json = Mapping[str, Any]
FEATURES = 12
# Okabe and Ito's colours; pattern, dash and symbol tell the methods apart without them.
STYLES = {
    "nif": ("#0072B2", "", "solid", "circle"),
    "shap": ("#D55E00", "/", "dash", "square"),
    "integrated_gradients": ("#009E73", ".", "dot", "diamond"),
    "mi": ("#E69F00", "x", "dashdot", "triangle-up"),
    "classes": ("#6B7280", "-", "solid", "circle"),
}
PATTERN = {"fillmode": "overlay", "fgcolor": "#ffffff", "fgopacity": 0.6, "size": 7, "solidity": 0.2}
RANDOM, BAND = "#6B7280", "rgba(107,114,128,0.18)"


def importances(document: Json) -> FigureBlock:
    """Bars of each method, feature by feature, the most important first."""
    methods = [*document["methods"], *(r for r in document["references"] if r["method"] == "classes")]
    total = [sum(m["importance"][i] for m in methods) for i in range(len(document["features"]))]
    order = sorted(range(len(total)), key=lambda i: -total[i])[:FEATURES]
    names = [plotly_text(shown(document["features"][i], 24)) for i in order]
    data: list[dict[str, Any]] = []
    words = []
    for method in methods:
        color, pattern, _, _ = STYLES[method["method"]]
        values = [method["importance"][i] for i in order]
        name = named(method["method"])
        data.append(
            {
                "type": "bar", "name": name, "x": list(range(len(order))), "y": values,
                "marker": {"color": color, "pattern": PATTERN | {"shape": pattern}},
                "customdata": names,
                "hovertemplate": f"{name}: %{{customdata}} %{{y:.1%}}<extra></extra>",
            }
        )  # fmt: skip
        first = ", ".join(
            f"{shown(document['features'][i], 24)} {percent(v)}"
            for i, v in zip(order[:6], values, strict=False)
        )
        words.append(f"{name}: {first}")
    ticks = list(range(len(order)))
    layout = {
        "barmode": "group", "bargap": 0.25,
        "xaxis": {"tickvals": ticks, "ticktext": names, "automargin": True, "fixedrange": True},
        "yaxis": {"title": {"text": "share"}, "tickformat": ".0%", "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"}, "margin": {"t": 60}, "height": 420,
    }  # fmt: skip
    more = len(total) - len(order)
    caption = "What is due to each feature, by each method, as a share of all" + (
        f": the first {len(order)} of {len(total):,}" if more else ""
    )
    return FigureBlock(caption, {"data": data, "layout": layout}, f"{caption}. {'; '.join(words)}.")


def deletion_curves(document: Json) -> FigureBlock:
    """A line a method over the number of features removed; curves that coincide lie in one another."""
    removal = document["deletion"]
    metric, removed = METRICS[removal["metric"]], removal["removed"]
    data = [] if removal["random"] is None else _random(removal, metric)
    words = []
    for place, curve in enumerate(removal["curves"]):
        color, _, dash, symbol = STYLES[curve["method"]]
        name, below = METHODS[curve["method"]], len(removal["curves"]) - place - 1
        data.append(
            {
                "type": "scatter", "mode": "lines+markers", "x": removed, "y": curve["values"], "name": name,
                "line": {"color": color, "dash": dash, "width": 1.5 + 2 * below},
                "marker": {"color": color, "symbol": symbol, "size": 5 + 4 * below},
                "customdata": [plotly_text(_last(curve["order"], count)) for count in removed],
                "hovertemplate": f"{name}: %{{x}} removed%{{customdata}}, {metric} %{{y:.4g}}<extra></extra>",
            }
        )  # fmt: skip
        words.append(
            f"{name}: "
            + ", ".join(f"{n} removed {number(v)}" for n, v in zip(removed, curve["values"], strict=True))
        )
    layout = {
        "xaxis": {"title": {"text": "features removed, the most important first"}}
        | ({"dtick": 1} if removed[-1] <= 12 else {}),
        "yaxis": {"title": {"text": metric}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"}, "margin": {"t": 60}, "height": 420,
    }  # fmt: skip
    better = f"{removal['better']} is a better order"
    caption = f"{metric[0].upper()}{metric[1:]} as features are removed ({better})" + (
        f"; grey: {removal['random']['orders']} random orders, from the least to the most, and their mean"
        if removal["random"] is not None
        else ""
    )
    return FigureBlock(caption, {"data": data, "layout": layout}, f"{caption}. {'; '.join(words)}.")


def _random(removal: Json, metric: str) -> list[dict[str, Any]]:
    drawn, x = removal["random"], removal["removed"]
    band = {
        "type": "scatter", "mode": "lines", "x": [*x, *x[::-1]], "y": [*drawn["high"], *drawn["low"][::-1]],
        "fill": "toself", "fillcolor": BAND, "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip
    mean = {
        "type": "scatter", "mode": "lines", "x": x, "y": drawn["mean"], "name": "random orders",
        "line": {"color": RANDOM, "dash": "dot", "width": 1.5},
        "hovertemplate": f"random: %{{x}} removed, mean {metric} %{{y:.4g}}<extra></extra>",
    }  # fmt: skip
    return [band, mean]


def _last(order: list[str], count: int) -> str:
    return f", last {shown(order[count - 1], 24)}" if count else ""
