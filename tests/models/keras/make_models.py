"""Makes the ONNX files beside it, as Keras's own exporter and tf2onnx write them.

    python -m venv keras && keras/bin/pip install tensorflow-cpu tf2onnx && keras/bin/python make_models.py

TensorFlow is too large for the tests' environment, so that the output is kept; the versions that made it are
in each file (producer) and in versions.txt. Weights are random, of a fixed seed.
"""

from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx

HERE = Path(__file__).parent
MADE_BY = ("keras", "tensorflow-cpu", "tf2onnx", "onnx", "numpy")
layers = keras.layers


def dense() -> keras.Model:
    """Batch normalisation, a residual connection, GELU by Tanh."""
    x = keras.Input((4,), name="x")
    h = layers.Dense(6, activation="relu", name="fc1")(x)
    h = layers.BatchNormalization(name="norm")(h)
    g = keras.activations.gelu(layers.Dense(6, name="fc2")(h), approximate=True)
    h = layers.Add(name="sum")([h, g])
    h = layers.Dropout(0.1)(h)
    return keras.Model(x, layers.Dense(3, activation="softmax", name="head")(h))


def convolution() -> keras.Model:
    """Channels last, as TensorFlow has them."""
    x = keras.Input((8, 8, 2), name="x")
    h = layers.Conv2D(4, 3, activation="relu", name="conv1")(x)
    h = layers.MaxPooling2D(2)(h)
    h = layers.DepthwiseConv2D(2, activation="silu", name="depthwise")(h)
    h = layers.GlobalAveragePooling2D()(h)
    return keras.Model(x, layers.Dense(2, activation="sigmoid", name="head")(h))


def recurrent() -> keras.Model:
    x = keras.Input((5, 3), name="x")
    h = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")(x)
    h = layers.LSTM(3, name="last")(h)
    return keras.Model(x, layers.Dense(2, name="head")(h))


def attention() -> keras.Model:
    x = keras.Input((5, 6), name="x")
    h = layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    h = layers.LayerNormalization(name="norm")(layers.Add()([x, h]))
    return keras.Model(x, layers.Dense(2, name="head")(layers.GlobalAveragePooling1D()(h)))


def two_inputs() -> keras.Model:
    """A picture and a number."""
    image, age = keras.Input((3, 3, 1), name="image"), keras.Input((1,), name="age")
    h = layers.Dense(4, activation="elu", name="pixels")(layers.Flatten()(image))
    h = layers.Concatenate()([h, layers.Dense(2, activation="tanh", name="years")(age)])
    return keras.Model([image, age], layers.Dense(2, activation="softmax", name="head")(h))


def exact_gelu() -> keras.Model:
    """Spelled by Erfc, which ONNX has no operator for: no runtime takes what tf2onnx makes of it."""
    x = keras.Input((4,), name="x")
    return keras.Model(x, layers.Dense(2)(layers.Dense(6, activation="gelu", name="fc")(x)))


def gru() -> keras.Model:
    """A GRU stays a Loop; an LSTM becomes the operator."""
    x = keras.Input((5, 3), name="x")
    return keras.Model(x, layers.Dense(2)(layers.GRU(3, name="last")(x)))


MODELS = (dense, convolution, recurrent, attention, two_inputs, exact_gelu, gru)


def main() -> None:
    for make in MODELS:
        keras.utils.set_random_seed(0)
        model = make()
        for layer in model.layers:  # trained-looking statistics: with the first ones, a norm does nothing
            if isinstance(layer, layers.BatchNormalization):
                layer.set_weights([np.random.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
        model([np.zeros((1, *given.shape[1:]), np.float32) for given in model.inputs])
        model.export(HERE / f"{make.__name__}.onnx", format="onnx", verbose=False)
        signature = [tf.TensorSpec((None, *i.shape[1:]), tf.float32, name=i.name) for i in model.inputs]
        function = tf.function(lambda *given, model=model: model(list(given)), input_signature=signature)
        proto, _ = tf2onnx.convert.from_function(function, input_signature=signature, opset=13)
        onnx.save(proto, HERE / f"{make.__name__}_opset13.onnx")
    (HERE / "versions.txt").write_text("".join(f"{name} {version(name)}\n" for name in MADE_BY))


if __name__ == "__main__":
    main()
