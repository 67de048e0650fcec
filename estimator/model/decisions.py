"""Rules of what comes after the outputs: classes chosen, probabilities put into maps. No neurons."""

from estimator.model.call import Call, Result
from estimator.model.values import Label, Signal


def decide(call: Call) -> Result:
    """ArgMax, Binarizer, comparisons: a decision about the outputs."""
    return Result("label", (_label(call),) * len(call.node.output))


def zip_map(call: Call) -> Result:
    """ai.onnx.ml.ZipMap: a probability for each class, as a map. Carries the classes' names."""
    texts = call.attribute("classlabels_strings")
    numbers = call.attribute("classlabels_int64s")
    try:
        names = tuple(text.decode() for text in texts) if texts else tuple(map(str, numbers or ()))
    except UnicodeDecodeError:
        raise call.invalid("attribute classlabels_strings is not valid UTF-8") from None
    call.signal()
    return Result("label", (Label(call.node.input[0], names or None),))


def _label(call: Call) -> Label:
    for name, value in zip(call.node.input, call.inputs, strict=True):
        if isinstance(value, Signal):
            return Label(name, base=value.base)
        if isinstance(value, Label):
            return value
    raise call.unsupported("it decides about constants")


def relabel(call: Call) -> Result:
    """What may be done with a label: cast it, reshape it, look its name up."""
    for value in call.inputs:
        if isinstance(value, Signal):
            raise call.unsupported("it is supported on labels after the outputs only, not within the network")
    return Result("label", (_label(call),) * len(call.node.output))
