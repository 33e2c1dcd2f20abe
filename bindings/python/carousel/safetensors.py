# SPDX-License-Identifier: Apache-2.0
"""Weights in memory as the bytes of a safetensors file, which `load_bytes` reads: whatever Python has
becomes a model in one way."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

import numpy as np

_DTYPES = {"float64": "F64", "float32": "F32", "float16": "F16"}


def to_bytes(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str], bfloat16: frozenset[str]) -> bytes:
    """`bfloat16`: names of tensors whose uint16 elements are the bits of bfloat16 numbers."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    chunks, offset = [], 0
    for name, array in tensors.items():
        data = np.ascontiguousarray(array).tobytes()
        dtype = "BF16" if name in bfloat16 else _DTYPES[array.dtype.name]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, offset + len(data)]}
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(chunks)


def known_dtype(array: np.ndarray) -> bool:
    """Whether it can be a weight."""
    return array.dtype.name in _DTYPES
