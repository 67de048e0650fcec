"""What was measured as tables, one row a thing: CSV for those who want to look for themselves."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from estimator.network import neuron_id
from service.reproduction.run import ESTIMATORS, Run
from service.reproduction.tallies import Verdict

Rows = Iterator[Sequence[Any]]


def tables(runs: Sequence[Run], verdicts: Sequence[Verdict]) -> dict[str, bytes]:
    """{file name: CSV}. Numbers have all their digits."""
    return {
        "claims.csv": _csv(
            ("claim", "recipe", "estimator", "held", "asked", "seeds", "says"), _claims(verdicts)
        ),
        "judgements.csv": _csv(
            ("claim", "recipe", "seed", "estimator", "held", "number", "value"), _judgements(verdicts)
        ),
        "runs.csv": _csv(
            ("recipe", "seed", "accuracy", "always_0", "without_these", "without_the_others"), _runs(runs)
        ),
        "cuts.csv": _csv(
            ("recipe", "seed", "estimator", "cut", "neurons", "accuracy", "difference", "low", "high",
             "lost", "gained", "largest_output_change", "random_mean"),
            _cuts(runs),
        ),
        "edges.csv": _csv(
            ("recipe", "seed", "estimator", "source", "consumer", "nif", "mi", "se", "q_value"), _edges(runs)
        ),
        "neurons.csv": _csv(
            ("recipe", "seed", "estimator", "neuron", "name", "mean", "sd", "zeros", "silent", "betweenness",
             "community"),
            _neurons(runs),
        ),
        "attributions.csv": _csv(
            ("recipe", "seed", "estimator", "method", "feature", "output", "share", "ks", "p_value",
             "distance"),
            _attributions(runs),
        ),
    }  # fmt: skip


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _claims(verdicts: Sequence[Verdict]) -> Rows:
    for verdict in verdicts:
        for tally in verdict.tallies:
            for number, estimator in enumerate(ESTIMATORS):
                yield (
                    verdict.claim.id, tally.recipe.id, estimator, tally.held(number), tally.asked(number),
                    len(tally.seeds), verdict.claim.says,
                )  # fmt: skip


def _judgements(verdicts: Sequence[Verdict]) -> Rows:
    for verdict in verdicts:
        for tally in verdict.tallies:
            for seed, judged in zip(tally.seeds, tally.judged, strict=True):
                for estimator, one in zip(ESTIMATORS, judged, strict=True):
                    held = {True: "yes", False: "no", None: ""}[one.held]
                    for name, value in one.numbers.items():
                        yield verdict.claim.id, tally.recipe.id, seed, estimator, held, name, value


def _runs(runs: Sequence[Run]) -> Rows:
    for run in runs:
        yield (
            run.recipe, run.seed, run.before.value, " ".join(run.dead), run.without_dead.after.value,
            run.without_remaining.after.value,
        )  # fmt: skip


def _cuts(runs: Sequence[Run]) -> Rows:
    for run in runs:
        for estimator, by in run.by.items():
            for what, cut in by.cuts.items():
                mean = sum(cut.random) / len(cut.random) if cut.random else ""
                yield (
                    run.recipe, run.seed, estimator, what, " ".join(cut.neurons), cut.after.value,
                    cut.difference.value, cut.difference.low, cut.difference.high, cut.lost, cut.gained,
                    cut.largest_change, mean,
                )  # fmt: skip


def _edges(runs: Sequence[Run]) -> Rows:
    for run in runs:
        for estimator, by in run.by.items():
            for edges, nif in zip(by.network.edges, by.network.nif, strict=True):
                for i, row in enumerate(nif):
                    for k, value in enumerate(row):
                        yield (
                            run.recipe, run.seed, estimator, neuron_id(edges.source, i),
                            neuron_id(edges.consumer, k), float(value), float(edges.mi[i, k]),
                            float(edges.se[i, k]), float(edges.q_value[i, k]),
                        )  # fmt: skip


def _neurons(runs: Sequence[Run]) -> Rows:
    for run in runs:
        for estimator, by in run.by.items():
            for layer, did in zip(by.network.layers, by.network.facts, strict=True):
                for i, name in enumerate(layer.neurons):
                    yield (
                        run.recipe, run.seed, estimator, neuron_id(layer.index, i), name, float(did.mean[i]),
                        float(did.sd[i]), float(did.zeros[i]), by.network.silent[layer.index][i] or "",
                        float(by.facts.betweenness[layer.index][i]), int(by.facts.community[layer.index][i]),
                    )  # fmt: skip


def _attributions(runs: Sequence[Run]) -> Rows:
    for run in runs:
        for estimator, by in run.by.items():
            features, outputs = by.network.layers[0].neurons, by.network.layers[-1].neurons
            for method, found in by.attributed.items():
                for feature, row in zip(features, found.shares, strict=True):
                    for output, share in zip(outputs, row, strict=True):
                        yield (
                            run.recipe, run.seed, estimator, method, feature, output, share, found.statistic,
                            found.p_value, found.distance,
                        )  # fmt: skip
