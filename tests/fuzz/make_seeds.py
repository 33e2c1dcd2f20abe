#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_seeds.py FOLDER: writes the small valid files that the fuzzers begin with. Needs NumPy and onnx."""
import io
import json
import pathlib
import struct
import sys
import zipfile

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models"))

import onnx_seeds  # noqa: E402
import safetensors_writer  # noqa: E402

# The entries of a file of wisdom.
WISDOM = [{"machine": "some CPU", "layer": {"kind": "recurrent", "cell": "lstm", "input_size": 3, "hidden_size": 2},
           "precision": "float32", "threads": 1, "exact_threads": False, "batch": 1, "steps": 8,
           "times": [{"backend": "scalar", "threads": 1, "tiling": "", "seconds": 0.001, "spread": 0.1, "version": "1"}]}]

RNG = numpy.random.default_rng(1)


def array(*shape):
    return RNG.uniform(-0.5, 0.5, shape).astype(numpy.float32)


def safetensors(tensors):
    return safetensors_writer.to_bytes(tensors, {})


def state_dict(gates, inputs, units):
    return {"lstm.weight_ih_l0": array(gates * units, inputs),
            "lstm.weight_hh_l0": array(gates * units, units),
            "lstm.bias_ih_l0": array(gates * units), "lstm.bias_hh_l0": array(gates * units),
            "head.weight": array(1, units), "head.bias": array(1)}


def guitarml(tensors):
    return json.dumps({
        "model_data": {"model": "SimpleRNN", "unit_type": "LSTM", "num_layers": 1, "skip": 1,
                       "input_size": 1, "hidden_size": 2, "output_size": 1, "bias_fl": True},
        "state_dict": {name.replace("lstm", "rec").replace("head", "lin"): values.tolist()
                       for name, values in tensors.items()}}).encode()


def rtneural():
    return json.dumps({"in_shape": [None, None, 1], "layers": [
        {"type": "gru", "activation": "", "shape": [None, None, 2],
         "weights": [array(1, 6).tolist(), array(2, 6).tolist(), array(2, 6).tolist()]},
        {"type": "dense", "activation": "tanh", "shape": [None, None, 1],
         "weights": [array(2, 1).tolist(), array(1).tolist()]}]}).encode()


def pickled(tensors):
    """What torch.save writes into data.pkl: tensors rebuilt from storages, which have numbers."""
    text = lambda s: b"X" + struct.pack("<I", len(s)) + s.encode()
    number = lambda n: b"J" + struct.pack("<i", n)
    whole = lambda values: b"(" + b"".join(map(number, values)) + b"t"
    out = b"\x80\x02ccollections\nOrderedDict\n)R("
    for key, (name, values) in enumerate(tensors.items()):
        strides = [stride // values.itemsize for stride in values.strides]
        out += text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage")
        out += b"ctorch\nFloatStorage\n" + text(str(key)) + text("cpu") + number(values.size) + b"tQ"
        out += number(0) + whole(values.shape) + whole(strides) + b"\x89ccollections\nOrderedDict\n)RtR"
    return out + b"u."


def torch_archive(tensors):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("m/data.pkl"), pickled(tensors))
        for key, values in enumerate(tensors.values()):
            archive.writestr(zipfile.ZipInfo(f"m/data/{key}"), values.tobytes())
        archive.writestr(zipfile.ZipInfo("m/version"), b"3\n")
    return out.getvalue()


def npy(values):
    out = io.BytesIO()
    numpy.save(out, values)
    return out.getvalue()


def main():
    graphs = onnx_seeds.seeds()
    lstm, gru = state_dict(4, 1, 2), state_dict(3, 2, 2)
    seeds = {"safetensors": {"lstm": safetensors(lstm), "gru": safetensors(gru)},
             "npy": {"floats": npy(array(2, 1, 3)), "ids": npy(numpy.arange(4).reshape(2, 2))},
             "json": {"guitarml": guitarml(lstm), "rtneural": rtneural()},
             "pickle": {"lstm": pickled(lstm)}, "torch": {"lstm": torch_archive(lstm)},
             "onnx": graphs, "wisdom": {"entry": json.dumps(WISDOM).encode()},
             "run": {"gru": safetensors(gru), **graphs}}
    for reader, files in seeds.items():
        folder = pathlib.Path(sys.argv[1], reader)
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
