"""From a table's target column to what a model's outputs are compared with.

1. The target column is read as a probe is: categorical or numeric (docs/data.md).
2. The metric: as asked, or by the task: accuracy for classes, RMSE for numbers.
3. Classes are aligned with outputs (`classes.py`); for RMSE, the one output, or that of the target's name.
"""

from collections.abc import Sequence

import numpy as np

from estimator.data.names import find, listed, nearest, shown
from estimator.data.probe_columns import ProbeColumn, probe_column
from estimator.data.table import Table
from estimator.errors import InvalidParameter, Place
from estimator.model.plan import PlannedLayer
from estimator.network import Layer
from estimator.options import refuse
from estimator.scoring.classes import class_codes
from estimator.scoring.metrics import METRICS, Floats, Metric, MetricAsked
from estimator.scoring.truth import Truth


def truth_of(
    table: Table,
    target: str | None,
    layers: Sequence[Layer | PlannedLayer],
    outputs: Floats,
    metric: MetricAsked = "auto",
    classes: Sequence[str] = (),
) -> Truth:
    """The labels in column `target`, for a model with these layers.

    outputs: (n, k) of the output layer on the table's rows, by the model as it is; says whether a single
    output is a probability. classes: names of the outputs, in order, where the model has none.
    Raises InvalidParameter: no target, no such column, a metric that doesn't fit, levels that are no classes
    of the model, one class only for AUC, outputs that cannot be told apart.
    """
    if metric not in ("auto", *METRICS):
        raise refuse("metric", metric, "auto, " + ", ".join(METRICS))
    layer = output_layer(layers)
    if target is None:
        raise _refused(
            "target", "the data has no labels: say which column holds them (target), for a metric to compare "
            "the model's outputs with"
        )  # fmt: skip
    name = find(target, table.names)
    if name is None:
        raise _refused(
            "target", f"target is {shown(target)}, and the table has no such column; "
            + nearest(target, table.names), column=target
        )  # fmt: skip
    probe = probe_column(table.column(name), "target", table)
    chosen = _metric(metric, probe, table, layer)
    if chosen == "rmse":
        return _regression(table, probe, layer, classes)
    truth = _classification(probe, layer, chosen, classes, numbers=table.column(name).numbers is not None)
    if layer.size == 1 and chosen == "accuracy" and not ((outputs >= 0) & (outputs <= 1)).all():
        raise _refused(
            "metric",
            f"the model's only output lies between {outputs.min():.4g} and {outputs.max():.4g} and is no "
            "probability, so that no threshold is given: ask for auc, or export the model with its sigmoid",
        )
    return truth


def output_layer(layers: Sequence[Layer | PlannedLayer]) -> Layer | PlannedLayer:
    """The one output layer. Raises InvalidParameter for several, and for a picture or a sequence."""
    found = [layer for layer in layers if layer.kind == "output"]
    if len(found) != 1:
        names = listed(layer.name for layer in found)
        raise _refused("model", f"the model has {len(found)} output layers, {names}: a metric needs one")
    if found[0].meaning is not None:
        raise _refused(
            "model", f"the output layer {shown(found[0].name)} gives more than a number or a class a row "
            f"({found[0].meaning}); accuracy, AUC and RMSE do not measure that"
        )  # fmt: skip
    return found[0]


def _metric(asked: MetricAsked, probe: ProbeColumn, table: Table, layer: Layer | PlannedLayer) -> Metric:
    column = shown(probe.name)
    if probe.kind == "numeric":
        if asked in ("accuracy", "auc"):
            raise _refused(
                "metric", f"{asked} is of classes, and the target column {column} holds numbers "
                f"({len(np.unique(probe.values))} different ones): ask for rmse", column=probe.name
            )  # fmt: skip
        return "rmse"
    if asked == "rmse" and table.column(probe.name).numbers is None:
        raise _refused(
            "metric", f"rmse is of numbers, and the target column {column} holds text: "
            f"{listed(level for level, _ in probe.levels)}", column=probe.name
        )  # fmt: skip
    if asked != "auto":
        return asked
    if layer.size == 1 and len(probe.levels) > 2:
        raise _refused(
            "metric", f"the model has one output and the target column {column} {len(probe.levels)} levels: "
            "it is no classifier of these; say metric=rmse if they are numbers that it predicts",
            column=probe.name,
        )  # fmt: skip
    return "accuracy"


def _regression(
    table: Table, probe: ProbeColumn, layer: Layer | PlannedLayer, classes: Sequence[str]
) -> Truth:
    if classes:
        raise _refused("classes", "classes are named, and the metric is rmse, which has none")
    values = table.column(probe.name).numbers
    if values is None:
        raise AssertionError("the metric was checked against the column")
    same = find(probe.name, layer.neurons)
    if layer.size > 1 and same is None:
        raise _refused(
            "target", f"the model returns {layer.size} numbers a row, {listed(layer.neurons)}, and none is "
            f"named {shown(probe.name)} as the target is: name the outputs in the metadata nif.outputs",
            column=probe.name,
        )  # fmt: skip
    output = layer.neurons.index(same) if same is not None else 0
    return Truth(probe.name, "rmse", values=values, output=output)


def _classification(
    probe: ProbeColumn, layer: Layer | PlannedLayer, metric: Metric, classes: Sequence[str], *, numbers: bool
) -> Truth:
    width = max(2, layer.size)
    if metric == "auc" and width > 2:
        raise _refused("metric", f"auc is of two classes; the model has {width}: ask for accuracy")
    if classes and (len(classes) != width or len(set(classes)) != width):
        raise _refused(
            "classes", f"{len(classes)} classes are named, {listed(classes)}; the model has {width}, each "
            "with a name of its own"
        )  # fmt: skip
    names = tuple(classes) or _own_names(layer)
    levels = [level for level, _ in probe.levels]
    found, codes = class_codes(levels, layer.size, names, probe.name, numbers=numbers)
    of_rows = np.array(codes, dtype=np.int64)[probe.values.astype(np.int64)]
    if metric == "auc" and len(set(codes)) < 2:
        raise _refused("metric", f"auc needs rows of both classes; all are {shown(found[codes[0]])}")
    return Truth(probe.name, metric, classes=found, codes=of_rows)


def _own_names(layer: Layer | PlannedLayer) -> tuple[str, ...] | None:
    """The names that the model gives to its outputs; None where they are only numbered."""
    numbered = tuple(f"{layer.name}.{i}" for i in range(layer.size))
    return None if layer.neurons == numbered else layer.neurons


def _refused(field: str, detail: str, column: str | None = None) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field=field, column=column)])
