#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""one_command_per_file.py FROM_DIR TO_DIR [FILE...]

Copies compile_commands.json with one entry for each source of ours, and prints the sources (those
among FILE, if given).
"""
import json
import pathlib
import sys


def main():
    from_dir, to_dir, *wanted = sys.argv[1:]
    root = pathlib.Path.cwd()
    entries = {}
    for entry in json.loads((pathlib.Path(from_dir) / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if source.is_relative_to(root) and not source.is_relative_to(root / "build"):
            entries[source] = entry  # the last one: the widest instruction set
    (pathlib.Path(to_dir) / "compile_commands.json").write_text(json.dumps(list(entries.values())))

    chosen = {pathlib.Path(name).resolve() for name in wanted}
    for source in entries:
        if not chosen or source in chosen:
            print(source.relative_to(root))


main()
