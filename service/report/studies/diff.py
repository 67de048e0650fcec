"""What changed between two analyses: sentences, the changed edges drawn and listed, probes, attributions."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.report.studies.diff_figures import changed_edges, probe_by_layer
from service.report.studies.section import FigureBlock, Section, TableBlock
from service.report.text import count, number, percent, shown

ROWS = 30
KINDS = ("appeared", "vanished", "grew", "shrank")
Json = Mapping[str, Any]


def section(document: Json) -> Section:
    """document: of `estimator.diff.NetworkDiff.document`."""
    attributions = document["attributions"]
    tables = [_edges(document), *(_probe(probe) for probe in document["probes"] if probe["changes"])]
    if attributions is not None and attributions["changes"]:
        tables.append(_attributions(attributions))
    if document["silent"]:
        tables.append(_silent(document["silent"]))
    tables.append(_alignment(document["alignment"]["layers"]))
    if document["differs"]:
        tables.append(_differs(document["differs"]))
    figures: list[FigureBlock] = [changed_edges(document)] if document["edges"]["changes"] else []
    figures += [probe_by_layer(probe) for probe in document["probes"][:6]]
    return Section("What changed", sentences(document), tuple(tables), tuple(figures))


def sentences(document: Json) -> tuple[str, ...]:
    """The result in words."""
    edges, alpha = document["edges"], document["options"]["alpha"]
    if document["empty"]:
        first = f"No change: none of {count(edges['tested'], 'edge')} differs by more than its error."
    else:
        kinds = ", ".join(f"{edges[kind]:,} {kind}" for kind in KINDS)
        first = f"{count(edges['changed'], 'edge')} of {edges['tested']:,} changed: {kinds} (q ≤ {alpha:g})."
    said = [first]
    if edges["switched_within_error"]:
        said.append(
            f"{count(edges['switched_within_error'], 'further edge')} passed the threshold of a flow edge, "
            "one way or the other, by less than the errors of both: no change can be concluded from that."
        )
    for probe in document["probes"]:
        said.append(_probe_sentence(probe))
    return (*said, *document["said"])


def _probe_sentence(probe: Json) -> str:
    name = shown(probe["name"])
    last = probe["layers"][-1] if probe["layers"] else None
    if last is None:
        return f"{name}: no layer was measured."
    at = shown(last["layer"], 30)
    now = f"at {at} at most {number(last['base'])} nats before, {number(last['head'])} now"
    changed = f"{probe['changed']:,} of {count(probe['tested'], 'neuron')} changed"
    return f"Information about {name}: {changed}; {now}."


def _edges(document: Json) -> TableBlock:
    edges = document["edges"]
    rows = tuple(
        (
            row["kind"], _name(row["source"]), _name(row["target"]), _amount(row["base"]),
            _amount(row["head"]), number(row["base"]["nif"]), number(row["head"]["nif"]), *_change(row),
        )
        for row in edges["changes"][:ROWS]
    )  # fmt: skip
    header = ("change", "from", "to", "mi in base", "mi in head", "nif in base", "nif in head")
    return TableBlock(_caption("Changed edges", rows, edges["changed"]), (*header, *_CHANGE), rows)


_CHANGE = ("difference", "95 % interval", "q")


def _change(row: Json) -> tuple[str, str, str]:
    return (
        number(row["change"]),
        f"{number(row['ci_low'])} to {number(row['ci_high'])}",
        number(row["q_value"]),
    )


def _probe(probe: Json) -> TableBlock:
    rows = tuple(
        (row["kind"], _name(row["neuron"]), _amount(row["base"]), _amount(row["head"]), *_change(row))
        for row in probe["changes"][:ROWS]
    )
    caption = f"Changed information about {shown(probe['name'])}"
    header = ("change", "neuron", "mi in base", "mi in head", *_CHANGE)
    return TableBlock(_caption(caption, rows, probe["changed"]), header, rows)


def _attributions(attributions: Json) -> TableBlock:
    rows = tuple(
        (
            row["kind"], _name(row["input"]), _name(row["output"]), number(row["base"]["value"]),
            number(row["head"]["value"]), *_change(row),
        )
        for row in attributions["changes"][:ROWS]
    )  # fmt: skip
    header = ("change", "input", "output", "in base", "in head", *_CHANGE)
    return TableBlock(_caption("Changed attributions", rows, attributions["changed"]), header, rows)


def _silent(silent: Sequence[Json]) -> TableBlock:
    rows = tuple((_name(s["base"]), s["was"] or "no", s["now"] or "no") for s in silent[:ROWS])
    return TableBlock(
        _caption("Neurons that fell silent or woke up", rows, len(silent)),
        ("neuron", "silent in base", "silent in head"),
        rows,
    )


def _alignment(layers: Sequence[Json]) -> TableBlock:
    rows = tuple(
        (
            shown(layer["base"], 30), shown(layer["head"], 30), f"{layer['size']:,}", layer["by"],
            f"{layer['moved']:,}",
            "-" if layer["similarity"] is None else number(layer["similarity"]),
            "-" if layer["confidence"] is None else percent(layer["confidence"]),
            f"{layer['strangers']:,}",
        )
        for layer in layers
    )  # fmt: skip
    header = (
        "layer in base", "in head", "neurons", "aligned by", "at another position", "mean similarity",
        "least confidence", "without counterpart",
    )  # fmt: skip
    return TableBlock("How the neurons were aligned", header, rows)


def _differs(differs: Sequence[Json]) -> TableBlock:
    rows = tuple((d["words"], _value(d["base"]), _value(d["head"])) for d in differs)
    return TableBlock("What else differs", ("", "base", "head"), rows)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return shown(", ".join(f"{key} {entry}" for key, entry in value.items()) or "none", 200)
    return "not recorded" if value is None else shown(str(value), 80)


def _caption(words: str, rows: Sequence[object], total: int) -> str:
    return f"{words}: the {len(rows)} largest of {total:,}" if len(rows) < total else words


def _name(neuron: Json) -> str:
    name = shown(neuron["name"], 40)
    return f"{name} ({neuron['id']})" if name.strip() else neuron["id"]


def _amount(estimate: Json) -> str:
    return ("at least " if estimate["at_least"] else "") + number(estimate["mi"])
