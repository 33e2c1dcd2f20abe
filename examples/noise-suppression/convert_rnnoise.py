#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes one file that Carousel runs from the weights of RNNoise 0.1.

    convert_rnnoise.py rnn_data.c rnnoise.safetensors     the C file of xiph/rnnoise v0.1: src/rnn_data.c
    convert_rnnoise.py weights.safetensors rnnoise.safetensors     the same matrices, as dense.weight and so on

Needs NumPy. docs/formats.md describes what is written: tensors by the names of layers, and the layers as metadata.
"""

import json
import re
import struct
import sys

import numpy as np


def read(path):
    """Every array of the file by its name, "vad_gru.recurrent_weight", without its shape."""
    data = open(path, "rb").read()
    if path.endswith(".c"):  # eight bits, in units of 1/256
        arrays = re.findall(r"(\w+?)_(recurrent_weight|weight|bias)s?\[\d+\] = \{([^}]*)\}", data.decode())
        return {f"{layer}.{role}": np.array(numbers.split(","), np.float32) / 256 for layer, role, numbers in arrays}
    start = 8 + struct.unpack("<Q", data[:8])[0]
    entries = json.loads(data[8:start])
    return {name: np.frombuffer(data[start:], "<f4", end // 4 - begin // 4, begin)
            for name, entry in entries.items() if name != "__metadata__" for begin, end in [entry["data_offsets"]]}


def write(path, tensors, metadata):
    """A safetensors file: the length of a header, the header as JSON, the numbers."""
    header, offset = {"__metadata__": {key: json.dumps(value) for key, value in metadata.items()}}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(tensor.tobytes() for tensor in tensors.values()))


def convert(weights):
    """Tensors and metadata. A matrix stands there as [inputs, outputs], the gates of a GRU in the order z, r, n."""
    tensors, sizes = {}, {}
    rows = lambda matrix, columns: np.ascontiguousarray(weights[matrix].reshape(-1, columns).T)
    rzn = lambda array: np.concatenate([np.split(array, 3)[gate] for gate in (1, 0, 2)])
    for layer in ("input_dense", "denoise_output", "vad_output"):
        bias = weights[f"{layer}.bias"]
        tensors |= {f"{layer}.weight": rows(f"{layer}.weight", bias.size), f"{layer}.bias": bias}
        sizes[layer] = {"input_size": tensors[f"{layer}.weight"].shape[1], "output_size": bias.size}
    for layer in ("vad_gru", "noise_gru", "denoise_gru"):
        bias = weights[f"{layer}.bias"]
        tensors |= {f"{layer}.weight_ih": rzn(rows(f"{layer}.weight", bias.size)),
                    f"{layer}.weight_hh": rzn(rows(f"{layer}.recurrent_weight", bias.size)),
                    f"{layer}.bias_ih": rzn(bias), f"{layer}.bias_hh": np.zeros_like(bias)}
        sizes[layer] = {"input_size": tensors[f"{layer}.weight_ih"].shape[1], "hidden_size": bias.size // 3}

    features, dense = sizes["input_dense"].values()
    vad, noise = sizes["vad_gru"]["hidden_size"], sizes["noise_gru"]["hidden_size"]
    bands, voices = sizes["denoise_output"]["output_size"], sizes["vad_output"]["output_size"]
    functions = [[{"name": "Sigmoid"}, {"name": "Relu"}]]  # of the gates, and of the candidate
    gru = {"kind": "recurrent", "cell": "gru", "linear_before_reset": False, "activations": functions}
    activation = lambda name, function, size: {
        "kind": "activation", "name": name, "function": {"name": function}, "size": size}
    beside = lambda name, inputs, sizes: {"kind": "concatenate", "name": name, "inputs": inputs, "sizes": sizes}
    layers = [
        {"kind": "dense", "name": "input_dense", **sizes["input_dense"]},
        activation("dense", "Tanh", dense),
        {**gru, "name": "vad_gru", **sizes["vad_gru"]},
        beside("noise_input", ["dense", "vad_gru", "features"], [dense, vad, features]),
        {**gru, "name": "noise_gru", **sizes["noise_gru"]},
        beside("denoise_input", ["vad_gru", "noise_gru", "features"], [vad, noise, features]),
        {**gru, "name": "denoise_gru", **sizes["denoise_gru"]},
        {"kind": "dense", "name": "denoise_output", **sizes["denoise_output"]},
        activation("gains", "Sigmoid", bands),
        {"kind": "dense", "name": "vad_output", "inputs": ["vad_gru"], **sizes["vad_output"]},
        activation("vad", "Sigmoid", voices),
    ]
    return tensors, {
        "carousel.layers": layers,
        "carousel.inputs": [{"name": "features", "size": features, "axes": ["steps", features]}],
        "carousel.outputs": [{"name": "gains", "layer": "gains", "axes": ["steps", bands]},
                             {"name": "vad", "layer": "vad", "axes": ["steps", voices]}]}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write(sys.argv[2], *convert(read(sys.argv[1])))
