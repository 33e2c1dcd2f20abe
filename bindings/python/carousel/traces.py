# SPDX-License-Identifier: Apache-2.0
"""What happens inside a network while it reads one sequence."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from carousel import _carousel
from carousel.command import command_part
from carousel.formats import percent_text
from carousel.frames import frames_of
from carousel.results import Result
from carousel.tables import Column, table_text


@dataclass(frozen=True)
class Signal(Result):
    """A gate, a state or the output of one direction of a layer."""

    key: str  # "f": what the equations call it
    title: str  # "forget gate"
    caption: str
    gate: bool  # whether its values are between 0 and 1
    keeps: bool  # whether it decides how much of a unit's state is kept
    values: np.ndarray  # float64 [steps, units]


@dataclass(frozen=True)
class TracedLayer(Result):
    """One direction of one recurrent layer."""

    name: str  # "lstm.l0", "lstm.l1, reverse"
    spec: str
    signals: dict[str, Signal]  # by key, in the order of the equations
    shown: list[int]  # units worth drawing, the longest memory first
    featured: int  # the unit to look at closely

    def __getitem__(self, key: str) -> np.ndarray:
        """The values of a signal, float64 [steps, units]."""
        return self.signals[key].values


@dataclass(frozen=True)
class Trace(Result):
    """Every gate and state of every recurrent layer, from the float64 oracle."""

    title: str
    symbols: list[str]  # of each step: a character, an id, or its number
    surprise: list[float]  # bits that each symbol but the first cost; empty unless the network predicts them
    layers: list[TracedLayer]
    page: Any  # what `save` writes

    def __getitem__(self, layer: str) -> TracedLayer:
        """The layer of that name."""
        for one in self.layers:
            if one.name == layer:
                return one
        raise KeyError(f"{layer}; there are {', '.join(one.name for one in self.layers)}")

    def to_dict(self) -> dict[str, Any]:
        """The same as dicts, lists, numbers, texts and arrays, without the page."""
        fields = super().to_dict()
        del fields["page"]
        return fields

    def save(self, file: str | os.PathLike[str]) -> None:
        """Writes the page of `carousel trace --html`: one file that needs nothing from elsewhere."""
        with open(file, "w", encoding="utf-8") as page:
            page.write(self.page.html())

    def __str__(self) -> str:
        columns = [Column("layer", left=True), Column("what", left=True), Column("mean"), Column("below 0.05"),
                   Column("above 0.95")]
        rows = [[layer.name, f"{signal.title} {signal.key}", f"{signal.values.mean():.3f}",
                 percent_text(float((signal.values < 0.05).mean())), percent_text(float((signal.values > 0.95).mean()))]
                for layer in self.layers for signal in layer.signals.values() if signal.gate]
        return table_text(columns, rows)


def trace(model: _carousel.Model, inputs: Any, *, layers: Sequence[str] = (), units: Sequence[int] = ()) -> Trace:
    """Looks into a network while it reads one sequence.

    inputs: a text, for models with a vocabulary; float32 [steps, input_size]; or ids [steps].
    layers: names of layers; none: all.
    units: those that the page draws; none: some that remember for long.
    """
    part = command_part("trace")
    given = encode(model, inputs) if isinstance(inputs, str) else inputs
    frames, _ = frames_of(model, given, 0, 1, 0)
    return part(model, frames, list(layers), list(units))


def encode(model: _carousel.Model, text: str) -> np.ndarray:
    """The ids of a text's characters, int32 [characters], by the model's own vocabulary."""
    return command_part("encode")(model, text)
