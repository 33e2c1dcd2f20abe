#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Scores a folder of sequences with Carousel on the workers of a Dask cluster; see README.md."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import dask.distributed

import scoring

EPILOG = """\
Every .npy file below INPUTS is a sequence: float32 [steps, input_size], or integers [steps] for a network that reads
ids. OUTPUTS gets a part-*.npz for each partition, with the outputs [steps, output_size] by the names of the inputs, and
at the end summary.json, which names every file that could not be scored, and why. `scoring.results(OUTPUTS)` reads all.

Run it again after whatever ended it: what is done is checked against model and inputs by SHA-256, and kept. Which
workers there are, and how many, changes no bit of any output; so all of them have to run the same kernels.

examples:
  score.py model.safetensors --input features/ --output scores/
  score.py model.safetensors --input features/ --output scores/ --workers 2 --threads 4
  score.py model.onnx --input features/ --output scores/ --scheduler tcp://head:8786    (dask-scheduler, dask-worker)
  score.py model.safetensors --input features/ --output scores/ --backend xsimd:avx2    (CPUs of several kinds)

exit codes: 0 all scored; 1 some inputs were not, by name on standard error; 2 nothing was scored: bad arguments
"""

# Bytes of inputs for each partition; more partitions than this asks for where inputs are few.
PARTITION_BYTES = 32 << 20
LEAST_PARTITIONS = 16


@dataclass
class Outcome:
    """What became of a run."""

    scored: int = 0
    frames: int = 0
    reused: int = 0  # partitions
    seconds: float = 0
    cpu_seconds: float = 0
    failures: dict[str, str] = field(default_factory=dict)


def existing_partitions(folder: pathlib.Path) -> set[int]:
    """Into how many partitions earlier runs divided what they left there."""
    counts = (re.fullmatch(r"part-\d+-of-(\d+)\.npz", path.name) for path in folder.glob("part-*.npz"))
    return {int(count.group(1)) for count in counts if count}


