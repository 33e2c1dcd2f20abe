# SPDX-License-Identifier: Apache-2.0
"""python_blocks.py FILE...: every Python block of these Markdown files has to compile."""

import re
import sys

count = 0
for file in sys.argv[1:]:
    with open(file, encoding="utf-8") as page:
        for block in re.findall(r"^```python\n(.*?)^```", page.read(), re.DOTALL | re.MULTILINE):
            compile(block, f"{file}, a Python block", "exec")
            count += 1
if count == 0:
    sys.exit("no Python block found: they have become invisible to this check")
print(f"{count} Python blocks compile")
