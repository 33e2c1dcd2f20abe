#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_models.py CHARLM.SAFETENSORS FOLDER: ONNX files for bench.mjs, their states as inputs and outputs:
lstm128.onnx, an LSTM with 128 inputs and units, and charlm.onnx, the character model of models/."""
import json
import pathlib
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def read_safetensors(file):
    data = pathlib.Path(file).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    tensors = {}
    for name, one in header.items():
        if name != "__metadata__":
            first, last = (8 + length + offset for offset in one["data_offsets"])
            tensors[name] = np.frombuffer(data[first:last], np.float32).reshape(one["shape"])
    return tensors


def onnx_gates(weight):
    """PyTorch's order i, f, g, o becomes ONNX's i, o, f, c."""
    i, f, g, o = np.split(weight, 4)
    return np.concatenate([i, o, f, g])[None]


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind, inputs, outputs, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0]

    def lstm(self, x, prefix, weight_ih, weight_hh, bias):
        """An LSTM with a state from and to outside; the name of its outputs [steps, 1, units]."""
        units = weight_hh.shape[1]
        for name in (f"{prefix}h", f"{prefix}c"):
            self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, units]))
            self.outputs.append(helper.make_tensor_value_info(f"{name}n", TensorProto.FLOAT, [1, 1, units]))
        y = f"{prefix}y"
        self.node("LSTM", [x, self.constant(f"{prefix}W", onnx_gates(weight_ih)),
                           self.constant(f"{prefix}R", onnx_gates(weight_hh)),
                           self.constant(f"{prefix}B", np.concatenate([onnx_gates(each) for each in bias], 1)),
                           "", f"{prefix}h", f"{prefix}c"], [y, f"{prefix}hn", f"{prefix}cn"], hidden_size=units)
        axes = self.constant(f"{prefix}axes", np.array([1], np.int64))
        return self.node("Squeeze", [y, axes], [f"{prefix}frames"])

    def save(self, file):
        graph = helper.make_graph(self.nodes, "graph", self.inputs, self.outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, file)


def make_lstm(file, size=128):
    numbers = np.random.default_rng(7)
    graph = Graph()
    graph.inputs.append(helper.make_tensor_value_info("x", TensorProto.FLOAT, ["steps", 1, size]))

    def weight(*shape):
        return numbers.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(size))

    y = graph.lstm("x", "", weight(4 * size, size), weight(4 * size, size), (weight(4 * size), weight(4 * size)))
    graph.outputs.insert(0, helper.make_tensor_value_info(y, TensorProto.FLOAT, ["steps", 1, size]))
    graph.save(file)


def make_charlm(source, file):
    tensors = read_safetensors(source)
    graph = Graph()
    graph.inputs.append(helper.make_tensor_value_info("ids", TensorProto.INT64, ["steps", 1]))
    x = graph.node("Gather", [graph.constant("table", tensors["embedding.weight"]), "ids"], ["embedded"])
    for layer in range(2):
        part = {role: tensors[f"lstm.{role}_l{layer}"] for role in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        x = graph.lstm(x, f"l{layer}_", part["weight_ih"], part["weight_hh"], (part["bias_ih"], part["bias_hh"]))
    scores = graph.node("MatMul", [x, graph.constant("head", tensors["head.weight"].T)], ["scores"])
    graph.node("Add", [scores, graph.constant("head_bias", tensors["head.bias"])], ["logits"])
    graph.outputs.insert(0, helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["steps", 1, tensors["head.bias"].size]))
    graph.save(file)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    make_lstm(folder / "lstm128.onnx")
    make_charlm(sys.argv[1], folder / "charlm.onnx")
