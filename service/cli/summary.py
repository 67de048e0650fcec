"""What `nif analyze` says at its end."""

from pathlib import Path
from typing import Any

from estimator.graph.paths import strongest_overall
from estimator.network import FlowNetwork, neuron_id
from service.cli.labels import Labels
from service.report.text import number, shown

PATHS_SHOWN = 5
SILENT_SHOWN = 12


def facts_of(network: FlowNetwork) -> dict[str, Any]:
    """The summary as plain JSON values."""
    labels = Labels(network)
    silent = [
        {"id": neuron_id(layer.index, i), "name": layer.neurons[i], "layer": layer.name, "silent": how}
        for layer, hows in zip(network.layers, network.silent, strict=True)
        for i, how in enumerate(hows)
        if how is not None
    ]
    return {
        "layers": [
            {"index": x.index, "name": x.name, "kind": x.kind, "size": x.size} for x in network.layers
        ],
        "edges_measured": network.edges_measured,
        "edges_kept": network.edges_kept,
        "beta": network.beta,
        "alpha": network.alpha,
        "silent": silent,
        "strongest_paths": [
            {
                "neurons": list(path.neurons),
                "names": [labels[neuron] for neuron in path.neurons],
                "nif": list(path.nif),
                "product": path.product,
            }
            for path in strongest_overall(network, PATHS_SHOWN)
        ],
        "warnings": list(network.provenance.get("warnings", ())),
    }


def summary_lines(
    facts: dict[str, Any], report: Path, seconds: dict[str, float], stored: str | None
) -> list[str]:
    """The summary for people. Names are shown with their control characters escaped."""
    layers = " -> ".join(f"{shown(layer['name'], 20)} ({layer['size']})" for layer in facts["layers"])
    lines = [
        f"layers    {layers}",
        f"edges     {facts['edges_kept']} kept of {facts['edges_measured']} measured "
        f"(beta {facts['beta']:g}, q <= {facts['alpha']:g})",
        f"silent    {_silent(facts['silent'])}",
    ]
    if facts["strongest_paths"]:
        lines.append("strongest paths (product of nif)")
        lines += [
            f"  {number(p['product'], 4):>9}  {' -> '.join(p['names'])}" for p in facts["strongest_paths"]
        ]
    else:
        lines.append("no path leads from an input to an output")
    lines += [f"warning   {shown(text, 300)}" for text in facts["warnings"]]
    lines.append(f"report    {shown(str(report), 300)}")
    if stored is not None:
        lines.append(f"analysis  {stored}")
    total, estimation, rest = (seconds[name] for name in ("total", "estimation", "rest"))
    lines.append(f"time      {total:.1f} s: estimation {estimation:.1f} s, rest {rest:.1f} s")
    return lines


def _silent(silent: list[dict[str, Any]]) -> str:
    if not silent:
        return "no neuron"
    named = [f"{shown(s['layer'], 20)}[{shown(s['name'], 30)}] {s['silent']}" for s in silent[:SILENT_SHOWN]]
    more = f", and {len(silent) - SILENT_SHOWN} more" if len(silent) > SILENT_SHOWN else ""
    return f"{len(silent)} neuron{'s' if len(silent) != 1 else ''}: {', '.join(named)}{more}"
