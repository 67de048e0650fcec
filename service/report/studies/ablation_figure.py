"""The curve of an ablation: the metric over the number of neurons cut, beside random sets."""

from collections.abc import Mapping
from typing import Any

from service.report.studies.section import FigureBlock
from service.report.text import number, plotly_text

Json = Mapping[str, Any]
# Okabe and Ito's colours; dash and symbol tell the lines apart without them.
STYLES = {
    "least": ("#0072B2", "solid", "circle", "least informative cut"),
    "most": ("#D55E00", "dash", "square", "most informative cut"),
}
RANDOM = "#6B7280"


def curve(document: Json, metric: str) -> FigureBlock:
    """Lines with their 95 % intervals; the random sets as their mean, from the least to the most."""
    data: list[dict[str, Any]] = []
    words = []
    for series in document["series"]:
        color, dash, symbol, name = STYLES[series["order"]]
        points = series["points"]
        k = [0, *(p["k"] for p in points)]
        values = [document["before"], *(p["after"] for p in points)]
        y = [v["value"] for v in values]
        data.append(
            {
                "type": "scatter", "mode": "lines+markers", "x": k, "y": y, "name": name,
                "line": {"color": color, "dash": dash, "width": 2},
                "marker": {"color": color, "symbol": symbol, "size": 8},
                "error_y": {
                    "type": "data", "symmetric": False, "thickness": 1.2, "width": 4,
                    "array": [v["high"] - v["value"] for v in values],
                    "arrayminus": [v["value"] - v["low"] for v in values],
                },
                "hovertemplate": plotly_text(f"{name}: %{{x}} neurons, {metric} %{{y:.4g}}")
                + "<extra></extra>",
            }
        )  # fmt: skip
        words.append(f"{name}: " + ", ".join(f"{n} cut {number(v)}" for n, v in zip(k, y, strict=True)))
    points = document["series"][0]["points"]
    beside = [p["control"] for p in points]
    k = [p["k"] for p in points]
    data.insert(
        0,
        {
            "type": "scatter", "mode": "lines+markers", "x": k, "y": [c["mean"] for c in beside],
            "name": "random neurons of the same layers",
            "line": {"color": RANDOM, "dash": "dot", "width": 1.5},
            "marker": {"color": RANDOM, "symbol": "x-thin-open", "size": 7},
            "error_y": {
                "type": "data", "symmetric": False, "thickness": 1, "width": 3, "color": RANDOM,
                "array": [c["high"] - c["mean"] for c in beside],
                "arrayminus": [c["mean"] - c["low"] for c in beside],
            },
            "hovertemplate": f"random: %{{x}} neurons, mean {metric} %{{y:.4g}}<extra></extra>",
        },
    )  # fmt: skip
    words.append(
        "random: " + ", ".join(f"{n} cut {number(c['mean'])}" for n, c in zip(k, beside, strict=True))
    )
    most = max(k)
    layout = {
        "xaxis": {"title": {"text": "hidden neurons cut"}, "range": [-0.03 * most, 1.03 * most]}
        | ({"dtick": 1} if most <= 12 else {}),
        "yaxis": {"title": {"text": metric}},
        "legend": {"orientation": "h", "y": 1.12},
        "height": 420,
    }
    caption = (
        f"{metric[0].upper()}{metric[1:]} without the first k neurons. Bars: 95 % intervals; of the random "
        "sets, from the least to the most"
    )
    return FigureBlock(caption, {"data": data, "layout": layout}, f"{caption}. {'; '.join(words)}.")
