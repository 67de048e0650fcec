"""What a model loses without chosen neurons: the result in words, the measurements, and the curve over k."""

from collections.abc import Mapping
from typing import Any

from service.report.studies.ablation_figure import curve
from service.report.studies.section import FigureBlock, Section, TableBlock
from service.report.text import count, number, shown

NEURONS = 30
WORDS = {"accuracy": "accuracy", "auc": "AUC", "rmse": "RMSE"}
CHOSEN_BY = {
    "silent": "silent",
    "constant": "constant",
    "list": "listed",
    "least-outgoing-flow": "by outgoing flow",
    "least-betweenness": "by betweenness",
    "least-attribution": "by attribution",
}
Json = Mapping[str, Any]


def section(document: Json) -> Section:
    """document: of `estimator.ablation.Ablation.document`."""
    tables = []
    for series in document["series"]:
        if series["points"]:
            tables.append(_points(document, series))
            tables.append(_neurons(document, series))
    figures: list[FigureBlock] = []
    if any(len(series["points"]) > 1 for series in document["series"]):
        figures.append(curve(document, WORDS[document["metric"]]))
    return Section("What the model loses without them", sentences(document), tuple(tables), tuple(figures))


def sentences(document: Json) -> tuple[str, ...]:
    """The result in words."""
    metric, rows = WORDS[document["metric"]], count(document["rows"], "row")
    before = document["before"]
    said = [
        f"The model as it is: {metric} {_interval(before)} on {rows}, target {shown(document['target'])}."
    ]
    for series in document["series"]:
        if not series["points"]:
            kind = CHOSEN_BY[document["options"]["choose"]]
            said.append(f"No hidden neuron is {kind}: there is nothing to cut.")
            continue
        said.append(_result(document, series, series["points"][-1]))
        free = [p["k"] for p in series["points"] if _loses_nothing(document, p)]
        if len(series["points"]) > 1:
            said.append(_how_far(document, series, free))
        said.append(_beside_chance(document, series, series["points"][-1]))
        if series["kept"]:
            said.append(
                f"{count(len(series['kept']), 'neuron')} passed over as the last of a layer, which may not "
                f"be cut to nothing: {', '.join(series['kept'][:8])}."
            )
    return tuple(said)


def _result(document: Json, series: Json, point: Json) -> str:
    metric = WORDS[document["metric"]]
    whom = f"Without {_whom(document, series, point['k'])}"
    if point["largest_change"] == 0:
        return f"{whom}: no output changes in any row; the {metric} stays {number(point['after']['value'])}."
    verdict = (
        "the interval of the difference holds 0"
        if _within(point)
        else "a gain"
        if _gains(document, point)
        else "a loss"
    )
    rows = ""
    if point["lost"] is not None:
        rows = f"; {point['lost']:,} rows turn wrong, {point['gained']:,} right"
    return (
        f"{whom}: {metric} {_interval(point['after'])}, difference {_interval(point['difference'])}: "
        f"{verdict}{rows}."
    )


def _how_far(document: Json, series: Json, free: list[int]) -> str:
    metric = WORDS[document["metric"]]
    if not free or series["points"][0]["k"] != free[0]:
        first = series["points"][0]
        return f"Already at k = {first['k']} the {metric} is lost beyond its interval."
    last = free[0]
    for point in series["points"]:
        if point["k"] not in free:
            break
        last = point["k"]
    return f"Up to k = {last} of {series['points'][-1]['k']}, the {metric} is not lost beyond its interval."


def _beside_chance(document: Json, series: Json, point: Json) -> str:
    control, metric = point["control"], WORDS[document["metric"]]
    sets = f"all {control['sets']:,}" if control["exhaustive"] else f"{control['sets']:,} random"
    how = "badly" if series["order"] == "most" else "well"
    return (
        f"Beside chance, {sets} sets of as many neurons of the same layers: {metric} "
        f"{number(control['mean'])} on average, {number(control['low'])} to {number(control['high'])}; "
        f"p = {number(control['p_value'])} is the share that does at least as {how}."
    )


def _points(document: Json, series: Json) -> TableBlock:
    metric = WORDS[document["metric"]]
    rows = tuple(
        (
            f"{p['k']:,}",
            number(p["after"]["value"]),
            _range(p["after"]),
            number(p["difference"]["value"]),
            _range(p["difference"]),
            number(p["largest_change"]),
            number(p["control"]["mean"]),
            f"{number(p['control']['low'])} to {number(p['control']['high'])}",
            f"{p['control']['sets']:,}" + (" (all)" if p["control"]["exhaustive"] else ""),
            number(p["control"]["p_value"]),
        )
        for p in series["points"]
    )
    header = (
        "cut", metric, "95 % interval", "difference", "95 % interval", "largest output change",
        "random: mean", "least to most", "sets", "p",
    )  # fmt: skip
    return TableBlock(f"Without {_whom(document, series, None)}", header, rows)


def _neurons(document: Json, series: Json) -> TableBlock:
    listed = series["neurons"][:NEURONS]
    ranked = document["options"]["choose"] if series["order"] != "chosen" else None
    rows = tuple(
        (f"{place:,}", n["id"], shown(n["name"], 40), shown(n["layer"], 30), n["silent"] or "no")
        + ((number(n["score"]),) if ranked else ())
        for place, n in enumerate(listed, 1)
    )
    more = len(series["neurons"]) - len(listed)
    caption = f"The neurons in the order in which they are cut{f', {more:,} more' if more else ''}"
    header = ("", "id", "neuron", "layer", "silent")
    return TableBlock(caption, header + ((ranked.removeprefix("least-"),) if ranked else ()), rows)


def _whom(document: Json, series: Json, k: int | None) -> str:
    by = CHOSEN_BY[document["options"]["choose"]]
    if series["order"] == "chosen":
        kinds = {"silent": "silent", "constant": "constant", "list": "listed"}
        number_of = len(series["neurons"]) if k is None else k
        which = kinds[document["options"]["choose"]]
        return f"the {count(number_of, f'{which} neuron')}"
    neurons = "the neurons" if k is None else f"the {count(k, 'neuron')}"
    return f"{neurons} {series['order']} {by}"


def _within(point: Json) -> bool:
    return bool(point["difference"]["low"] <= 0 <= point["difference"]["high"])


def _gains(document: Json, point: Json) -> bool:
    return bool((point["difference"]["value"] > 0) == document["higher_is_better"])


def _loses_nothing(document: Json, point: Json) -> bool:
    return _within(point) or _gains(document, point)


def _interval(value: Json) -> str:
    return f"{number(value['value'])} (95 % interval {_range(value)})"


def _range(value: Json) -> str:
    return f"{number(value['low'])} to {number(value['high'])}"
