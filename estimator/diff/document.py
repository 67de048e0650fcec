"""A diff as plain JSON values: counts of all changes, and the largest ones listed."""

from typing import Any

import numpy as np

from estimator.diff.alignment import AlignedLayer
from estimator.diff.listed import attribution_changes, edge_changes, neuron_of, plain, probe_changes
from estimator.diff.result import NetworkDiff
from estimator.diff.said import differences, record, sentences
from estimator.diff.silence import silent_changes
from estimator.network import neuron_id

Json = dict[str, Any]


def document_of(diff: NetworkDiff) -> Json:
    """See docs/diff.md for its members."""
    differs = differences(diff.base, diff.head, diff.head_beta, diff.head_alpha)
    return {
        "kind": "diff",
        "empty": diff.empty,
        "said": sentences(diff, differs),
        "options": diff.options.as_dict(),
        "beta": diff.base.beta,
        "alpha": diff.base.alpha,
        "base": dict(record(diff.base)),
        "head": dict(record(diff.head)),
        "differs": differs,
        "alignment": _alignment(diff),
        "edges": edge_changes(diff),
        "probes": [probe_changes(diff, n) for n in range(len(diff.probes))],
        "attributions": attribution_changes(diff),
        "silent": [
            {"base": neuron_of(diff, *change.base), "head": neuron_id(*change.head), "was": change.was,
             "now": change.now}
            for change in silent_changes(diff.base, diff.head, diff.alignment)
        ],
    }  # fmt: skip


def _alignment(diff: NetworkDiff) -> Json:
    return {
        "by": diff.alignment.by,
        "rows": diff.alignment.rows,
        "layers": [_aligned(diff, layer) for layer in diff.alignment.layers],
    }


def _aligned(diff: NetworkDiff, layer: AlignedLayer) -> Json:
    base, head, matched = diff.base.layers[layer.base], diff.head.layers[layer.head], layer.matched
    said: Json = {"base": base.name, "head": head.name, "kind": base.kind, "size": base.size, "by": layer.by}
    said |= {"moved": layer.moved, "similarity": None, "confidence": None, "strangers": layer.strangers}
    rows: list[Json] = [
        {"base": neuron_id(layer.base, i), "head": neuron_id(layer.head, k), "name": base.neurons[i]}
        for i, k in enumerate(layer.partner.tolist())
    ]
    if matched is not None:
        known = np.isfinite(matched.similarity)
        if known.any():
            said["similarity"] = float(matched.similarity[known].mean())
            said["confidence"] = float(matched.confidence[known].min())
        for i, row in enumerate(rows):
            for name in ("similarity", "runner_up", "confidence"):
                row[name] = plain(getattr(matched, name)[i])
    return said | {"neurons": rows}
