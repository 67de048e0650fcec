"""NIF's attribution beside SHAP, Integrated Gradients and plain MI, on the same outputs of the same model.

1. What is explained: the outputs on the table's rows, and the labels where there are some.
2. Attributions of each method, one value a feature and output: A(i, j) of the network; the mean of |SHAP| and
   of |Integrated Gradients| over the rows; I(x_i; y_j).
3. References: MI of each feature with the labels' classes, and with the outputs (arXiv 1901.08557 compares
   with the classes).
4. How alike they are (`agreement.py`).
5. A deletion curve for each method (`deletion.py`).
"""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.comparison.agreement import correlation, nearness, shares
from estimator.comparison.deletion import deletion
from estimator.comparison.libraries import check_installed
from estimator.comparison.mutual import information_about_outputs, information_about_target
from estimator.comparison.options import ComparisonOptions
from estimator.comparison.result import Attribution, Comparison
from estimator.comparison.subject import Subject, read_subject
from estimator.data.table import Table
from estimator.errors import InvalidParameter, Place
from estimator.graph.attribution import attributions
from estimator.network import FlowNetwork
from estimator.options import Options
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits
from estimator.scoring.labels import truth_of
from estimator.scoring.truth import Truth

Floats = NDArray[np.float64]


def compare(
    model: bytes,
    table: Table,
    network: FlowNetwork,
    analysis: Options,
    options: ComparisonOptions | None = None,
    progress: Progress = silent,
    *,
    limits: RunLimits | None = None,
) -> Comparison:
    """analysis: the options that the network was made with. limits: of the processes that run the model.

    Raises InvalidParameter (no target for a deletion curve, a network of another model), MissingExtra,
    UnsupportedModel (no gradients), and what `truth_of`, `match_columns` and `activations` raise.
    """
    options = options or ComparisonOptions()
    check_installed(options.methods)
    subject = read_subject(model, table, network, analysis, limits=limits, progress=progress)
    truth = _truth(subject, table, analysis, options)

    plain = information_about_outputs(subject, analysis, progress)
    methods = tuple(_attributions(subject, network, plain, options, progress))
    references = _references(subject, truth, plain, analysis, progress)

    correlations = tuple(
        correlation(a.method, a.shares, b.method, b.shares, options.seed) for a, b in combinations(methods, 2)
    )
    near = tuple(
        nearness(method.method, method.shares, reference.method, reference.shares)
        for reference in references
        for method in methods
        if (method.method, reference.method) != ("mi", "outputs")  # the same numbers
    )
    removal = None
    if truth is not None and options.deletion:
        removal = deletion(subject, truth, {m.method: m.importance for m in methods}, options, progress)
    return Comparison(
        options=options,
        rows=len(subject.inputs),
        features=subject.features,
        outputs=subject.output_names,
        target=None if truth is None else truth.column,
        methods=methods,
        references=references,
        correlations=correlations,
        nearness=near,
        deletion=removal,
        beta=network.beta,
        warnings=tuple(_warnings(subject, methods)),
    )


def _truth(subject: Subject, table: Table, analysis: Options, options: ComparisonOptions) -> Truth | None:
    target = options.target if options.target is not None else analysis.target
    if target is None:
        if not options.deletion:
            return None
        detail = (
            "the data has no labels for the deletion curve: say which column holds them (target), or leave "
            "the curve out (deletion: false, --no-deletion)"
        )
        raise InvalidParameter(detail, errors=[Place(detail, field="target")])
    try:
        layers = subject.plan.layers
        return truth_of(table, target, layers, subject.outputs, options.metric, options.classes)
    except InvalidParameter:
        if options.deletion or options.target is not None:
            raise
        return None  # the labels of the analysis are no reference, and nobody asked for one


def _attributions(
    subject: Subject, network: FlowNetwork, plain: Floats, options: ComparisonOptions, progress: Progress
) -> Iterator[Attribution]:
    """Step 2. The libraries are loaded when they are asked for."""
    facts: Mapping[str, Any]
    for name in options.methods:
        if name == "nif":
            values = attributions(network).values
            unit, facts = "nats, multiplied along paths", {"beta": network.beta}
        elif name == "mi":
            values, unit, facts = plain, "nats", {}
        elif name == "shap":
            from estimator.comparison.shapley import shap_values

            found = shap_values(subject, options, progress)
            values, unit = np.abs(found.values).mean(axis=0), "of the output, mean of |values| over rows"
            facts = {
                "library": f"shap {version('shap')}",
                "explainer": found.explainer,
                "rows": len(found.rows),
                "background": len(found.background),
                "additivity_error": found.additivity,
            }
        else:
            from estimator.comparison.integrated_gradients import COMPLETE, integrated_gradients

            gradients = integrated_gradients(subject, options, progress)
            values, unit = np.abs(gradients.values).mean(axis=0), "of the output, mean of |values| over rows"
            facts = {
                "library": f"captum {version('captum')}",
                "rows": len(gradients.rows),
                "baseline": options.baseline,
                "steps": gradients.steps,
                "completeness_error": gradients.incomplete,
                "tolerance": COMPLETE,
                "complete": gradients.complete,
            }
        yield Attribution(name, values, shares(values), unit, facts)


def _references(
    subject: Subject, truth: Truth | None, plain: Floats, analysis: Options, progress: Progress
) -> tuple[Attribution, ...]:
    """Step 3."""
    found = [Attribution("outputs", plain, shares(plain), "nats", {})]
    if truth is not None:
        about = information_about_target(subject, truth, analysis, progress)
        if about is not None:
            found.insert(0, Attribution("classes", about, shares(about), "nats", {"target": truth.column}))
    return tuple(found)


def _warnings(subject: Subject, methods: tuple[Attribution, ...]) -> Iterator[str]:
    for method in methods:
        silent_outputs = [
            name
            for name, total in zip(subject.output_names, method.values.sum(axis=0), strict=True)
            if not total
        ]
        if silent_outputs:
            yield (
                f"{method.method} finds nothing about {len(silent_outputs)} of "
                f"{len(subject.output_names)} outputs ({', '.join(silent_outputs[:5])}); their shares are 0."
            )
        if method.facts.get("complete") is False:
            yield (
                f"Integrated Gradients miss f(x) - f(baseline) by up to "
                f"{method.facts['completeness_error']:.2g} even with {method.facts['steps']} steps: the "
                "model jumps on the way; read its values with care."
            )
