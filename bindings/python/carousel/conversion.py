# SPDX-License-Identifier: Apache-2.0
"""From one file format to another."""

from __future__ import annotations

import os
from typing import Any

from carousel import _carousel
from carousel.errors import refuse


def convert(source: str | os.PathLike[str], target: str | os.PathLike[str], *, lengths: bool = False,
            states: bool = False, **options: Any) -> _carousel.Model:
    """Reads a model and writes it as safetensors or ONNX, by the ending of `target`; returns the model.

    lengths, states: inputs of an ONNX graph for these.
    options: those of `load`.
    """
    if not os.fspath(target).endswith((".onnx", ".safetensors")):
        raise refuse(f"{os.fspath(target)}: its name does not say the format: .onnx or .safetensors")
    model = _carousel.load(source, **options)
    model.save(target, lengths=lengths, states=states)
    return model
