# SPDX-License-Identifier: Apache-2.0
"""Small ONNX graphs that the fuzzers begin with: each kind of operator that the reader has code of its own for."""
import numpy
import onnx
import onnx.numpy_helper

node = onnx.helper.make_node
RNG = numpy.random.default_rng(2)


def array(*shape):
    return RNG.uniform(-0.5, 0.5, shape).astype(numpy.float32)


def whole(*values):
    return numpy.array(values, numpy.int64)


def info(name, shape, kind=onnx.TensorProto.FLOAT):
    return onnx.helper.make_tensor_value_info(name, kind, shape)


def model(nodes, weights, inputs, outputs, opset=17):
    initializers = [onnx.numpy_helper.from_array(values, name) for name, values in weights.items()]
    graph = onnx.helper.make_graph(nodes, "g", inputs, outputs, initializers)
    imports = [onnx.helper.make_opsetid("", opset), onnx.helper.make_opsetid("com.microsoft", 1)]
    return onnx.helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString()


def lstm():
    weights = {"w": array(1, 8, 3), "r": array(1, 8, 2), "m": array(2, 1), "b": array(1), "one": whole(1)}
    nodes = [node("LSTM", ["x", "w", "r"], ["y", "h", "c"], hidden_size=2), node("Squeeze", ["y", "one"], ["s"]),
             node("MatMul", ["s", "m"], ["d"]), node("Add", ["d", "b"], ["a"]), node("Sigmoid", ["a"], ["p"])]
    return model(nodes, weights, [info("x", ["T", "B", 3])], [info("p", ["T", "B", 1])])


def lstm_variants():
    weights = {"w": array(2, 8, 3), "r": array(2, 8, 2), "bias": array(2, 16), "peep": array(2, 6)}
    nodes = [node("LSTM", ["x", "w", "r", "bias", "lens", "h0", "c0", "peep"], ["y", "hn", "cn"], hidden_size=2,
                  direction="bidirectional", clip=3.0, input_forget=1,
                  activations=["Sigmoid", "Tanh", "Relu", "HardSigmoid", "Softsign", "Affine"],
                  activation_alpha=[0.25, 0.5], activation_beta=[0.5, 0.1])]
    inputs = [info("x", ["T", "B", 3]), info("lens", ["B"], onnx.TensorProto.INT32), info("h0", [2, "B", 2]),
              info("c0", [2, "B", 2])]
    return model(nodes, weights, inputs, [info("y", ["T", 2, "B", 2]), info("hn", [2, "B", 2]), info("cn", [2, "B", 2])])


def gru_with_head():
    weights = {"w": array(1, 6, 3), "r": array(1, 6, 2), "bias": array(1, 12), "m": array(4, 2), "c": array(4),
               "zero": whole(0), "last": whole(-1), "axis": whole(0)}
    nodes = [node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
             node("GRU", ["t", "w", "r", "bias"], ["y", "h"], hidden_size=2, linear_before_reset=1),
             node("Squeeze", ["h", "axis"], ["s"]), node("Gemm", ["s", "m", "c"], ["g"], transB=1, alpha=0.5),
             node("Softmax", ["g"], ["p"], axis=-1)]
    return model(nodes, weights, [info("x", ["B", "T", 3])], [info("p", ["B", 4])])


def rnn_backwards():
    weights = {"w": array(1, 2, 3), "r": array(1, 2, 2), "axis": whole(1)}
    nodes = [node("RNN", ["x", "w", "r"], ["y"], hidden_size=2, direction="reverse", activations=["Relu"]),
             node("Squeeze", ["y", "axis"], ["s"]), node("ReduceMean", ["s"], ["p"], axes=[0], keepdims=0)]
    return model(nodes, weights, [info("x", ["T", "B", 3])], [info("p", ["B", 2])], opset=13)


def embedding():
    weights = {"e": array(5, 3), "w": array(1, 8, 3), "r": array(1, 8, 2), "axis": whole(1)}
    nodes = [node("Gather", ["e", "ids"], ["x"]), node("LSTM", ["x", "w", "r"], ["y"], hidden_size=2),
             node("Squeeze", ["y", "axis"], ["s"])]
    return model(nodes, weights, [info("ids", ["T", "B"], onnx.TensorProto.INT64)], [info("s", ["T", "B", 2])])


def convolution():
    weights = {"k": array(4, 3, 3), "b": array(4), "w": array(1, 8, 4), "r": array(1, 8, 2), "axis": whole(1)}
    nodes = [node("Conv", ["x", "k", "b"], ["v"], kernel_shape=[3], pads=[1, 1]), node("Relu", ["v"], ["a"]),
             node("Transpose", ["a"], ["t"], perm=[2, 0, 1]), node("LSTM", ["t", "w", "r"], ["y"], hidden_size=2),
             node("Squeeze", ["y", "axis"], ["s"])]
    return model(nodes, weights, [info("x", ["B", 3, "T"])], [info("s", ["T", "B", 2])])


