#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py BUILD_DIR WORK_DIR [FILE...]

Runs clang-tidy over sources in BUILD_DIR/compile_commands.json: over FILEs, each by itself, or over
the library. Most of clang-tidy's time goes into the standard library's headers, so the library is
read in batches: a file that includes several sources which are compiled alike. Where a batch finds
something, its sources are read again one by one, which decides: names of two sources may clash.
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

LIBRARY = ("core", "backends")
MOST_IN_A_BATCH = 16


def compile_commands(build, root):
    """One entry per source of ours: kernels are compiled once per instruction set, but one reading
    is enough (the last one's: the widest)."""
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if source.is_relative_to(root) and not source.is_relative_to(root / "build"):
            entries[source] = entry
    return entries


def flags(entry):
    """The command without what names the source and the object."""
    words = shlex.split(entry["command"])
    named = {words[i + 1] for i, word in enumerate(words) if word in ("-o", "-MF", "-MT")}
    return tuple(word for word in words if word not in named and word != entry["file"])


def make_batches(sources, entries, folder):
    """Lists of sources, with a file to read and its entry in place of those that have company."""
    alike = {}
    for source in sorted(sources):
        alike.setdefault(flags(entries[source]), []).append(source)
    folder.mkdir(parents=True, exist_ok=True)
    batches = {}
    for group in alike.values():
        for first in range(0, len(group), MOST_IN_A_BATCH):
            members = group[first:first + MOST_IN_A_BATCH]
            file = members[0]
            if len(members) > 1:
                file = folder / f"batch_{len(batches)}.cpp"
                file.write_text("".join(
                    f'#include "{each}"  // NOLINT(bugprone-suspicious-include)\n' for each in members))
                command = shlex.join(flags(entries[members[0]]) + (str(file),))
                entries[file] = {"directory": entries[members[0]]["directory"],
                                 "command": command, "file": str(file)}
            batches[file] = members
    return batches


def tidy(file, work):
    return subprocess.run(
        ["clang-tidy", "-p", str(work), "--quiet", "--extra-arg=-Wno-unknown-warning-option", str(file)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def check(file, members, work):
    """Whether all is well; prints what is not."""
    batch = tidy(file, work)
    if batch.returncode == 0 or len(members) == 1:
        print(batch.stdout if batch.returncode else "", end="", flush=True)
        return batch.returncode == 0
    good = all([check(member, [member], work) for member in members])
    if good:
        clash = next((line for line in batch.stdout.splitlines() if " error: " in line), "")
        print(f"read one by one, which takes longer, since names clash: {clash}", flush=True)
    return good


def main():
    build, work, *wanted = (pathlib.Path(name).resolve() for name in sys.argv[1:])
    root = pathlib.Path.cwd()
    entries = compile_commands(build, root)
    if wanted:
        batches = {source: [source] for source in entries if source in wanted}
    else:
        library = [each for each in entries if each.relative_to(root).parts[0] in LIBRARY]
        batches = make_batches(library, entries, work / "batches")
    if not batches:
        sys.exit("tidy.py: nothing to read")
    work.mkdir(parents=True, exist_ok=True)
    (work / "compile_commands.json").write_text(json.dumps(list(entries.values())))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda batch: check(*batch, work), batches.items()))
    sys.exit(not all(results))


main()
