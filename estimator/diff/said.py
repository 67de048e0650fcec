"""What a reader of a diff must know besides the changes, in sentences."""

from collections.abc import Mapping
from typing import Any

from estimator.diff.result import NetworkDiff
from estimator.network import FlowNetwork

_RECORDED = (
    ("model_sha256", "the model"),
    ("data_sha256", "the data"),
    ("rows", "the number of rows"),
    ("estimator", "the estimator"),
    ("parameters", "the estimator's parameters"),
    ("redundancy", "the kind of redundancy"),
    ("seed", "the seed"),
    ("permutations", "the number of permutations"),
    ("device", "the device"),
    ("versions", "the versions of the programs"),
)


def differences(base: FlowNetwork, head: FlowNetwork, beta: float, alpha: float) -> list[dict[str, Any]]:
    """What of the records of both analyses is not the same. beta, alpha: as the head was made with."""
    found = [
        {"what": key, "words": words, "base": base.provenance.get(key), "head": head.provenance.get(key)}
        for key, words in _RECORDED
        if base.provenance.get(key) != head.provenance.get(key)
    ]
    for key, mine, other in (("beta", base.beta, beta), ("alpha", base.alpha, alpha)):
        if mine != other:
            found.append({"what": key, "words": key, "base": mine, "head": other})
    return found


def sentences(diff: NetworkDiff, differs: list[dict[str, Any]]) -> list[str]:
    """The most important first."""
    keys = {difference["what"] for difference in differs}
    said = [*_of_what_is_compared(diff, keys), *_of_the_alignment(diff)]
    if "estimator" in keys or "parameters" in keys or "permutations" in keys:
        said.append(
            "The estimates were made in different ways: a change may be the estimator's and not the model's."
        )
    if "data_sha256" in keys:
        said.append("The data differ: a change may be the data's and not the model's.")
    for key in ("beta", "alpha"):
        for difference in differs:
            if difference["what"] == key:
                said.append(
                    f"head was analysed with {key} {difference['head']:g}; it is read here with base's, "
                    f"{difference['base']:g}."
                )
    for probes, name in zip(_only(diff), ("base", "head"), strict=True):
        if probes:
            listed = ", ".join(repr(probe[:60]) for probe in probes[:10])
            said.append(f"Only {name} has the probes {listed}: they are not compared.")
    if diff.attributions is None:
        said.append("Attributions are larger than the largest double: they are not compared.")
    return said


def _of_what_is_compared(diff: NetworkDiff, keys: set[str]) -> list[str]:
    if not keys and diff.empty:
        return ["Both are the same analysis: nothing differs."]
    if "model_sha256" not in keys:
        return ["The model is the same file on both sides."]
    return []


def _of_the_alignment(diff: NetworkDiff) -> list[str]:
    said = []
    alignment = diff.alignment
    if alignment.by == "names":
        said.append(
            "Neurons were aligned by name. After a training from another start a neuron of the same name "
            "need not do the same: give both models and a table to match them by their activations."
        )
    for layer in alignment.layers:
        size, name = len(layer.partner), diff.base.layers[layer.base].name
        if layer.by == "position":
            said.append(
                f"The outputs of layer {name!r} have other names in head: they were taken by position."
            )
        if layer.strangers:
            have = "has" if layer.strangers == 1 else "have"
            said.append(
                f"Layer {name!r}: {layer.strangers} of {size} neurons {have} no counterpart that does alike "
                "(rank correlation below 0.5): the two models solved this differently, and changes of single "
                "edges there say little."
            )
    return said


def _only(diff: NetworkDiff) -> tuple[list[str], list[str]]:
    names = [[probe.name for probe in network.probes] for network in (diff.base, diff.head)]
    return [n for n in names[0] if n not in names[1]], [n for n in names[1] if n not in names[0]]


def record(network: FlowNetwork) -> Mapping[str, Any]:
    """How one side was made, as far as a diff shows it."""
    return {key: network.provenance.get(key) for key, _ in _RECORDED}
