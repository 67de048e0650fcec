"""The page's figures, drawn by plotly: networks, activations, attributions, and how often claims held."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.report.palette import AMOUNTS
from service.report.studies.section import FigureBlock
from service.report.text import plotly_text
from service.reproduction.drawn_network import drawn
from service.reproduction.markdown import FIGURE_OF
from service.reproduction.method_looks import COLORS, NAMES
from service.reproduction.recipes import BY_ID, EXPERIMENTS, RECIPES
from service.reproduction.run import ESTIMATORS, METHODS, Measured, Run
from service.reproduction.tallies import Verdict


def figures_of(group: str, runs: Sequence[Run]) -> tuple[FigureBlock, ...]:
    """Of the first seed of each recipe, by the first estimator."""
    first = {run.recipe: run.by[ESTIMATORS[0]] for run in reversed(runs)}
    chosen = [r.id for r in RECIPES if r.id in first and FIGURE_OF.get(group) in (None, r.experiment)]
    if group in FIGURE_OF:
        networks = [_network(first[recipe], recipe) for recipe in chosen]
        spread = [_activations(first[recipe], recipe) for recipe in chosen] if group == "2" else []
        return (*networks, *spread)
    if group == "5":
        return (*(_shares(first[recipe], recipe) for recipe in chosen), _distances(runs, chosen))
    return ()


def held_figure(verdicts: Sequence[Verdict]) -> FigureBlock:
    """Claims by recipes; each cell the share of seeds."""
    recipes = [r for r in RECIPES if any(t.recipe == r for v in verdicts for t in v.tallies)]
    shares, texts = [], []
    for v in verdicts:
        by = {t.recipe.id: t for t in v.tallies}
        asked = [by[r.id] if r.id in by and by[r.id].asked() else None for r in recipes]
        shares.append([None if t is None else t.held() / t.asked() for t in asked])
        texts.append(["" if t is None else f"{t.held()}/{t.asked()}" for t in asked])
    steps = [[i / (len(AMOUNTS) - 1), color] for i, color in enumerate(AMOUNTS)]
    data: list[dict[str, Any]] = [
        {
            "type": "heatmap", "z": shares, "text": texts, "texttemplate": "%{text}", "zmin": 0, "zmax": 1,
            "x": ["<br>".join([r.experiment, *r.words.split(", ")]) for r in recipes],
            "y": [v.claim.id for v in verdicts],
            "colorscale": steps, "xgap": 2, "ygap": 2, "hoverongaps": False, "showscale": False,
            "customdata": [[v.claim.says] * len(recipes) for v in verdicts],
            "hovertemplate": "%{customdata}<br>%{x}<br>%{text}<extra></extra>",
        }
    ]  # fmt: skip
    layout = {"yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
              "xaxis": {"tickangle": 0, "showgrid": False}, "height": 150 + 26 * len(verdicts),
              "margin": {"l": 50, "r": 24, "t": 24, "b": 90}}  # fmt: skip
    caption = "Seeds in which each claim held, of those that it could be asked of; empty cells: not asked"
    words = "; ".join(f"{v.claim.id}: {v.held} of {v.asked}" for v in verdicts)
    return FigureBlock(caption, {"data": data, "layout": layout}, f"{caption}. {words}.")


def _network(by: Measured, recipe: str) -> FigureBlock:
    network = drawn(by)
    data: list[dict[str, Any]] = []
    for line in network.lines:
        a, b = network.nodes[line.start], network.nodes[line.end]
        share = np.linspace(0, 1, 9)  # points to hover over all along
        data.append(
            {
                "type": "scatter", "mode": "lines", "showlegend": False, "opacity": 0.4,
                "x": [a.x + (b.x - a.x) * t for t in share], "y": [a.y + (b.y - a.y) * t for t in share],
                "line": {"color": "#64748b", "width": line.width},
                "hovertemplate": f"{line.hover}<extra></extra>",
            }
        )  # fmt: skip
    nodes = network.nodes
    symbols = [f"{node.symbol}-open" if node.hollow else node.symbol for node in nodes]
    data.append(
        {
            "type": "scatter", "mode": "markers+text", "showlegend": False,
            "x": [node.x for node in nodes], "y": [node.y for node in nodes],
            "text": [plotly_text(node.label) for node in nodes],
            "textposition": ["middle left" if node.x == 0 else "middle right" for node in nodes],
            "marker": {"size": [node.size for node in nodes], "color": [node.color for node in nodes],
                       "symbol": symbols, "opacity": 1, "line": {"width": 1.5, "color": [
                           node.color if node.hollow else "white" for node in nodes]}},
            "customdata": [node.hover for node in nodes], "hovertemplate": "%{customdata}<extra></extra>",
        }
    )  # fmt: skip
    hidden = {"showgrid": False, "zeroline": False}
    last = len(network.layers) - 1
    layout = {
        "xaxis": hidden | {"tickvals": list(range(last + 1)), "ticktext": list(network.layers), "side": "top",
                           "range": [-0.45, last + 0.45]},
        "yaxis": hidden | {"visible": False, "range": [1.0, 0.0]}, "height": 350,
        "margin": {"l": 24, "r": 24, "t": 40, "b": 8},
    }  # fmt: skip
    words = BY_ID[recipe].words
    caption = f"{EXPERIMENTS[BY_ID[recipe].experiment]}, {words}, first seed: the network"
    silent = sum(node.hollow for node in nodes)
    said = f"{caption}. {len(network.lines)} flow edges among {len(nodes)} neurons, {silent} of them silent."
    return FigureBlock(caption, {"data": data, "layout": layout}, said)


def _activations(by: Measured, recipe: str) -> FigureBlock:
    did, names = by.network.facts[1], by.network.layers[1].neurons
    data = []
    for i, name in enumerate(names):
        edges = did.histogram_edges[i]
        data.append(
            {
                "type": "scatter", "mode": "lines", "name": plotly_text(name), "line": {"shape": "hv"},
                "x": [float(edge) for edge in edges],
                "y": [*(int(count) for count in did.histogram[i]), int(did.histogram[i][-1])],
                "hovertemplate": f"{plotly_text(name)}: %{{y}} rows from %{{x:.3g}}<extra></extra>",
            }
        )  # fmt: skip
    layout = {"xaxis": {"title": {"text": "activation"}}, "yaxis": {"title": {"text": "rows"}, "type": "log"},
              "height": 340}  # fmt: skip
    caption = f"{BY_ID[recipe].words}, first seed: activations of the hidden neurons"
    centrality = by.facts.betweenness[1]
    words = "; ".join(
        f"{name} sd {did.sd[i]:.3g}, betweenness {centrality[i]:.3g}" for i, name in enumerate(names)
    )
    return FigureBlock(caption, {"data": data, "layout": layout}, f"{caption}. {words}.")


def _shares(by: Measured, recipe: str) -> FigureBlock:
    features = by.network.layers[0].neurons
    rows = {"classes": by.classes} | {method: by.attributed[method].shares for method in METHODS}
    data, words = [], []
    for method, shares in rows.items():
        y = [float(value) for value in np.mean(shares, axis=1)]
        data.append(
            {
                "type": "bar", "name": NAMES[method], "x": [plotly_text(name) for name in features], "y": y,
                "marker": {"color": COLORS[method]}, "hovertemplate": "%{x}: %{y:.3f}",
            }
        )  # fmt: skip
        words.append(f"{NAMES[method]} " + ", ".join(f"{value:.2f}" for value in y))
    layout = {"barmode": "group", "yaxis": {"title": {"text": "share"}}, "height": 320}
    experiment = EXPERIMENTS[BY_ID[recipe].experiment]
    caption = f"{experiment}, {BY_ID[recipe].words}, first seed: shares, mean over the outputs"
    return FigureBlock(caption, {"data": data, "layout": layout}, f"{caption}. {'; '.join(words)}.")


def _distances(runs: Sequence[Run], recipes: Sequence[str]) -> FigureBlock:
    data, words = [], []
    for method in METHODS:
        x, y = [], []
        for recipe in recipes:
            own = [run.by[ESTIMATORS[0]].attributed[method].statistic for run in runs if run.recipe == recipe]
            x += [recipe] * len(own)
            y += own
        data.append(
            {
                "type": "box", "name": NAMES[method], "x": x, "y": y, "boxpoints": "all", "jitter": 0.4,
                "pointpos": 0, "marker": {"color": COLORS[method], "size": 5}, "line": {"width": 1},
            }
        )  # fmt: skip
        words.append(f"{NAMES[method]} {np.mean(y):.3f}")
    layout = {"boxmode": "group", "yaxis": {"title": {"text": "KS statistic"}, "rangemode": "tozero"},
              "height": 420}  # fmt: skip
    caption = "Kolmogorov-Smirnov statistic to the MI with the classes, a point a seed"
    return FigureBlock(caption, {"data": data, "layout": layout}, f"{caption}. Means: {', '.join(words)}.")