def normalized():
    weights = {"g": array(3), "b": array(3), "w": array(1, 6, 3), "r": array(1, 6, 2), "axis": whole(1), "half": array(1)}
    nodes = [node("LayerNormalization", ["x", "g", "b"], ["n"], axis=-1), node("GRU", ["n", "w", "r"], ["y"], hidden_size=2),
             node("Squeeze", ["y", "axis"], ["s"]), node("Mul", ["s", "half"], ["m"]), node("Tanh", ["m"], ["a"]),
             node("Concat", ["s", "a"], ["p"], axis=-1)]
    return model(nodes, weights, [info("x", ["T", "B", 3])], [info("p", ["T", "B", 4])])


def rearranged():
    weights = {"w": array(1, 8, 4), "r": array(1, 8, 2), "axis": whole(1), "start": whole(0), "end": whole(2),
               "feature": whole(2), "pads": whole(0, 0, 0, 0, 0, 2), "shape": whole(0, 0, -1), "three": whole(2, 0)}
    nodes = [node("Slice", ["x", "start", "end", "feature"], ["f"]), node("Pad", ["f", "pads"], ["q"]),
             node("LSTM", ["q", "w", "r"], ["y"], hidden_size=2), node("Squeeze", ["y", "axis"], ["s"]),
             node("Reshape", ["s", "shape"], ["t"]), node("Split", ["t"], ["a", "b"], axis=2), node("Max", ["a", "b"], ["p"])]
    return model(nodes, weights, [info("x", ["T", "B", 3])], [info("p", ["T", "B", 1])], opset=13)


def quantized_weights():
    weights = {"wq": RNG.integers(-127, 128, (1, 8, 3)).astype(numpy.int8), "rq": RNG.integers(-127, 128, (1, 8, 2)).astype(numpy.int8),
               "scale": numpy.float32(0.01), "zero": numpy.int8(0), "axis": whole(1)}
    weights = {name: numpy.asarray(values) for name, values in weights.items()}
    nodes = [node("DequantizeLinear", ["wq", "scale", "zero"], ["w"]), node("DequantizeLinear", ["rq", "scale", "zero"], ["r"]),
             node("LSTM", ["x", "w", "r"], ["y"], hidden_size=2), node("Squeeze", ["y", "axis"], ["s"])]
    return model(nodes, weights, [info("x", ["T", "B", 3])], [info("s", ["T", "B", 2])])


def quantized_lstm():
    weights = {"w": RNG.integers(-127, 128, (1, 3, 8)).astype(numpy.int8), "r": RNG.integers(-127, 128, (1, 2, 8)).astype(numpy.int8),
               "ws": numpy.array([0.01], numpy.float32), "wz": numpy.array([0], numpy.int8),
               "rs": numpy.array([0.01], numpy.float32), "rz": numpy.array([0], numpy.int8), "axis": whole(1)}
    nodes = [node("DynamicQuantizeLSTM", ["x", "w", "r", "", "", "", "", "", "ws", "wz", "rs", "rz"], ["y"], hidden_size=2,
                  domain="com.microsoft"), node("Squeeze", ["y", "axis"], ["s"])]
    return model(nodes, weights, [info("x", ["T", "B", 3])], [info("s", ["T", "B", 2])])


def sixteen_bits():
    weights = {"wh": array(1, 8, 3).astype(numpy.float16), "r": array(1, 8, 2), "axis": whole(1)}
    nodes = [node("Cast", ["wh"], ["w"], to=onnx.TensorProto.FLOAT), node("LSTM", ["x", "w", "r"], ["y"], hidden_size=2),
             node("Squeeze", ["y", "axis"], ["s"])]
    return model(nodes, weights, [info("x", ["T", "B", 3])], [info("s", ["T", "B", 2])])


def branches():
    def branch(name, scale):
        value = onnx.numpy_helper.from_array(numpy.array([scale], numpy.float32), name + "_scale")
        return onnx.helper.make_graph([node("Mul", ["s", name + "_scale"], [name])], name, [], [info(name, ["T", "B", 2])], [value])
    weights = {"w": array(1, 8, 3), "r": array(1, 8, 2), "axis": whole(1), "cond": numpy.array(True)}
    nodes = [node("LSTM", ["x", "w", "r"], ["y"], hidden_size=2), node("Squeeze", ["y", "axis"], ["s"]),
             node("If", ["cond"], ["p"], then_branch=branch("yes", 2.0), else_branch=branch("no", 3.0))]
    return model(nodes, weights, [info("x", ["T", "B", 3])], [info("p", ["T", "B", 2])])


def seeds():
    graphs = [lstm, lstm_variants, gru_with_head, rnn_backwards, embedding, convolution, normalized, rearranged,
              quantized_weights, quantized_lstm, sixteen_bits, branches]
    return {graph.__name__: graph() for graph in graphs}
