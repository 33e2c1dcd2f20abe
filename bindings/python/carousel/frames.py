# SPDX-License-Identifier: Apache-2.0
"""The sequences that check, rank and trace run on: [steps, batch, features] by the names of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from carousel import _carousel
from carousel.errors import refuse

Frames = dict[str, np.ndarray]


def frames_of(model: _carousel.Model, inputs: Any, steps: int, batch: int, seed: int) -> tuple[Frames, str]:
    """What a caller gave, or made-up numbers for None; and what it is, for people."""
    if inputs is None:
        return _random_frames(model, steps, batch, seed), f"random, seed {seed}"
    if isinstance(inputs, Mapping):
        return {name: np.asarray(array) for name, array in inputs.items()}, "given"
    if len(model.inputs) > 1:
        names = ", ".join(port.name for port in model.inputs)
        raise refuse(f"the model has several inputs: give a dict of arrays [steps, batch, size] by name ({names})")
    return {model.inputs[0].name: _one_sequence(model, np.asarray(inputs))}, "given"


def _one_sequence(model: _carousel.Model, x: np.ndarray) -> np.ndarray:
    """In the order of a call, as [steps, batch, features]."""
    batched = 2 if model.inputs[0].ids else 3
    if model.batch_first is None:
        raise refuse("the model's file has axes in an order of its own: give a dict of arrays "
                     "[steps, batch, size] by name")
    if x.ndim == batched - 1:
        return x[:, np.newaxis]
    if x.ndim != batched:
        raise refuse(f"x: has {x.ndim} axes; expected {batched}, or {batched - 1} without rows")
    return np.swapaxes(x, 0, 1) if model.batch_first else x


def _uniform(start: int, count: int) -> np.ndarray:
    """SplitMix64 (Steele, Lea & Flood 2014) in [0, 1), the numbers of the `carousel` command, from the
    state `start`. https://prng.di.unimi.it/splitmix64.c"""
    z = np.uint64(start) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _random_frames(model: _carousel.Model, steps: int, batch: int, seed: int) -> Frames:
    ports = model.inputs
    if len(ports) > 1:
        optional = {port.name: port.optional for port in _carousel.prepare(model, backend="scalar", plan="fixed").inputs}
        ports = [port for port in ports if not optional[port.name]]
    frames, drawn = {}, 0
    for port in ports:
        shape = (1 if port.one_step else steps, batch) + (() if port.ids else (port.size,))
        count = int(np.prod(shape))
        start = (seed + 1 + drawn * 0x9E3779B97F4A7C15) % 2**64
        numbers = _uniform(start, count).reshape(shape)
        drawn += count
        if port.ids:
            frames[port.name] = (numbers * (port.id_count or 16)).astype(np.int32)
        else:
            frames[port.name] = (2 * numbers - 1).astype(np.float32)
    return frames
