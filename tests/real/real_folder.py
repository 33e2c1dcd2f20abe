# SPDX-License-Identifier: Apache-2.0
"""The folder of networks and cases that this project did not make, for the tests in Python; see real_folder.hpp."""

import os
import pathlib
import sys

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
ROOT = pathlib.Path(__file__).resolve().parents[2]


def skip(reason):
    print(f"Skipped: {reason}")
    sys.exit(SKIPPED)


def real_folder():
    return pathlib.Path(os.environ.get("CAROUSEL_REAL_DIR") or ROOT.parent / "shared" / "real")


def need_real(name):
    """`name` in that folder; ends the test as skipped where it is missing."""
    path = real_folder() / name
    if not path.exists():
        skip(f"needs {path}; set CAROUSEL_REAL_DIR to the folder that has it")
    return path


def need_modules(*names):
    for name in names:
        try:
            __import__(name)
        except ImportError:
            skip(f"needs Python's {name}")
