#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check_cases.py CAROUSEL graphs|networks: that folder's cases by its own script, on `auto` and on every backend.

A backend may refuse a layer by name, which `auto` may not. Exit code 77 where the folder or a module is missing."""

import json
import subprocess
import sys

from real_folder import need_modules, need_real

REFUSALS = ("no backend of '", "runs this layer")


def available(command):
    found = subprocess.run([command, "backends", "--json"], capture_output=True, text=True, check=True)
    return [each["name"] for each in json.loads(found.stdout)["backends"] if each["available"]]


def is_right(line, backend):
    """`line` is what the script prints of a case: its name, the error, and what is wrong."""
    _, figure, *why = line.split(maxsplit=2)
    may_refuse = backend != "auto" and figure == "refused"
    return not why or (may_refuse and all(words in why[0] for words in REFUSALS))


def check(script, command, folder, backend):
    """How many cases the backend got wrong; prints them all."""
    options = [] if backend == "auto" else ["--backend", backend]
    print(f"--- {backend}", flush=True)
    done = subprocess.run([sys.executable, script, command, folder, *options], capture_output=True, text=True)
    print(done.stdout + done.stderr)
    cases = done.stdout.splitlines()[:-1]  # the last line is the sum
    assert cases, "the script ran no case"
    return sum(not is_right(line, backend) for line in cases)


def main():
    command, name = sys.argv[1:]
    need_modules("numpy", "onnx")
    script, folder = need_real("check_cases.py"), need_real(name)
    wrong = {backend: check(script, command, folder, backend) for backend in ["auto", *available(command)]}
    failed = {backend: count for backend, count in wrong.items() if count}
    sys.exit(f"cases that are not right: {failed}" if failed else 0)


main()