def choose_partitions(given: int | None, folder: pathlib.Path, inputs: scoring.Inputs) -> int:
    """What was asked for, what earlier results have, or what the inputs ask for."""
    there = existing_partitions(folder)
    if len(there) > 1 or (given is not None and there - {given}):
        counts = ", ".join(map(str, sorted(there)))
        raise scoring.Refused(f"--output {folder}: has results of {counts} partitions; give --partitions that many, "
                              "or another folder")
    if given is not None:
        return given
    return there.pop() if there else max(LEAST_PARTITIONS, -(-sum(inputs.sizes.values()) // PARTITION_BYTES))


def remove_half_written(folder: str) -> None:
    """What killed workers left."""
    for path in pathlib.Path(folder).glob(".part-*.tmp"):
        path.unlink(missing_ok=True)


def clean(job: scoring.Job, used: set[int]) -> None:
    """Removes what killed runs left half-written, and results whose inputs are all gone."""
    folder = pathlib.Path(job.output)
    (folder / scoring.SUMMARY).unlink(missing_ok=True)
    remove_half_written(job.output)
    kept = {scoring.result_file(job, index) for index in used}
    for path in folder.glob("part-*.npz"):
        if path not in kept:
            path.unlink()


@contextlib.contextmanager
def alone_in(folder: pathlib.Path) -> Iterator[None]:
    """Makes the folder, and keeps another run out of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise scoring.Refused(f"--output {folder}: another run is writing there") from None
        yield


def agree(client: dask.distributed.Client, job: scoring.Job, mixed: bool) -> scoring.Job:
    """The job with what all workers execute; refuses workers that would give other bits."""
    said = client.run(scoring.execution, job, on_error="return")
    if not said:
        raise scoring.Refused("the cluster has no workers")
    for worker, how in said.items():
        if isinstance(how, BaseException):
            raise scoring.Refused(f"worker {worker}: {how}")
    kinds = sorted(set(said.values()))
    if mixed:
        return job
    if len(kinds) > 1:
        lines = "".join(f"\n  {how}: {sum(one == how for one in said.values())} workers" for how in kinds)
        raise scoring.Refused("the workers would run different kernels, whose last bits differ; name a --backend that "
                              f"all have, or give --mixed:{lines}")
    return dataclasses.replace(job, execution=kinds[0])


def score_all(client: dask.distributed.Client, job: scoring.Job, inputs: scoring.Inputs,
              tell: Callable[[Outcome, float], None] = lambda outcome, share: None) -> Outcome:
    """Scores all inputs, the largest partitions first; `tell` is called after each with the share that is done."""
    parts = scoring.divide(inputs.sizes, job.partitions)
    clean(job, set(parts))
    sizes = {index: sum(inputs.sizes[name] for name in names) + len(names) for index, names in parts.items()}
    futures = {client.submit(scoring.score_partition, job, index, parts[index], pure=False): index
               for index in sorted(parts, key=lambda each: -sizes[each])}
    outcome = Outcome(failures=dict(inputs.refused))
    started, done = time.monotonic(), 0
    for future in dask.distributed.as_completed(futures):
        index = futures[future]
        _count(outcome, job, index, parts[index], future)
        done += sizes[index]
        outcome.seconds = time.monotonic() - started
        tell(outcome, done / sum(sizes.values()))
    remove_half_written(job.output)
    write_summary(job, sorted(parts), outcome)
    return outcome


def _count(outcome: Outcome, job: scoring.Job, index: int, names: list[str], future: dask.distributed.Future) -> None:
    error = future.exception()
    if error is None:
        report: scoring.Report = future.result()
        outcome.scored += report.scored
        outcome.frames += report.frames
        outcome.reused += report.reused
        outcome.cpu_seconds += report.cpu_seconds
        outcome.failures |= report.failures
        return
    scoring.result_file(job, index).unlink(missing_ok=True)
    why = str(error) or type(error).__name__
    if isinstance(error, dask.distributed.KilledWorker):
        why = "the workers that were to score it died, one after the other"
    outcome.failures |= dict.fromkeys(names, f"partition {index}: {why}")


def write_summary(job: scoring.Job, parts: list[int], outcome: Outcome) -> None:
    """Its presence says that the run has ended."""
    files = (scoring.result_file(job, index) for index in parts)
    summary = {"job": job.identity(), "scored": outcome.scored, "frames": outcome.frames,
               "failures": outcome.failures, "results": [file.name for file in files if file.exists()]}
    temporary = pathlib.Path(job.output, f".{scoring.SUMMARY}.tmp")
    temporary.write_text(json.dumps(summary, indent=1, sort_keys=True), encoding="utf-8")
    os.replace(temporary, pathlib.Path(job.output, scoring.SUMMARY))


class ProgressBar:
    """On a terminal a bar, elsewhere a line for every tenth."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._told = 0

    def __call__(self, outcome: Outcome, share: float) -> None:
        text = f"{share:4.0%}  {outcome.scored} sequences, {outcome.frames / max(outcome.seconds, 1e-9):,.0f} frames/s"
        if self._terminal:
            bar = "#" * round(30 * share)
            end = "\n" if share >= 1 else ""
            print(f"\r[{bar:30}] {text}\033[K", end=end, file=sys.stderr, flush=True)
        elif int(share * 10) > self._told:
            self._told = int(share * 10)
            print(text, file=sys.stderr, flush=True)


def connect(stack: contextlib.ExitStack, arguments: argparse.Namespace) -> dask.distributed.Client:
    """To the scheduler that was named, or to one of this program's own; workers get the module that scores."""
    if arguments.scheduler:
        client = stack.enter_context(dask.distributed.Client(arguments.scheduler))
    else:
        cluster = stack.enter_context(dask.distributed.LocalCluster(
            n_workers=arguments.workers, threads_per_worker=arguments.threads, dashboard_address=None))
        client = stack.enter_context(dask.distributed.Client(cluster))
    client.upload_file(scoring.__file__)
    return client


def positive(text: str) -> int:
    """A number of things of which there is at least one."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a file that Carousel reads; workers find it, and both folders, at the same paths")
    parser.add_argument("--input", required=True, metavar="INPUTS", help="folder of .npy files, with folders in it")
    parser.add_argument("--output", required=True, metavar="OUTPUTS", help="folder of the results")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster; default: workers of its own")
    parser.add_argument("--workers", type=positive, default=1, help="processes of its own (default: 1)")
    parser.add_argument("--threads", type=positive, default=os.cpu_count(),
                        help="threads of each, which share one packed network (default: one per core)")
    parser.add_argument("--backend", default="xsimd", help="xsimd, xsimd:avx2, ..., scalar (default: xsimd)")
    parser.add_argument("--precision", default="float32", help="float32, float16, bfloat16 or int8 (default: float32)")
    parser.add_argument("--batch", type=positive, default=32, help="most rows of one run; changes no bit (default: 32)")
    parser.add_argument("--partitions", type=positive,
                        help="results are written in so many files (default: one per 32 MB, at least 16)")
    parser.add_argument("--mixed", action="store_true",
                        help="let workers with different instruction sets differ in the last bits")
    return parser.parse_args(arguments)


def make_job(arguments: argparse.Namespace, inputs: scoring.Inputs) -> scoring.Job:
    """What the arguments ask for, with absolute paths."""
    model, output = pathlib.Path(arguments.model).resolve(), pathlib.Path(arguments.output).resolve()
    try:
        digest = scoring.sha256(model.read_bytes())
    except OSError as error:
        raise scoring.Refused(f"{arguments.model}: {error.strerror}") from None
    return scoring.Job(str(model), digest, str(pathlib.Path(arguments.input).resolve()), str(output),
                       choose_partitions(arguments.partitions, output, inputs), arguments.backend,
                       arguments.precision, arguments.batch)


def run(arguments: argparse.Namespace) -> Outcome:
    """The whole program but for what it prints at its end."""
    inputs = scoring.find_inputs(arguments.input)
    if inputs.others:
        print(f"score.py: {len(inputs.others)} files are no .npy files and left out, {inputs.others[0]} first",
              file=sys.stderr)
    if not inputs.sizes and not inputs.refused:
        raise scoring.Refused(f"--input {arguments.input}: has no .npy file")
    job = make_job(arguments, inputs)
    with alone_in(pathlib.Path(job.output)), contextlib.ExitStack() as stack:
        client = connect(stack, arguments)
        return score_all(client, agree(client, job, arguments.mixed), inputs, ProgressBar())


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code."""
    try:
        outcome = run(parse(arguments))
    except scoring.Refused as error:
        print(f"score.py: error: {error}", file=sys.stderr)
        return 2
    kept = f" ({outcome.reused} partitions were done before)" if outcome.reused else ""
    print(f"{outcome.scored} sequences of {outcome.frames:,} frames in {outcome.seconds:.1f} s, "
          f"{outcome.cpu_seconds:.1f} s of CPU time{kept}; {len(outcome.failures)} failed")
    for name, why in sorted(outcome.failures.items()):
        print(f"score.py: {name}: {why}", file=sys.stderr)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
