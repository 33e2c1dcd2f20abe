# SPDX-License-Identifier: Apache-2.0
"""run_blocks.py PAGE.md: runs the Python of a page, as it stands there, one block after the other with the names of
those before. A block whose first comment is "# needs MODULE" is left out, visibly, where there is no such module.
Exit code 77 without NumPy."""

import importlib.util
import os
import pathlib
import re
import sys
import tempfile

try:
    import numpy  # noqa: F401
except ImportError:
    print("skipped: needs NumPy (python3-numpy)")
    sys.exit(77)


def missing_module(block):
    needs = re.match(r"# needs (\w+)", block)
    return needs and importlib.util.find_spec(needs.group(1)) is None and needs.group(1)


def main():
    page = pathlib.Path(sys.argv[1])
    text = page.read_text(encoding="utf-8")
    blocks = [(text[:found.start(1)].count("\n"), found.group(1))
              for found in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)]
    if not blocks:
        sys.exit(f"{page}: no Python block found: they have become invisible to this test")
    names = {"__name__": "__main__"}
    models = pathlib.Path(os.environ["CAROUSEL_SOURCE_DIR"]) / "models"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.symlink(models, "models")
        for line, block in blocks:
            module = missing_module(block)
            if module:
                print(f"{page.name}, line {line}: left out, there is no {module}")
                continue
            exec(compile("\n" * line + block, str(page), "exec"), names)
        os.chdir("/")
    print(f"{len(blocks)} blocks")


if __name__ == "__main__":  # and not in processes that a block starts
    main()
