# SPDX-License-Identifier: Apache-2.0
"""What this CPU can run."""

from __future__ import annotations

from dataclasses import dataclass

from carousel import _carousel
from carousel.formats import bytes_text
from carousel.results import Result
from carousel.tables import Column, table_text


@dataclass(frozen=True)
class Cpu(Result):
    """The CPU of this machine; caches in bytes, 0 where it does not tell."""

    vendor: str
    brand: str
    features: list[str]
    l1d_bytes: int
    l2_bytes: int
    l3_bytes: int

    def __str__(self) -> str:
        def size(count: int) -> str:
            return bytes_text(count) if count > 0 else "unknown"

        return (
            f"CPU       {self.brand or self.vendor}\n"
            f"features  {' '.join(self.features)}\n"
            f"caches    L1d {size(self.l1d_bytes)}, L2 {size(self.l2_bytes)} per core; "
            f"L3 {size(self.l3_bytes)} shared"
        )


@dataclass(frozen=True)
class BackendInfo(Result):
    """A way to execute layers, or the reason why there is none."""

    name: str  # "xsimd:avx2": what `prepare` takes as `backend`
    available: bool
    reason: str  # why it cannot run here
    description: str
    version: str
    plugin: str  # the plug-in's file; empty: built in

    def _about(self) -> str:
        if not self.available:
            return self.reason
        return self.description + (f" (plug-in {self.plugin})" if self.plugin else "")


@dataclass(frozen=True)
class BackendsReport(Result):
    """Every backend in the order in which "auto" tries them."""

    cpu: Cpu
    backends: list[BackendInfo]

    def names(self) -> list[str]:
        """Those that this CPU can run."""
        return [backend.name for backend in self.backends if backend.available]

    def __str__(self) -> str:
        columns = [Column("backend", left=True), Column("runs", left=True),
                   Column("what it is, or why not", left=True)]
        rows = [[one.name, "yes" if one.available else "no", one._about()] for one in self.backends]
        return f"{self.cpu}\n\n{table_text(columns, rows)}"


def backends() -> BackendsReport:
    """What this CPU can run, and why not more."""
    return BackendsReport(_carousel.cpu(), _carousel.backend_infos())
