"""NIF beside SHAP, Integrated Gradients and plain MI: in words, the shares, and how alike they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.report.studies.comparison_figures import deletion_curves, importances
from service.report.studies.comparison_words import METHODS, METRICS, REFERENCES, listed, named
from service.report.studies.section import Section, TableBlock
from service.report.text import count, number, percent, shown

FEATURES = 30
Json = Mapping[str, Any]


def section(document: Json) -> Section:
    """document: of `estimator.comparison.Comparison.document`."""
    tables = [_shares(document)]
    if document["correlations"]:
        tables.append(_correlations(document))
    tables.append(_references(document))
    figures = [importances(document)]
    if document["deletion"] is not None:
        tables.append(_deletion(document))
        figures.append(deletion_curves(document))
    tables.append(_computed(document))
    title = "NIF beside other attributions"
    return Section(title, sentences(document), tuple(tables), tuple(figures))


def sentences(document: Json) -> tuple[str, ...]:
    """The result in words."""
    features, outputs = len(document["features"]), len(document["outputs"])
    said = [
        f"{count(features, 'feature')} and {count(outputs, 'output')} on {count(document['rows'], 'row')}. "
        + _first(document)
    ]
    correlations = [one for one in document["correlations"] if one["spearman"] is not None]
    if correlations:
        least = min(correlations, key=lambda one: one["spearman"])
        said.append(
            f"Least alike are {METHODS[least['a']]} and {METHODS[least['b']]}: Spearman's correlation of "
            f"their shares is {number(least['spearman'])} (p = {number(least['p_value'])})."
        )
    said.extend(_nearest(document))
    if document["deletion"] is not None:
        said.extend(_deleted(document))
    return (*said, *document["warnings"])


def _first(document: Json) -> str:
    """Which feature each method puts first."""
    first: dict[str, list[str]] = {}
    for method in document["methods"]:
        best = max(range(len(method["importance"])), key=lambda i: method["importance"][i])
        first.setdefault(shown(document["features"][best], 40), []).append(METHODS[method["method"]])
    if len(first) == 1:
        [feature] = first
        how = "All methods put" if len(document["methods"]) > 1 else f"{first[feature][0]} puts"
        return f"{how} {feature} first."
    return "First is " + "; ".join(f"{feature} by {listed(by)}" for feature, by in first.items()) + "."


def _nearest(document: Json) -> list[str]:
    said = []
    for reference in dict.fromkeys(row["reference"] for row in document["ks"]):
        rows = [row for row in document["ks"] if row["reference"] == reference and row["method"] != "mi"]
        if len(rows) < 2:
            continue
        least = min(row["statistic"] for row in rows)
        by_ks = [row for row in rows if row["statistic"] == least]
        nearest = min(rows, key=lambda row: row["distance"])
        said.append(
            f"Nearest to the {REFERENCES[reference]} by Kolmogorov-Smirnov: "
            f"{listed([METHODS[row['method']] for row in by_ks])} ({number(least)}, p = "
            f"{number(by_ks[0]['p_value'])}); feature by feature: {METHODS[nearest['method']]} (distance "
            f"{number(nearest['distance'])} of at most 1)."
        )
    return said


def _deleted(document: Json) -> list[str]:
    removal = document["deletion"]
    metric = METRICS[removal["metric"]]
    areas = "; ".join(f"{number(curve['area'])} by {METHODS[curve['method']]}" for curve in removal["curves"])
    said = [
        f"Features taken away, the most important first: the {metric} starts at "
        f"{number(removal['curves'][0]['values'][0])}, and its mean over the curve is {areas}. "
        f"{removal['better'].capitalize()} is a better order."
    ]
    if removal["random"] is not None:
        orders, area = count(removal["random"]["orders"], "random order"), removal["random"]["area"]
        said.append(f"Over {orders} the mean is {number(area)}.")
    return said


def _shares(document: Json) -> TableBlock:
    methods = [*document["methods"], *(r for r in document["references"] if r["method"] == "classes")]
    mean = [sum(m["importance"][i] for m in methods) for i in range(len(document["features"]))]
    order = sorted(range(len(mean)), key=lambda i: -mean[i])[:FEATURES]
    header = ["feature"]
    for method in methods:
        header += [named(method["method"]), "rank"]
    rows = []
    for i in order:
        row = [shown(document["features"][i], 40)]
        for method in methods:
            row += [percent(method["importance"][i]), f"{method['ranks'][i]:g}"]
        rows.append(tuple(row))
    more = len(mean) - len(order)
    caption = "Share of each feature in what is due to all, the mean over the outputs"
    return TableBlock(caption + (f", {more:,} more" if more else ""), tuple(header), tuple(rows))


def _correlations(document: Json) -> TableBlock:
    rows = tuple(
        (
            f"{METHODS[one['a']]}, {METHODS[one['b']]}",
            "not defined" if one["spearman"] is None else number(one["spearman"]),
            "-" if one["p_value"] is None else number(one["p_value"]),
            f"{one['n']:,}",
        )
        for one in document["correlations"]
    )
    return TableBlock("How alike: Spearman's correlation of the shares", ("methods", "rho", "p", "n"), rows)


def _references(document: Json) -> TableBlock:
    rows = tuple(
        (
            METHODS[row["method"]],
            REFERENCES[row["reference"]],
            number(row["statistic"]),
            number(row["p_value"]),
            number(row["distance"]),
        )
        for row in document["ks"]
    )
    header = ("method", "against", "KS", "p", "distance")
    return TableBlock("Beside mutual information: two-sample Kolmogorov-Smirnov", header, rows)


def _deletion(document: Json) -> TableBlock:
    removal = document["deletion"]
    metric = METRICS[removal["metric"]]
    points = _spread(removal["removed"][1:], 5)
    places = [removal["removed"].index(point) for point in points]
    rows = [
        (
            METHODS[curve["method"]],
            number(curve["area"]),
            *(number(curve["values"][place]) for place in places),
            ", ".join(shown(name, 24) for name in curve["order"][:5])
            + (" ..." if len(curve["order"]) > 5 else ""),
        )
        for curve in removal["curves"]
    ]
    if removal["random"] is not None:
        drawn = removal["random"]
        rows.append(
            ("random, mean", number(drawn["area"]), *(number(drawn["mean"][place]) for place in places), "-")
        )
    header = ("order by", "mean", *(f"without {point}" for point in points), "order")
    how = {"mean": "at their mean", "permute": "in another order"}[removal["replace"]]
    return TableBlock(f"The {metric} with the first features {how}", header, tuple(rows))


def _spread(points: Sequence[int], most: int) -> list[int]:
    """At most that many of the points, first and last among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def _computed(document: Json) -> TableBlock:
    rows = tuple(
        (named(one["method"]), one["unit"], "; ".join(_fact(name, value) for name, value in _told(one)))
        for one in (*document["methods"], *document["references"])
    )
    return TableBlock("How the values were computed", ("values", "unit", "how"), rows)


def _told(one: Json) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in one["facts"].items() if name not in ("complete", "tolerance")]


def _fact(name: str, value: Any) -> str:
    if name in ("library", "explainer"):
        return str(value)
    text = shown(value, 40) if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else ""
    return f"{name.replace('_', ' ')} {text or number(value)}"
