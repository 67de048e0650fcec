"""The figures as files, PNG and SVG, by matplotlib.

Why matplotlib and not plotly's own export: kaleido drives a Chromium, which a machine without a screen seldom
has; matplotlib needs nothing but itself, and its licence is of the BSD kind. No file holds a date, so that
equal runs give equal files.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from service.report.palette import mark
from service.reproduction.drawn_network import SYMBOLS, DrawnNetwork, drawn
from service.reproduction.method_looks import COLORS, NAMES
from service.reproduction.recipes import BY_ID
from service.reproduction.run import METHODS, Attributed, Measured, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, PALE = "#16202c", "#6B7280"
POINTS_OF_PIXELS = 0.72
STYLE: Any = {
    "font.size": 9, "axes.edgecolor": PALE, "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK,
    "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "nif",
    "svg.fonttype": "path",
}  # fmt: skip


def pictures(runs: Sequence[Run], estimator: str) -> dict[str, bytes]:
    """{file name: bytes}. Networks are those of the first seed."""
    first = {run.recipe: run for run in reversed(runs)}
    by = {name: run.by[estimator] for name, run in first.items()}
    wanted: dict[str, Callable[[], Figure]] = {}
    groups = {experiment: [n for n in by if BY_ID[n].experiment == experiment] for experiment in _experiments}
    for experiment, name in _experiments.items():
        chosen = {recipe: by[recipe] for recipe in sorted(groups[experiment], key=list(BY_ID).index)}
        if chosen:
            draw = _with_distributions if experiment == "banknote" else _networks
            wanted[name] = lambda draw=draw, chosen=chosen: draw(chosen)  # type: ignore[misc]
    wanted["figure-5-attributions"] = lambda: _attributions(runs, by, estimator)
    files: dict[str, bytes] = {}
    for name, make in wanted.items():
        files |= _saved(name, make)
    return files


_experiments = {
    "iris": "figure-1-iris", "banknote": "figure-3-banknote", "banknote-deep": "figure-4-banknote-deep"
}  # fmt: skip


def _saved(name: str, make: "Callable[[], Figure]") -> dict[str, bytes]:
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figure = make()
        for artist in figure.findobj():  # nothing lies outside, and a clip path's name is not the same twice
            artist.set_clip_on(False)
        png, svg = io.BytesIO(), io.BytesIO()
        figure.savefig(png, format="png", dpi=110, metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return {f"{name}.png": png.getvalue(), f"{name}.svg": svg.getvalue()}


def _figure(width: float, height: float) -> "Figure":
    """Not pyplot's, which keeps every figure that it made."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _networks(by: Mapping[str, Measured]) -> "Figure":
    columns = min(2, len(by))
    rows = -(-len(by) // columns)
    figure = _figure(5.0 * columns, 3.3 * rows)
    for place, (recipe, measured) in enumerate(by.items(), 1):
        axes = figure.add_subplot(rows, columns, place)
        _draw_network(axes, drawn(measured), BY_ID[recipe].words)
    return figure


def _draw_network(axes: "Axes", network: DrawnNetwork, title: str) -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlim(-0.45, len(network.layers) - 0.65)
    axes.set_ylim(1.0, -0.08)
    axes.set_axis_off()
    for line in network.lines:
        a, b = network.nodes[line.start], network.nodes[line.end]
        axes.plot([a.x, b.x], [a.y, b.y], color="#64748b", alpha=0.4, zorder=1,
                  linewidth=line.width * POINTS_OF_PIXELS, solid_capstyle="butt")  # fmt: skip
    for node in network.nodes:
        size = (node.size * POINTS_OF_PIXELS) ** 2
        face = "white" if node.hollow else node.color
        axes.scatter([node.x], [node.y], s=size, marker=SYMBOLS[node.symbol], facecolors=face,
                     edgecolors=node.color if node.hollow else "white", linewidths=1.2, zorder=2)  # fmt: skip
        away, side = (-1, "right") if node.x == 0 else (1, "left")
        axes.annotate(node.label, (node.x, node.y), xytext=(away * (0.5 * node.size + 3), 0), ha=side,
                      textcoords="offset points", va="center", zorder=3, fontsize=8,
                      bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none",
                            "alpha": 0.75})  # fmt: skip
    for x, name in enumerate(network.layers):
        axes.text(x, -0.05, name, ha="center", color=PALE, fontsize=8)


