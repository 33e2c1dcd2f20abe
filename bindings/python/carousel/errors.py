# SPDX-License-Identifier: Apache-2.0
"""What the package raises."""

from __future__ import annotations

import enum


class ErrorCode(enum.IntEnum):
    """What kind of thing went wrong; the numbers are those of `carousel_status` in C."""

    INVALID_ARGUMENT = 1  # a value, size or name that a caller gave breaks a rule
    BAD_FORMAT = 2  # the contents of a file break a rule of its format
    UNSUPPORTED = 3  # well-formed, but no backend, format or build here can do it
    OUT_OF_MEMORY = 4
    INTERNAL = 5  # a mistake in Carousel: please report it
    FILE_NOT_FOUND = 6
    FILE_ACCESS = 7  # the file exists but cannot be read, or it cannot be written
    PLUGIN_FAILED = 8  # a plug-in cannot be loaded, or did not keep its contract


class Error(RuntimeError):
    """Names the file, tensor, shape or option concerned and the rule it broke; `code` is for programs."""

    code: ErrorCode

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = ErrorCode(code)

    def __reduce__(self) -> tuple[type[Error], tuple[int, str]]:
        # Workers of other processes send their errors to the one that waits for them.
        return (type(self), (int(self.code), str(self)))


def refuse(message: str) -> Error:
    """The error for an argument that breaks a rule."""
    return Error(ErrorCode.INVALID_ARGUMENT, message)
