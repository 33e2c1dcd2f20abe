# SPDX-License-Identifier: Apache-2.0
"""Numbers as people read them, in the words of the `carousel` command."""

from __future__ import annotations

import math


def _three_digits(value: float) -> str:
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f}"


def time_text(seconds: float) -> str:
    """"12.3 µs"."""
    if not math.isfinite(seconds):
        return "-"
    for limit, factor, unit in ((999.5e-9, 1e9, "ns"), (999.5e-6, 1e6, "µs"), (999.5e-3, 1e3, "ms")):
        if seconds < limit:
            return f"{_three_digits(seconds * factor)} {unit}"
    return f"{_three_digits(seconds)} s"


def rate_text(per_second: float) -> str:
    """"81.4 k/s"."""
    if not math.isfinite(per_second):
        return "-"
    for limit, factor, unit in ((999.5, 1.0, "/s"), (999.5e3, 1e3, "k/s")):
        if per_second < limit:
            return f"{_three_digits(per_second / factor)} {unit}"
    return f"{_three_digits(per_second / 1e6)} M/s"


def bytes_text(count: float) -> str:
    """"1.5 MiB"."""
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    unit = 0
    while count >= 1023.5 and unit + 1 < len(units):
        count /= 1024
        unit += 1
    return (f"{count:.0f}" if unit == 0 else _three_digits(count)) + f" {units[unit]}"


def percent_text(fraction: float) -> str:
    """0.123 -> "12 %"."""
    if not math.isfinite(fraction):
        return "-"
    return f"{fraction * 100:.{1 if fraction < 0.0995 else 0}f} %"


def error_text(value: float) -> str:
    """"1.2e-07", "0", "nan"."""
    return "0" if value == 0 else f"{value:.1e}"


def ulps_text(value: float) -> str:
    """Units in the last place."""
    if value < 9999.5:
        return f"{value:.{1 if value < 9.95 else 0}f}"
    return error_text(value)


def count_text(count: int, word: str) -> str:
    """"1 row", "2 rows"."""
    return f"{count} {word}" + ("" if count == 1 else "s")
