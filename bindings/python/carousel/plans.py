# SPDX-License-Identifier: Apache-2.0
"""Which backend, threads and tiling each layer gets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from carousel import _carousel
from carousel.formats import count_text, time_text
from carousel.results import Result
from carousel.tables import Column, table_text


@dataclass(frozen=True)
class Candidate(Result):
    """One way to run a layer, and what the planner made of it. Times are of one run; 0: not known."""

    backend: str
    threads: int
    tiling: str
    runs: bool
    predicted_seconds: float
    measured_seconds: float
    spread: float
    verdict: str

    def _row(self, chosen: bool) -> list[str]:
        def time(seconds: float) -> str:
            return time_text(seconds) if seconds > 0 else "-"

        return ["*" if chosen else "", self.backend, str(self.threads) if self.runs else "",
                (self.tiling or "-") if self.runs else "", time(self.predicted_seconds),
                time(self.measured_seconds), self.verdict]


@dataclass(frozen=True)
class LayerPlan(Result):
    """How one layer is executed, and why."""

    name: str
    spec: str
    backend: str
    threads: int
    tiling: str
    precision: str  # of its weights
    source: str  # "fixed", "cost model", "wisdom" or "measured"
    reason: str
    memory_bytes: int  # packed weights; 0 from `explain`
    flops_per_row: float
    candidates: list[Candidate]  # the chosen one first

    def __str__(self) -> str:
        choice = self.backend + (f" × {self.threads}" if self.threads > 1 else "")
        tiling = f", {self.tiling}" if self.tiling else ""
        stored = "" if self.precision == "float32" else f", in {self.precision}"
        text = f"layer {self.name}: {self.spec}{stored}\n{choice}{tiling}, by {self.source}: {self.reason}"
        if self.flops_per_row == 0:  # there is nothing to compare
            return text
        columns = [Column(" "), Column("backend", left=True), Column("threads"),
                   Column("tiling", left=True), Column("predicted"), Column("measured"),
                   Column("because", left=True)]
        rows = [one._row(k == 0) for k, one in enumerate(self.candidates)]
        return f"{text}\n{table_text(columns, rows)}"


@dataclass(frozen=True)
class PlanReport(Result):
    """What `prepare` would do with these options."""

    plan: str
    batch: int
    steps: int
    threads: int
    layers: list[LayerPlan]

    def __str__(self) -> str:
        head = (f"planned for batch {self.batch}, {self.steps} steps, up to "
                f"{count_text(self.threads, 'thread')} (--plan {self.plan})")
        return "\n\n".join([head, *map(str, self.layers)])


def _options(backend: str, threads: int, batch: int, steps: int, plan: str, precision: str,
             layer_precisions: dict[str, str] | None, seconds_per_layer: float, cross_check: bool,
             wisdom: str | os.PathLike[str] | None) -> dict[str, Any]:
    options = dict(backend=backend, threads=threads, batch=batch, steps=steps, plan=plan, precision=precision,
                   layer_precisions=layer_precisions or {}, seconds_per_layer=seconds_per_layer, cross_check=cross_check)
    return options if wisdom is None else options | {"wisdom": os.fspath(wisdom)}


def prepare(model: _carousel.Model, *, backend: str = "", threads: int = 1, batch: int = 1, steps: int = 64,
            plan: str = "estimate", precision: str = "float32", layer_precisions: dict[str, str] | None = None,
            seconds_per_layer: float = 0.5, cross_check: bool = False, wisdom: str | os.PathLike[str] | None = None) -> _carousel.Network:
    """Packs a model for this CPU.

    backend: "auto", a family ("xsimd") or an id ("xsimd:avx2"); "": the environment variable
        CAROUSEL_BACKEND, else "auto". Anything but "auto" is binding.
    threads: how many one run may use.
    batch, steps: the rows and steps of a run that are expected: a hint, no limit.
    plan: "fixed", "estimate", "measure" or "wisdom-only": how to choose where there is a choice.
    seconds_per_layer: how long "measure" may take for each kind of layer, in seconds.
    precision: "float32", "float16", "bfloat16" or "int8": how weights are stored and multiplied.
    layer_precisions: layers, by name, whose weights have another precision.
    cross_check: whether a backend has to agree with the scalar one before it is taken for its speed.
    wisdom: the file that keeps what was measured.
    """
    return _carousel.prepare(model, **_options(backend, threads, batch, steps, plan, precision, layer_precisions,
                                               seconds_per_layer, cross_check, wisdom))


def explain(model: _carousel.Model, *, backend: str = "", threads: int = 1, batch: int = 1, steps: int = 64,
            plan: str = "estimate", precision: str = "float32", layer_precisions: dict[str, str] | None = None,
            seconds_per_layer: float = 0.5, cross_check: bool = False, wisdom: str | os.PathLike[str] | None = None) -> PlanReport:
    """What `prepare` would do with these options and why, with the backends that cannot run here."""
    layers = _carousel.explain(model, **_options(backend, threads, batch, steps, plan, precision, layer_precisions,
                                                 seconds_per_layer, cross_check, wisdom))
    return PlanReport(plan, batch, steps, threads, layers)
