"""What became of a model that was pruned: sizes, agreement and speed side by side, and each neuron's fate."""

from collections.abc import Mapping
from typing import Any

from service.report.studies.section import Section, TableBlock
from service.report.text import count, number, percent, shown

NEURONS = 30
Json = Mapping[str, Any]


def section(document: Json) -> Section:
    """document: of `estimator.pruning.Pruned.document`."""
    return Section("Pruned", sentences(document), tuple(_tables(document)))


def sentences(document: Json) -> tuple[str, ...]:
    """The result in words."""
    fates = [n["fate"] for n in document["neurons"]]
    if not fates:
        return ("No neuron was chosen: the model is given as it was, without what it does not use.",)
    removed, held, kept = (fates.count(fate) for fate in ("removed", "held at 0", "kept"))
    said = [f"{count(removed, 'neuron')} of {len(fates):,} chosen removed from the graph."]
    if held:
        said.append(f"{count(held, 'neuron')} held at 0: the graph needs the place (reasons below).")
    if kept:
        said.append(f"{count(kept, 'constant neuron')} kept as they are (reasons below).")
    same, fixed = document["to_original"], document["to_fixed"]
    only_constant = all(n["silent"] == "constant" for n in document["neurons"])
    rows = count(document["rows"], "row")
    if only_constant:
        said.append(
            f"Only constant neurons were cut: on all {rows}, the outputs are those of the original; the "
            f"largest difference is {number(same['largest'])}."
        )
    else:
        said.append(
            f"On all {rows}, the outputs are those of the original with these neurons at 0 (constant ones at "
            f"their constant); the largest difference is {number(fixed['largest'])}. From the original's "
            f"outputs they differ by up to {number(same['largest'])}."
        )
    if not document["checked"]:
        said.append("ONNX's checker refuses the original model, and therefore this one, too.")
    if document["metric"] is None:
        said.append(f"No metric was measured: {shown(document['not_measured'], 400)}.")
    else:
        said.append(_metric(document["metric"]))
    return tuple(said)


def _metric(found: Json) -> str:
    difference = found["difference"]
    return (
        f"{found['metric']} of {shown(found['target'])}: {number(found['before']['value'])} before, "
        f"{number(found['after']['value'])} after; difference {number(difference['value'])} (95 % interval "
        f"{number(difference['low'])} to {number(difference['high'])})."
    )


def _tables(document: Json) -> list[TableBlock]:
    latency = document["latency"]
    seconds = [latency["seconds_before"], latency["seconds_after"]]
    rows = [_sizes(name, document[name]) for name in ("bytes", "parameters", "nodes")]
    what = f"milliseconds for {count(latency['rows'], 'row')}"
    rows.append((what, number(1000 * seconds[0]), number(1000 * seconds[1]), percent(latency["ratio"])))
    found = [TableBlock("Side by side", ("", "before", "after", "after / before"), tuple(rows))]
    layers = tuple(
        (shown(layer["name"], 30), f"{layer['before']:,}", f"{layer['after']:,}")
        for layer in document["layers"]
    )
    found.append(TableBlock("Layers", ("layer", "neurons before", "after"), layers))
    if document["neurons"]:
        found.append(_neurons(document["neurons"]))
    return found


def _sizes(name: str, sides: Json) -> tuple[str, str, str, str]:
    share = percent(sides["after"] / sides["before"]) if sides["before"] else "-"
    return name, f"{sides['before']:,}", f"{sides['after']:,}", share


def _neurons(neurons: list[Json]) -> TableBlock:
    order = {"held at 0": 0, "kept": 1, "removed": 2}
    listed = sorted(neurons, key=lambda n: order[n["fate"]])[:NEURONS]
    rows = tuple(
        (
            n["id"],
            shown(n["name"], 40),
            n["silent"] or "no",
            n["fate"],
            n["reason"] or _taken_at(n),
        )
        for n in listed
    )
    more = len(neurons) - len(listed)
    caption = f"The neurons{f', {more:,} more' if more else ''}"
    return TableBlock(caption, ("id", "neuron", "silent", "fate", "why"), rows)


def _taken_at(neuron: Json) -> str:
    held = "its constant, " if neuron["silent"] == "constant" else ""
    return f"taken at {held}{number(neuron['value'])}"
