"""The changes of a diff as plain JSON values: of each kind how many, and the largest ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.diff.attributions import ends_of
from estimator.diff.changes import Tested
from estimator.diff.edges import KINDS
from estimator.diff.result import NetworkDiff
from estimator.mutual_information.intervals import Z_95
from estimator.network import neuron_id

Json = dict[str, Any]


def neuron_of(diff: NetworkDiff, layer: int, index: int) -> Json:
    """A neuron of the base."""
    of = diff.base.layers[layer]
    return {"id": neuron_id(layer, index), "layer": of.name, "name": of.neurons[index]}


def _in_head(diff: NetworkDiff, layer: int, index: int) -> str:
    aligned = diff.alignment.layers[layer]
    return neuron_id(aligned.head, int(aligned.partner[index]))


def edge_changes(diff: NetworkDiff) -> Json:
    """Of all edges."""
    counts: dict[str, int] = dict.fromkeys(KINDS, 0)
    rows: list[tuple[float, Json]] = []
    switched = 0
    for pair, tested in zip(diff.edges, diff.edge_tests, strict=True):
        found, kinds = diff.found(tested), pair.kinds(tested)
        for at, name in enumerate(KINDS):
            counts[name] += int(np.count_nonzero(found & (kinds == at)))
        switched += int(np.count_nonzero(~found & (kinds < 2)))
        for i, k in _largest(tested, found, diff.options.listed):
            ends: Json = {
                "source": neuron_of(diff, pair.base.source, i),
                "target": neuron_of(diff, pair.base.consumer, k),
            }
            ends |= {
                "source_in_head": _in_head(diff, pair.base.source, i),
                "target_in_head": _in_head(diff, pair.base.consumer, k),
            }
            sides = {
                name: _estimate(edges, (i, k)) | {"nif": plain(nif[i, k])}
                for name, edges, nif in (
                    ("base", pair.base, pair.base_nif),
                    ("head", pair.head, pair.head_nif),
                )
            }
            row = {"kind": KINDS[kinds[i, k]], **ends, **sides, **_change(tested, (i, k))}
            rows.append((abs(float(tested.change[i, k])), row))
    rows.sort(key=lambda row: -row[0])
    return {
        "tested": int(sum(np.count_nonzero(t.tested) for t in diff.edge_tests)),
        "changed": sum(counts.values()),
        **counts,
        "switched_within_error": switched,
        "changes": [row for _, row in rows[: diff.options.listed]],
    }


def probe_changes(diff: NetworkDiff, n: int) -> Json:
    """Of the n-th probe that both networks have, with the largest of each layer."""
    pair, tests = diff.probes[n], diff.probe_tests[n]
    rows: list[tuple[float, Json]] = []
    layers, changed = [], 0
    for (base, head), tested in zip(pair.layers, tests, strict=True):
        found = diff.found(tested)
        changed += int(np.count_nonzero(found))
        layers.append(
            {
                "layer": diff.base.layers[base.layer].name,
                "base": plain(base.mi.max(initial=0.0)),
                "head": plain(head.mi.max(initial=0.0)),
                "grew": int(np.count_nonzero(found & (tested.change > 0))),
                "shrank": int(np.count_nonzero(found & (tested.change < 0))),
            }
        )
        for (i,) in _largest(tested, found, diff.options.listed):
            row = {
                "kind": "grew" if tested.change[i] > 0 else "shrank",
                "neuron": neuron_of(diff, base.layer, i),
                "neuron_in_head": _in_head(diff, base.layer, i),
                "base": _estimate(base, (i,)),
                "head": _estimate(head, (i,)),
                **_change(tested, (i,)),
            }
            rows.append((abs(float(tested.change[i])), row))
    rows.sort(key=lambda row: -row[0])
    tested_in_all = int(sum(np.count_nonzero(t.tested) for t in tests))
    listed = [row for _, row in rows[: diff.options.listed]]
    return {
        "name": pair.probe.name,
        "tested": tested_in_all,
        "changed": changed,
        "layers": layers,
        "changes": listed,
    }


def attribution_changes(diff: NetworkDiff) -> Json | None:
    """Of all inputs x outputs; None where they are too large for a number."""
    if diff.attributions is None or diff.attribution_tests is None:
        return None
    tested, (base, head) = diff.attribution_tests, diff.attributions
    found = diff.found(tested)
    starts, ends = (
        [(i, k) for i in layers for k in range(diff.base.layers[i].size)] for layers in ends_of(diff.base)
    )
    rows = [
        {
            "kind": "grew" if tested.change[i, j] > 0 else "shrank",
            "input": neuron_of(diff, *starts[i]),
            "output": neuron_of(diff, *ends[j]),
            "base": {"value": plain(base.values[i, j]), "se": plain(base.se[i, j])},
            "head": {"value": plain(head.values[i, j]), "se": plain(head.se[i, j])},
            **_change(tested, (i, j)),
        }
        for i, j in _largest(tested, found, diff.options.listed)
    ]
    tested_in_all = int(np.count_nonzero(tested.tested))
    return {"tested": tested_in_all, "changed": int(np.count_nonzero(found)), "changes": rows}


def _largest(tested: Tested, found: NDArray[np.bool_], most: int) -> list[tuple[int, ...]]:
    """Places of the reported changes, the largest first, ties in the arrays' order."""
    places = np.argwhere(found)
    order = np.argsort(-np.abs(tested.change[found]), kind="stable")[:most]
    return [tuple(int(i) for i in place) for place in places[order]]


def _estimate(of: Any, at: tuple[int, ...]) -> Json:
    said = {name: plain(getattr(of, name)[at]) for name in ("mi", "se", "ci_low", "ci_high", "q_value")}
    return said | {"at_least": bool(of.saturated[at] or of.lower_bound[at])}


def _change(tested: Tested, at: tuple[int, ...]) -> Json:
    """A difference with its error, in nats."""
    change, se = float(tested.change[at]), float(tested.se[at])
    return {
        "change": plain(change),
        "se": plain(se),
        "ci_low": plain(change - Z_95 * se),
        "ci_high": plain(change + Z_95 * se),
        "p_value": plain(tested.p_value[at]),
        "q_value": plain(tested.q_value[at]),
    }


def plain(value: Any) -> float | None:
    """A Python float, None for what is not finite."""
    number = float(value)
    return number if np.isfinite(number) else None
