# SPDX-License-Identifier: Apache-2.0
"""Which backend is fastest on a network of your own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from carousel import _carousel
from carousel.command import command_part
from carousel.formats import bytes_text, count_text, error_text, percent_text, rate_text, time_text
from carousel.frames import frames_of
from carousel.results import Result
from carousel.tables import Column, table_text


@dataclass(frozen=True)
class RankedBackend(Result):
    """How long one backend takes for one run of the whole work."""

    backend: str
    precision: str  # of the weights
    refusal: str  # why it cannot run the model; then nothing below counts
    seconds: float  # median
    half_width: float  # half the distance between the quartiles, in seconds
    samples: int
    scaled: bool  # too slow for the time to spend: timed on the first steps and scaled up
    memory_bytes: int  # packed weights
    sqnr_db: float  # what the precision costs: outputs over errors against the oracle on the weights as they are
    max_abs_error: float  # against the float64 oracle on the stored weights
    agrees: bool

    @property
    def ran(self) -> bool:
        """Whether it can run the model."""
        return not self.refusal

    @property
    def label(self) -> str:
        """"xsimd:avx2", "xsimd:avx2, float16"."""
        return self.backend if self.precision == "float32" else f"{self.backend}, {self.precision}"

    def _spread(self) -> str:
        if self.scaled:
            return "scaled"
        return "-" if self.samples < 3 else f"± {percent_text(self.half_width / self.seconds)}"


@dataclass(frozen=True)
class Roofline(Result):
    """The limits of one core, measured in turns with the backends."""

    isa: str
    flops_per_second: float
    peak_best: float
    reads: list[tuple[int, float]]  # (bytes, bytes per second)

    def __str__(self) -> str:
        text = f"{self.flops_per_second / 1e9:.0f} GFLOP/s ({self.isa}; at best {self.peak_best / 1e9:.0f})"
        return text + "".join(f", {bytes_text(size)} at {rate / 1e9:.0f} GB/s" for size, rate in self.reads)


@dataclass(frozen=True)
class RankReport(Result):
    """Backends by speed, the fastest first; what cannot run last."""

    work: str
    steps: int
    batch: int
    threads: int
    flops: float  # of one run
    roofline: Roofline
    least_seconds: float  # of one run, by the roofline
    checked_steps: int
    checked_rows: int
    layer_precisions: dict[str, str]  # exceptions
    winner: str | None  # the label of the fastest that agrees with the oracle
    all_agree: bool
    results: list[RankedBackend]
    input: str = ""

    def _columns(self) -> list[Column]:
        columns = [Column(" "), Column("backend", left=True), Column("precision", left=True), Column("time/run"),
                   Column("spread"), Column("steps"), Column("GFLOP/s"), Column("roofline"), Column("memory"),
                   Column("SQNR"), Column("max error"), Column("oracle", left=True)]
        if self.layer_precisions or any(one.precision != "float32" for one in self.results):
            return columns
        return [column for column in columns if column.title not in ("precision", "memory", "SQNR")]

    def _row(self, one: RankedBackend) -> dict[str, str]:
        """By the titles of columns."""
        row = {"backend": one.backend, "precision": one.precision}
        if not one.ran:
            return row | {"oracle": "cannot run it"}
        return row | {" ": "*" if one.label == self.winner else "", "time/run": time_text(one.seconds),
                      "spread": one._spread(), "steps": rate_text(self.steps / one.seconds),
                      "GFLOP/s": f"{self.flops / one.seconds / 1e9:.1f}",
                      "roofline": percent_text(self.least_seconds / one.seconds),
                      "memory": bytes_text(one.memory_bytes), "SQNR": f"{one.sqnr_db:.1f} dB",
                      "max error": error_text(one.max_abs_error), "oracle": "ok" if one.agrees else "WRONG"}

    def _table(self) -> str:
        columns, rows = self._columns(), [self._row(one) for one in self.results]
        none = {column.title: "-" for column in columns} | {" ": ""}
        return table_text(columns, [[(none | row)[column.title] for column in columns] for row in rows])

    def _winner_text(self) -> str:
        ran = [one for one in self.results if one.ran and one.agrees]
        if self.winner is None or not ran:
            return "No backend agrees with the oracle."
        text = f"* {self.winner} is the fastest"
        if len(ran) < 2:
            return text + "."
        first, second = ran[0], ran[1]
        if second.seconds - first.seconds <= first.half_width + second.half_width:
            return f"{text}, though within the noise of {second.label}."
        return f"{text}, {second.seconds / first.seconds:.2f} times as fast as {second.label}."

    def __str__(self) -> str:
        head = (f"ranking   {self.work}, {count_text(self.threads, 'thread')}\ninput     {self.input}\n"
                f"roofline  {self.roofline}, per core\n          at least {time_text(self.least_seconds)} "
                "for one run of this")
        tail = (f"{self._winner_text()}\nmax error: against the float64 oracle with the stored weights, on {self.checked_steps} steps × "
                f"{count_text(self.checked_rows, 'row')}.")
        refused = "".join(f"\n{one.label} cannot run it: {one.refusal}" for one in self.results if not one.ran)
        return f"{head}\n\n{self._table()}\n\n{tail}{refused}"


def rank(model: _carousel.Model, inputs: Any = None, *, backend: str = "auto", seconds: float = 5.0, threads: int = 1,
         precision: str | Sequence[str] = "float32", layer_precisions: dict[str, str] | None = None, steps: int = 256, batch: int = 1, seed: int = 1,
         progress: Callable[[float], None] | None = None) -> RankReport:
    """Times every backend, in turns, for about `seconds` seconds in all.

    inputs: as for `check`; None: random numbers for so many steps and rows.
    backend: "auto" (all), a family or an id.
    precision: how weights are stored: "float32", "float16", "bfloat16", "int8", several of them, or "all"; each backend is
        timed with each.
    layer_precisions: layers, by name, whose weights have another precision.
    """
    part = command_part("rank")
    frames, what = frames_of(model, inputs, steps, batch, seed)
    precisions = precision if isinstance(precision, str) else ",".join(precision)
    report: RankReport = part(model, frames, _carousel.select_backends(backend), precisions, layer_precisions or {},
                              seconds, threads, progress)
    return dataclasses.replace(report, input=what)