def _with_distributions(by: Mapping[str, Measured]) -> "Figure":
    """A row a recipe: the network, and how the activations of its hidden neurons are distributed."""
    figure = _figure(10.0, 3.3 * len(by))
    parts = figure.subfigures(len(by), 1, squeeze=False)[:, 0]
    for part, (recipe, measured) in zip(parts, by.items(), strict=True):
        left, right = part.subfigures(1, 2, width_ratios=(1.1, 1))
        _draw_network(left.subplots(), drawn(measured), BY_ID[recipe].words)
        did, facts = measured.network.facts[1], measured.facts
        for i, axes in enumerate(np.atleast_1d(right.subplots(len(did.mean), 1))):
            low, high = did.histogram_edges[i][0], did.histogram_edges[i][-1]
            color = mark(int(facts.community[1][i])).color
            if high > low:
                axes.stairs(did.histogram[i], did.histogram_edges[i], fill=True, color=color)
            else:
                axes.axvline(low, color=color, linewidth=3)
            axes.set_yticks([])
            axes.tick_params(labelsize=7)
            axes.set_ylabel(measured.network.layers[1].neurons[i], fontsize=7, rotation=0, ha="right")
            said = f"betweenness {facts.betweenness[1][i]:.2f}, sd {did.sd[i]:.2f}"
            axes.text(0.99, 0.9, said, transform=axes.transAxes, ha="right", va="top", fontsize=7)
    return figure


def _attributions(runs: Sequence[Run], by: Mapping[str, Measured], estimator: str) -> "Figure":
    """Above, each feature's share by method, first seed; below, the KS statistic of every seed."""
    shown = [recipe for recipe in BY_ID if recipe in by][:: max(1, len(by) // 4)][:4]
    figure = _figure(2.9 * max(2, len(shown)), 5.2)
    grid = figure.subplots(2, max(2, len(shown)), squeeze=False, sharey="row")
    for axes in grid.flat:
        axes.set_visible(False)
    for place, recipe in enumerate(shown):
        above, below = grid[0][place], grid[1][place]
        above.set_visible(True)
        below.set_visible(True)
        above.set_title(f"{BY_ID[recipe].experiment}\n{BY_ID[recipe].words}", fontsize=9, loc="left")
        _draw_shares(above, by[recipe], legend=place == 0)
        _draw_distances(below, [run.by[estimator] for run in runs if run.recipe == recipe])
    grid[1][0].set_ylim(0, 1.05 * max(one.statistic for run in runs for one in _methods(run, estimator)))
    grid[0][0].set_ylabel("share, mean over outputs")
    grid[1][0].set_ylabel("KS statistic to MI with classes")
    figure.legend(loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure


def _methods(run: Run, estimator: str) -> list[Attributed]:
    return [run.by[estimator].attributed[method] for method in METHODS]


def _draw_shares(axes: "Axes", measured: Measured, *, legend: bool) -> None:
    rows = {"classes": measured.classes} | {m: measured.attributed[m].shares for m in METHODS}
    features = measured.network.layers[0].neurons
    width = 0.8 / len(rows)
    for number, (method, shares) in enumerate(rows.items()):
        x = np.arange(len(features)) + (number - (len(rows) - 1) / 2) * width
        axes.bar(x, np.mean(shares, axis=1), width, color=COLORS[method],
                 label=NAMES[method] if legend else None)  # fmt: skip
    axes.set_xticks(range(len(features)), [name.replace("_", "\n") for name in features], fontsize=7)
    axes.tick_params(axis="y", labelsize=7)


def _draw_distances(axes: "Axes", measured: Sequence[Measured]) -> None:
    for x, method in enumerate(METHODS):
        values = np.array([one.attributed[method].statistic for one in measured])
        aside = np.linspace(-0.22, 0.22, len(values)) if len(values) > 1 else np.zeros(1)
        axes.scatter(x + aside, values, s=14, color=COLORS[method], alpha=0.8)
        axes.hlines(values.mean(), x - 0.3, x + 0.3, color=COLORS[method], linewidth=2)
    short = {"integrated_gradients": "IG", "mi": "MI"}
    axes.set_xticks(range(len(METHODS)), [short.get(m, NAMES[m]) for m in METHODS], fontsize=7)
    axes.tick_params(axis="y", labelsize=7)
