# SPDX-License-Identifier: Apache-2.0
"""Whether the backends compute the same, on a network and data of your own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from carousel import _carousel
from carousel.command import command_part
from carousel.formats import count_text, error_text, percent_text, ulps_text
from carousel.frames import frames_of
from carousel.results import Result
from carousel.tables import Column, table_text


@dataclass(frozen=True)
class Agreement(Result):
    """How well two arrays agree, element by element."""

    ok: bool
    count: int  # elements compared
    outside: int  # elements outside their tolerance
    max_abs: float  # largest difference
    max_ulp: float  # the same in units in the last place
    nmse: float  # sum of squared differences as a share of the sum of squares
    share: float  # largest error as a part of its tolerance


@dataclass(frozen=True)
class Divergence(Result):
    """The first place where a single layer, given the right inputs and state, goes wrong."""

    layer: int
    layer_name: str
    direction: str
    step: int
    row: int
    unit: int
    quantity: str
    found: float
    expected: float
    tolerance: float
    text: str

    def __str__(self) -> str:
        return f"{self.text}: {self.quantity} is {self.found}, expected {self.expected}"


@dataclass(frozen=True)
class CheckedBackend(Result):
    """One backend on the whole model, against the reference if there is one."""

    id: str
    refusal: str  # why it cannot run the model
    failure: str  # what went wrong although it said that it can
    agreement: Agreement
    divergence: Divergence | None

    @property
    def ran(self) -> bool:
        """Whether it ran, so that `agreement` says something."""
        return not self.refusal and not self.failure

    def _row(self, number: int) -> list[str]:
        if not self.ran:
            verdict = "cannot run it" if self.refusal else "FAILED"
            return [str(number), self.id, "-", "-", "-", "-", verdict]
        agreement = self.agreement
        return [str(number), self.id, error_text(agreement.max_abs), ulps_text(agreement.max_ulp),
                error_text(agreement.nmse), percent_text(agreement.share), "ok" if agreement.ok else "FAILED"]


@dataclass(frozen=True)
class CheckedPair(Result):
    """Two backends that ran: the first against the second."""

    first: str
    second: str
    agreement: Agreement
    same_bits: bool
    divergence: Divergence | None


@dataclass(frozen=True)
class SequenceLoss(Result):
    """The difference of one sequence from that in float32."""

    name: str  # of an output, or of the recurrent layer whose outputs these are
    max_abs: float  # the largest difference
    sqnr_db: float  # 10 log10 of the squares of float32 over those of the differences


@dataclass(frozen=True)
class BitsPerSymbol(Result):
    """How well a network predicts the symbol after each that it reads: the mean of -log2 of its probability."""

    float32: float
    precision: float


@dataclass(frozen=True)
class PrecisionLoss(Result):
    """What a precision costs: the same network in float32 and in that precision, on the same data."""

    sequences: list[SequenceLoss]  # of recurrent layers, then outputs
    bits_per_symbol: BitsPerSymbol | None  # None: it predicts no symbols

    def __str__(self) -> str:
        columns = [Column("sequence", left=True), Column("max abs difference"), Column("SQNR")]
        rows = [[one.name, error_text(one.max_abs), f"{one.sqnr_db:.1f} dB"] for one in self.sequences]
        text = f"Against the same network in float32\n{table_text(columns, rows)}"
        if self.bits_per_symbol is None:
            return text
        bits = self.bits_per_symbol
        return f"{text}\nbits per symbol: {bits.precision:.6f}, {bits.precision - bits.float32:+.6f}"


@dataclass(frozen=True)
class CheckReport(Result):
    """What `check` and `cross_check` found."""

    ok: bool
    void_share: float  # share of the values of which agreement says nothing
    proves_nothing: bool
    steps: int
    batch: int
    against_oracle: bool
    backends: list[CheckedBackend]
    pairs: list[CheckedPair]
    problems: str  # a line for each
    loss: PrecisionLoss | None  # None: float32, or lengths were given
    work: str = ""
    input: str = ""

    def _results(self) -> str:
        columns = [Column("#"), Column("backend", left=True), Column("max abs error"), Column("max ULP"),
                   Column("NMSE"), Column("share of tolerance"), Column("verdict", left=True)]
        return table_text(columns, [one._row(k + 1) for k, one in enumerate(self.backends)])

    def _triangle(self) -> str:
        ids = [backend.id for backend in self.backends]
        found = {(pair.first, pair.second): error_text(pair.agreement.max_abs) + ("" if pair.agreement.ok else "!")
                 for pair in self.pairs}
        columns = [Column("#"), Column("max abs difference", left=True),
                   *(Column(str(k + 1)) for k in range(len(ids) - 1))]
        rows = [[str(b + 1), ids[b], *(found.get((ids[a], ids[b]), "-") if a < b else "" for a in range(len(ids) - 1))]
                for b in range(1, len(ids))]
        return table_text(columns, rows)

    def _verdict(self) -> str:
        if self.ok:
            return "All agree."
        if not self.proves_nothing:
            return "FAILED: see above."
        return (f"FAILED: this proves nothing of {percent_text(self.void_share)} of the outputs. "
                "Give data of your own.")

    def __str__(self) -> str:
        parts = [f"checking  {self.work}\ninput     {self.input}\nagainst   "
                 + ("the float64 oracle" if self.against_oracle else "each other")]
        if self.against_oracle:
            parts.append(self._results())
        if sum(backend.ran for backend in self.backends) > 1:
            parts.append("Each against each (0: the same bits)\n" + self._triangle())
        if self.problems:
            parts.append(self.problems.rstrip("\n"))
        if self.loss is not None:
            parts.append(str(self.loss))
        return "\n\n".join([*parts, self._verdict()])


def _named(report: CheckReport, model: _carousel.Model, what: str, seed: int) -> CheckReport:
    work = f"{model.source or 'model'}: {report.steps} steps × {count_text(report.batch, 'row')}, seed {seed}"
    return dataclasses.replace(report, work=work, input=what)


def check(model: _carousel.Model, inputs: Any = None, lengths: Any = None, *, backend: str = "auto", threads: int = 1,
          precision: str = "float32", layer_precisions: dict[str, str] | None = None, steps: int = 256, batch: int = 1, seed: int = 1,
          progress: Callable[[float], None] | None = None) -> CheckReport:
    """Compares every backend with a float64 oracle, then with each other.

    inputs: an array as a call of the network takes it, or a dict by name of arrays [steps, batch, size] (ids
        [steps, batch]); None: random numbers for so many steps and rows.
    lengths: integers [batch], real steps of each row.
    backend: "auto" (all), a family or an id.
    precision, layer_precisions: as for `prepare`. The oracle computes with the numbers that are stored; what they cost
        against float32 is `loss`, of which whole rows count only: None where lengths are given.
    progress: called with the share that is done.
    """
    frames, what = frames_of(model, inputs, steps, batch, seed)
    report: CheckReport = command_part("check")(model, frames, lengths, backend, threads, precision,
                                                layer_precisions or {}, progress)
    return _named(report, model, what, seed)


def cross_check(model: _carousel.Model, inputs: Any = None, lengths: Any = None, *, backend: str = "auto",
                threads: int = 1, precision: str = "float32", layer_precisions: dict[str, str] | None = None,
                tolerance: float | None = None, steps: int = 256, batch: int = 1, seed: int = 1,
                progress: Callable[[float], None] | None = None) -> CheckReport:
    """Compares the backends with each other, without an oracle; arguments as for `check`.

    tolerance: the largest difference that passes; None: what roundings make of this network on this input.
    """
    frames, what = frames_of(model, inputs, steps, batch, seed)
    report = _carousel.cross_check(model, frames, lengths, backend, threads, precision, layer_precisions or {},
                                   tolerance, progress)
    return _named(report, model, what, seed)
