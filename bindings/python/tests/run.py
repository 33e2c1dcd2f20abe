# SPDX-License-Identifier: Apache-2.0
"""run.py TEST.py: runs its tests. Exit code 77 where NumPy, or a module that all of its tests need, is missing."""

import importlib.util
import pathlib
import sys
import unittest


def main():
    try:
        import numpy  # noqa: F401
    except ImportError:
        print("skipped: needs NumPy (python3-numpy)")
        return 77
    file = pathlib.Path(sys.argv[1])
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except unittest.SkipTest as reason:
        print(f"skipped: {reason}")
        return 77
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromModule(module))
    if result.testsRun == 0:
        print("there is no test in it")
        return 1
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":  # and not in processes that a test starts
    sys.exit(main())
