# SPDX-License-Identifier: Apache-2.0
"""What the tests share: networks, files, and the golden cases of PyTorch."""

import json
import os
import pathlib
import struct

import numpy as np

import carousel

SOURCE = pathlib.Path(os.environ["CAROUSEL_SOURCE_DIR"])
CHARLM = SOURCE / "models" / "charlm.safetensors"
_DTYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64}


def read_safetensors(file):
    """(tensors, metadata)."""
    data = pathlib.Path(file).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, about in header.items():
        first, end = about["data_offsets"]
        array = np.frombuffer(data[8 + length + first:8 + length + end], dtype=_DTYPES[about["dtype"]])
        tensors[name] = array.reshape(about["shape"])
    return tensors, metadata


def uniform(random, *shape):
    return random.uniform(-0.5, 0.5, shape).astype(np.float32)


def lstm_state_dict(inputs=3, hidden=5, layers=1, directions=1, seed=1):
    random = np.random.default_rng(seed)
    state = {}
    for layer in range(layers):
        width = inputs if layer == 0 else hidden * directions
        for ending in ("", "_reverse")[:directions]:
            state[f"weight_ih_l{layer}{ending}"] = uniform(random, 4 * hidden, width)
            state[f"weight_hh_l{layer}{ending}"] = uniform(random, 4 * hidden, hidden)
            state[f"bias_ih_l{layer}{ending}"] = uniform(random, 4 * hidden)
            state[f"bias_hh_l{layer}{ending}"] = uniform(random, 4 * hidden)
    return state


def lstm(**sizes):
    """A network with one LSTM: 3 features, 5 units."""
    return carousel.prepare(carousel.from_torch(lstm_state_dict(**sizes)), backend="xsimd")


def sequence(*shape, seed=2):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
