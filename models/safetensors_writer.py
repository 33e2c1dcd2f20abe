# SPDX-License-Identifier: Apache-2.0
"""Writes safetensors files, byte for byte reproducibly, with numpy alone.

Debian has no python3-safetensors. The layout follows the official Rust implementation: tensors ordered by
dtype alignment descending and then by name, data contiguous from offset 0, compact JSON header padded with
spaces so that the data starts at a multiple of 8 bytes. Metadata keys are sorted.
"""

import json
import os
import struct

import numpy as np

_DTYPE_NAMES = {
    np.dtype("<f8"): "F64",
    np.dtype("<i8"): "I64",
    np.dtype("<f4"): "F32",
    np.dtype("<i4"): "I32",
    np.dtype("<f2"): "F16",
    np.dtype("u1"): "U8",
}


def to_bytes(tensors, metadata):
    """Returns the file as bytes. `tensors`: name -> numpy array of any rank; `metadata`: str -> str."""
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    header = {"__metadata__": dict(sorted(metadata.items()))}
    chunks, offset = [], 0
    for name, array in ordered:
        data = array.tobytes(order="C")
        header[name] = {
            "dtype": _DTYPE_NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(chunks)


def write_atomically(path, data):
    """Writes bytes beside `path`, then renames, so that a reader never sees half a file."""
    partial = f"{path}.partial"
    with open(partial, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def save(path, tensors, metadata):
    """Writes `tensors` (name -> numpy array) and `metadata` (str -> str) to the file `path`."""
    write_atomically(path, to_bytes(tensors, metadata))
