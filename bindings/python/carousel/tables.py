# SPDX-License-Identifier: Apache-2.0
"""Tables as the `carousel` command prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_MOST_COLUMNS = 100
_LEAST_WRAP_WIDTH = 24


@dataclass(frozen=True)
class Column:
    """A heading, and on which side the cells are aligned."""

    title: str
    left: bool = False


def _wrap(text: str, width: int, indent: int) -> str:
    """The text broken at spaces into lines of at most `width` columns, later ones indented."""
    lines, used = [""], 0
    for word in text.split():
        if used > 0 and used + 1 + len(word) > width:
            lines.append(" " * indent)
            used = 0
        lines[-1] += (" " if used > 0 else "") + word
        used += len(word) + (1 if used > 0 else 0)
    return "\n".join(lines)


def _last_cell(cell: str, at: int) -> str:
    room = max(_MOST_COLUMNS - min(at, _MOST_COLUMNS), _LEAST_WRAP_WIDTH)
    return _wrap(cell, room, at) if len(cell) > room else cell


def table_text(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """Aligned lines; a long last column is wrapped at 100 columns."""
    lines = [[column.title for column in columns], *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(columns))]
    texts = []
    for line in lines:
        text = ""
        for k, (column, cell) in enumerate(zip(columns, line)):
            text += "  " if k > 0 else ""
            if k + 1 == len(columns) and column.left:
                text += _last_cell(cell, len(text))
            else:
                text += cell.ljust(widths[k]) if column.left else cell.rjust(widths[k])
        texts.append(text.rstrip(" "))
    return "\n".join(texts)
