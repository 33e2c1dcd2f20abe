# SPDX-License-Identifier: Apache-2.0
"""What all results have in common."""

from __future__ import annotations

import dataclasses
from typing import Any


class Result:
    """A dataclass with figures."""

    def to_dict(self) -> dict[str, Any]:
        """The same as dicts, lists, numbers and texts (arrays stay arrays)."""
        return {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}


def _plain(value: Any) -> Any:
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
