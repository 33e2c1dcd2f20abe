# SPDX-License-Identifier: Apache-2.0
"""Models out of the weights of Keras layers, which itself is not needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from carousel import _carousel
from carousel.errors import Error, ErrorCode, refuse
from carousel.safetensors import to_bytes

# Cell, gates, and which of Keras's gates stands at each place of PyTorch's order (LSTM: i, f, c, o; GRU: z, r, h).
_CELLS = {"LSTM": ("lstm", 4, (0, 1, 2, 3)), "GRU": ("gru", 3, (1, 0, 2)), "SimpleRNN": ("rnn", 1, (0,))}
_FUNCTIONS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax", "elu": "Elu",
              "softplus": "Softplus", "softsign": "Softsign"}

_Arrays = Sequence[np.ndarray]
_Fields = dict[str, Any]


def from_keras_weights(layers: Sequence[tuple]) -> _carousel.Model:
    """A model of Keras layers that read one another, of what their `get_weights` gives.

        carousel.from_keras_weights([("LSTM", lstm.get_weights()), ("Dense", dense.get_weights(), "softmax")])

    Each layer is (kind, weights) or (kind, weights, activation). Kinds are "LSTM", "GRU", "SimpleRNN" (a
    Bidirectional one has twice as many arrays; of a GRU the bias tells reset_after, without one it is taken as
    Keras's default, true), "Dense" and "Embedding". The activation is that of a "Dense" (none without it) or of
    a "SimpleRNN" ("tanh"); LSTM and GRU have their usual ones. The network is batch_first like Keras, and gives
    all steps where Keras gives the last one (return_sequences=False).
    """
    specs: list[_Fields] = []
    tensors: dict[str, np.ndarray] = {}
    for number, (kind, weights, *activation) in enumerate(layers):
        arrays = [np.asarray(array, dtype=np.float32) for array in weights]
        maker = _MAKERS.get(kind)
        if maker is None:
            raise Error(ErrorCode.UNSUPPORTED, f"from_keras_weights: layer {number} is a {kind}; "
                                               f"there are {', '.join(_MAKERS)}")
        for spec, roles in maker(kind, arrays, activation[0] if activation else None, f"layer {number} ({kind})"):
            name = f"layer{len(specs)}"
            specs.append({"name": name, **spec})
            tensors.update({f"{name}.{role}": array for role, array in roles.items()})
    metadata = {"carousel.layers": json.dumps(specs)}
    model = _carousel.load_bytes(to_bytes(tensors, metadata, frozenset()), "Keras weights")
    model.batch_first = True
    return model


def _function(name: str, where: str) -> str:
    if name not in _FUNCTIONS:
        raise Error(ErrorCode.UNSUPPORTED,
                    f"from_keras_weights: {where}: there is no activation '{name}'; there are {', '.join(_FUNCTIONS)}")
    return _FUNCTIONS[name]


def _in_gate_order(array: np.ndarray, gates: Sequence[int]) -> np.ndarray:
    """Keras has gates along the last axis; here they are rows of the transposed array."""
    parts = np.split(array, len(gates), axis=-1)
    return np.ascontiguousarray(np.concatenate([parts[gate] for gate in gates], axis=-1).T)


def _direction(arrays: _Arrays, gates: Sequence[int], ending: str) -> dict[str, np.ndarray]:
    roles = {f"weight_ih{ending}": _in_gate_order(arrays[0], gates),
             f"weight_hh{ending}": _in_gate_order(arrays[1], gates)}
    if len(arrays) == 3:
        bias = arrays[2]
        both = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
        roles[f"bias_ih{ending}"] = _in_gate_order(both[0], gates)
        roles[f"bias_hh{ending}"] = _in_gate_order(both[1], gates)
    return roles


def _recurrent(kind: str, arrays: _Arrays, activation: str | None, where: str) -> list[tuple[_Fields, dict]]:
    cell, gate_count, gates = _CELLS[kind]
    if len(arrays) not in (2, 3, 4, 6):
        raise refuse(f"from_keras_weights: {where}: has {len(arrays)} arrays; expected kernel, recurrent kernel and "
                     "bias, or twice as many of a bidirectional one")
    count = len(arrays) if len(arrays) < 4 else len(arrays) // 2
    directions = [arrays[:count], arrays[count:]] if len(arrays) >= 4 else [arrays]
    hidden = directions[0][1].shape[0]
    for array in (array for one in directions for array in one):
        if array.shape[-1] != gate_count * hidden:
            raise refuse(f"from_keras_weights: {where}: an array is {list(array.shape)}; its last axis should be "
                         f"{gate_count} * {hidden}")
    spec: _Fields = {"kind": "recurrent", "cell": cell, "input_size": directions[0][0].shape[0],
                     "hidden_size": hidden, "bias": count == 3}
    if len(directions) == 2:
        spec["direction"] = "bidirectional"
    if cell == "gru" and count == 3 and directions[0][2].ndim == 1:
        spec["linear_before_reset"] = False
    if activation is not None and activation != "tanh":
        if cell != "rnn":
            raise Error(ErrorCode.UNSUPPORTED, f"from_keras_weights: {where}: activation '{activation}'; "
                                               "LSTM and GRU have their usual ones here")
        spec["activations"] = [[{"name": _function(activation, where)}]] * len(directions)
    roles: dict[str, np.ndarray] = {}
    for one, ending in zip(directions, ("", "_reverse")):
        roles |= _direction(one, gates, ending)
    return [(spec, roles)]


def _dense(kind: str, arrays: _Arrays, activation: str | None, where: str) -> list[tuple[_Fields, dict]]:
    if len(arrays) not in (1, 2) or arrays[0].ndim != 2:
        raise refuse(f"from_keras_weights: {where}: expected a kernel [inputs, outputs] and a bias")
    inputs, outputs = arrays[0].shape
    roles = {"weight": np.ascontiguousarray(arrays[0].T)}
    if len(arrays) == 2:
        roles["bias"] = arrays[1]
    layers = [({"kind": "dense", "input_size": inputs, "output_size": outputs, "bias": len(arrays) == 2}, roles)]
    if activation is not None and activation != "linear":
        function = {"name": _function(activation, where)}
        layers.append(({"kind": "activation", "function": function, "size": outputs}, {}))
    return layers


def _embedding(kind: str, arrays: _Arrays, activation: str | None, where: str) -> list[tuple[_Fields, dict]]:
    if len(arrays) != 1 or arrays[0].ndim != 2:
        raise refuse(f"from_keras_weights: {where}: expected one array [ids, size]")
    ids, size = arrays[0].shape
    return [({"kind": "embedding", "num_embeddings": ids, "embedding_dim": size}, {"weight": arrays[0]})]


_MAKERS: dict[str, Callable[..., list[tuple[_Fields, dict]]]] = {
    **dict.fromkeys(_CELLS, _recurrent), "Dense": _dense, "Embedding": _embedding}
