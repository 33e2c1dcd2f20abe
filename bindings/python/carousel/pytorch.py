# SPDX-License-Identifier: Apache-2.0
"""Models out of PyTorch, which itself is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from carousel import _carousel
from carousel.errors import Error, ErrorCode, refuse
from carousel.safetensors import known_dtype, to_bytes

# Modules whose state dict says all there is to know, and those that do nothing when a network is used.
_RECURRENT = ("LSTM", "GRU", "RNN")
_PLAIN = ("Linear", "Embedding", "Dropout", "Identity", *_RECURRENT)


def from_torch(module_or_state_dict: Any, *, nonlinearity: str | None = None, **options: Any) -> _carousel.Model:
    """A model with the weights of a torch.nn.Module or of a state dict.

    A state dict is read as a file with it is (docs/formats.md): one LSTM, GRU or RNN module, or several that
    read each other, with an embedding before and a linear layer after them. Any mapping of names to tensors or
    NumPy arrays will do. Of a module, `batch_first` and the function of an nn.RNN are taken too, and modules
    that a state dict says nothing of (a ReLU, a LayerNorm) are refused: export such a network to ONNX.

    nonlinearity: "tanh" or "relu": which plain RNN a state dict is of; without it "tanh", as in PyTorch.
    options: those of `load`.
    """
    if isinstance(module_or_state_dict, Mapping):
        metadata = {} if nonlinearity is None else {"carousel.activation": nonlinearity}
        return _from_state_dict(module_or_state_dict, metadata, options)
    if nonlinearity is not None:
        raise refuse("from_torch: the module itself says its nonlinearity")
    if not callable(getattr(module_or_state_dict, "state_dict", None)):
        raise refuse(f"from_torch: takes a torch.nn.Module or a state dict, not a {type(module_or_state_dict).__name__}")
    leaves = _leaves(module_or_state_dict)
    model = _from_state_dict(module_or_state_dict.state_dict(), _metadata(leaves), options)
    orders = {bool(leaf.batch_first) for leaf in leaves if hasattr(leaf, "batch_first")}
    if len(orders) > 1:
        raise refuse("from_torch: some recurrent modules are batch_first and others are not")
    for order in orders:
        model.batch_first = order
    return model


def _leaves(module: Any) -> list[Any]:
    leaves = [one for one in module.modules() if not any(True for _ in one.children())]
    for leaf in leaves:
        kind = type(leaf).__name__
        if kind not in _PLAIN:
            raise Error(ErrorCode.UNSUPPORTED,
                        f"from_torch: the module has a {kind}, of which a state dict does not say enough; export it "
                        "to ONNX, or give its state dict if you know that it is the one of a plain network")
    return leaves


def _metadata(leaves: list[Any]) -> dict[str, str]:
    """The function of nn.RNN modules, which no tensor tells."""
    functions = {leaf.nonlinearity for leaf in leaves if type(leaf).__name__ == "RNN"}
    if len(functions) > 1:
        raise refuse("from_torch: nn.RNN modules with different functions in one network; export it to ONNX")
    return {"carousel.activation": functions.pop()} if functions else {}


def _from_state_dict(state: Mapping[str, Any], metadata: dict[str, str], options: dict[str, Any]) -> _carousel.Model:
    tensors, bfloat16 = {}, set()
    for name, tensor in state.items():
        tensors[name] = _array_of(name, tensor)
        if str(getattr(tensor, "dtype", "")) == "torch.bfloat16":
            bfloat16.add(name)
    return _carousel.load_bytes(to_bytes(tensors, metadata, frozenset(bfloat16)), "state dict", **options)


def _array_of(name: str, tensor: Any) -> np.ndarray:
    """The elements as NumPy has them; of bfloat16, which it has not, the bits as uint16."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        if str(tensor.dtype) == "torch.bfloat16":
            # The upper half of a float32 (little-endian) is the same number in bfloat16.
            return np.ascontiguousarray(tensor.float().numpy()).view(np.uint16)[..., 1::2]
    array = tensor.numpy() if hasattr(tensor, "numpy") else np.asarray(tensor)
    if not known_dtype(array):
        raise refuse(f"from_torch: {name} is {array.dtype}; weights are float64, float32, float16 or bfloat16")
    return array
