# SPDX-License-Identifier: Apache-2.0
"""What models and networks say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.results import Result


@dataclass(frozen=True)
class Port(Result):
    """An input or an output."""

    name: str
    size: int  # features of a frame; 1 for ids
    axes: str  # how an array of `run` has them: "[batch, steps, 3]"
    ids: bool = False  # integers for an embedding
    id_count: int = 0  # ids are below it; 0: nothing says how many there are
    one_step: bool = False  # a single step, however many the other inputs have
    optional: bool = False  # may be left out of a run: it only sets states, or is the lengths

    def __str__(self) -> str:
        kind = "ids" if self.ids else "float32"
        return f"{self.name}: {kind} {self.axes}" + (", optional" if self.optional else "")


@dataclass(frozen=True)
class Layer(Result):
    """A layer of a model."""

    name: str  # "lstm.l0"
    kind: str  # "recurrent", "dense", ...
    description: str  # "LSTM 128 -> 256, bidirectional"
    parameters: int  # how many weights it has

    def __str__(self) -> str:
        return f"{self.name}: {self.description}"
