# SPDX-License-Identifier: Apache-2.0
"""Parts of the `carousel` command that a build may lack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from carousel import _carousel
from carousel.errors import Error, ErrorCode


def command_part(name: str) -> Callable[..., Any]:
    """The function of that name of the extension. Raises Error where it is not part of the build."""
    part = getattr(_carousel, name, None)
    if part is None:
        raise Error(ErrorCode.UNSUPPORTED, f"{name}: this build has no parts of the carousel command "
                                           "(CAROUSEL_BUILD_CLI=OFF)")
    return part
