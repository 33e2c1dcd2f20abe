#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""python_blocks.py CAROUSEL FORMATS.md: the Python of that page, run as it stands there on weights in the layout
of Keras, gives networks that compute Keras's equations; so does RTNeural's JSON. Exit code 77 without NumPy."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types

try:
    import numpy as np
except ImportError:
    print("needs NumPy")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "models"), str(ROOT / "tests" / "support")]

import keras_cells  # noqa: E402
import safetensors_writer  # noqa: E402

STEPS, INPUTS, UNITS, OUTPUTS = 6, 3, 4, 2
random = np.random.default_rng(1)


def weights(*shape):
    return random.uniform(-1, 1, shape).astype(np.float32)


def carousel(command, model, x):
    np.save("x.npy", x)
    subprocess.run([command, "run", model, "--input", "x.npy", "--output", "y.npy", "--backend", "scalar"],
                   check=True, stderr=subprocess.DEVNULL)
    return np.load("y.npy")


def block(page, title):
    found = re.search(r"```python\n(# " + re.escape(title) + r"\n.*?)```", page, re.S)
    assert found, f"no block '{title}'"
    return found.group(1)


def model_of(*layers):
    get = [types.SimpleNamespace(get_weights=lambda arrays=arrays: list(arrays)) for arrays in layers]
    return types.SimpleNamespace(layers=get)


def check(name, found, expected):
    error = np.abs(found - expected).max()
    assert found.shape == expected.shape and error < 1e-5, f"{name}: off by {error}"
    print(f"{name}: off by {error:.1e}")


def main():
    command, page = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).read_text()
    names = {"np": np,
             "save_file": lambda tensors, file: safetensors_writer.save(file, tensors, {})}
    x = weights(STEPS, INPUTS)
    lstm = weights(INPUTS, 4 * UNITS), weights(UNITS, 4 * UNITS), weights(4 * UNITS)
    gru = weights(INPUTS, 3 * UNITS), weights(UNITS, 3 * UNITS), weights(2, 3 * UNITS)
    dense = weights(UNITS, OUTPUTS), weights(OUTPUTS)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        exec(block(page, "Keras LSTM"), names | {"model": model_of(lstm)})
        check("Keras LSTM", carousel(command, "lstm.safetensors", x), keras_cells.lstm(x, *lstm))
        exec(block(page, "Keras GRU"), names | {"model": model_of(gru)})
        check("Keras GRU", carousel(command, "gru.safetensors", x), keras_cells.gru(x, *gru))
        layers = [{"type": kind, "activation": "", "shape": [None, None, size], "weights": [w.tolist() for w in arrays]}
                  for kind, size, arrays in (("lstm", UNITS, lstm), ("dense", OUTPUTS, dense))]
        pathlib.Path("amp.json").write_text(json.dumps({"in_shape": [None, None, INPUTS], "layers": layers}))
        check("RTNeural", carousel(command, "amp.json", x), keras_cells.lstm(x, *lstm) @ dense[0] + dense[1])
        os.chdir("/")


main()
