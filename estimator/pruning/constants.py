"""Inside of the child: values of a model's constant tensors, stored or made by nodes."""

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper

from estimator.model.propagate import Flow
from estimator.runtime.subgraph import keep_only

Values = NDArray[np.generic]


class Constants:
    """Arrays by tensor name; what nodes make of constants is computed once, by onnxruntime."""

    def __init__(self, model: onnx.ModelProto, flow: Flow) -> None:
        self._model, self._flow = model, flow
        self._known: dict[str, Values] = {}

    def __getitem__(self, name: str) -> Values:
        if name not in self._known:
            stored = self._flow.graph.initializers.get(name)
            self._known[name] = numpy_helper.to_array(stored) if stored is not None else self._computed(name)
        return self._known[name]

    def _computed(self, name: str) -> Values:
        copy = onnx.ModelProto()
        copy.CopyFrom(self._model)
        copy = keep_only(copy, [name])
        del copy.graph.input[:]  # a constant needs none
        copy.ir_version = max(copy.ir_version, 4)
        value: Values = onnxruntime.InferenceSession(
            copy.SerializeToString(), _quiet(), providers=["CPUExecutionProvider"]
        ).run([name], {})[0]
        return value


def _quiet() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return options
