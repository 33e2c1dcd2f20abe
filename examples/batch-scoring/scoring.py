# SPDX-License-Identifier: Apache-2.0
"""Scores one part of a folder of sequences with Carousel. Knows nothing of what distributes the parts: Dask, Ray, Spark
and a loop call the same `score_partition(job, index, names)` (docs/scaling.md).

A sequence is a .npy file: float32 [steps, input_size], or integers [steps] for a network that reads ids. The result of
a partition is one .npz file, to which `numpy.load` gives the outputs by the names of the inputs without ".npy", and
which also has a manifest: which model and backends made it of which contents. So a result counts only as long as all
of these are what they were.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import pathlib
import threading
import time
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import carousel

MANIFEST = "manifest.json"
SUMMARY = "summary.json"
# The frames of one run, padding included, in bytes of inputs and outputs.
MOST_BATCH_BYTES = 64 << 20
# Layers that treat each step by itself, or the real steps of each row only: padding cannot reach what is kept.
ROW_BY_ROW = {"recurrent", "dense", "embedding", "activation", "elementwise", "normalization", "rearrange",
              "concatenate", "reduce_features", "cast_ids"}


class Refused(Exception):
    """What cannot be done, and the rule."""


@dataclass(frozen=True)
class Job:
    """What all partitions share. Files have the same paths on every worker."""

    model: str  # a file that carousel.load reads
    model_sha256: str
    inputs: str  # folder of the sequences
    output: str  # folder of the results
    partitions: int
    backend: str = "xsimd"  # a family or an id of which results do not depend on batch mates
    precision: str = "float32"
    rows: int = 32  # most rows of a batch; changes no bit
    execution: str = ""  # what `execution` has to say on every worker; "": whatever it says

    def identity(self) -> dict[str, str]:
        """What decides about the bits of a result, beside its input."""
        return {"model_sha256": self.model_sha256, "backend": self.backend, "precision": self.precision,
                "execution": self.execution}


# --- The inputs and their partitions -------------------------------------------------------------------------

@dataclass
class Inputs:
    """What a folder has: sizes in bytes by name."""

    sizes: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)  # files that are no sequences


def find_inputs(folder: str) -> Inputs:
    """Sorted by name, whatever the file system's order."""
    found = Inputs()
    root = pathlib.Path(folder)
    if not root.is_dir():
        raise Refused(f"{folder}: is no folder")
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        if path.suffix == ".parquet":
            found.refused[name] = "Parquet is not read (Debian has no reader of it for Python): make it a .npy file"
        elif path.suffix != ".npy":
            found.others.append(name)
        elif not name.isprintable():
            found.refused[name] = "its name has characters that a result cannot have"
        else:
            found.sizes[name] = path.stat().st_size
    return found


def partition_of(name: str, partitions: int) -> int:
    """Depends on nothing else, so that files which come or go touch no other partition."""
    return zlib.crc32(name.encode()) % partitions


def divide(names: Iterable[str], partitions: int) -> dict[int, list[str]]:
    """The names of each partition that has any."""
    parts: dict[int, list[str]] = {}
    for name in names:
        parts.setdefault(partition_of(name, partitions), []).append(name)
    return parts


# --- The network: one for each process ---------------------------------------------------------------------

@dataclass(frozen=True)
class Prepared:
    """A network with what batches need to know of it."""

    network: carousel.Network
    takes_padding: bool
    execution: str


_prepared: dict[Job, Prepared] = {}
_preparing = threading.Lock()


def sha256(data: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _read_model(job: Job) -> carousel.Model:
    data = pathlib.Path(job.model).read_bytes()
    if sha256(data) != job.model_sha256:
        raise Refused(f"{job.model}: is not the file that the job was made for")
    return carousel.load(job.model)


def _prepare(job: Job) -> Prepared:
    if job.backend.split(":")[0] not in ("xsimd", "scalar"):
        raise Refused(f"backend {job.backend}: only xsimd and scalar give a row the same bits whatever rows run beside it")
    model = _read_model(job)
    network = carousel.prepare(model, backend=job.backend, precision=job.precision, batch=job.rows, plan="fixed")
    needed = [port.name for port in network.inputs if not port.optional]
    if len(needed) > 1 or network.batch_first is None:
        raise Refused(f"{job.model}: is no network with one sequence in, by steps and rows (its inputs: "
                      f"{', '.join(map(str, network.inputs))})")
    versions = {one.name: one.version for one in carousel.backends().backends}
    how = [f"{plan.name} by {plan.backend} {versions.get(plan.backend, '')}".strip() for plan in network.layers]
    return Prepared(network, {layer.kind for layer in model.layers} <= ROW_BY_ROW, "; ".join(how))


def prepared(job: Job) -> Prepared:
    """The network of this process, which all its threads share."""
    with _preparing:
        key = dataclasses.replace(job, execution="")
        if key not in _prepared:
            _prepared.clear()
            _prepared[key] = _prepare(key)
        found = _prepared[key]
    if job.execution not in ("", found.execution):
        raise Refused(f"this worker would run {found.execution}, the others {job.execution}")
    return found


def execution(job: Job) -> str:
    """Which backend of which version runs each layer here. Equal texts: equal bits."""
    return prepared(job).execution


# --- Sequences and batches -----------------------------------------------------------------------------------

@dataclass(frozen=True)
class Sequence:
    """One input."""

    name: str
    x: np.ndarray


def read_sequence(name: str, data: bytes, network: carousel.Network) -> Sequence:
    """Refuses, with the rule, what the network cannot read."""
    with io.BytesIO(data) as file:
        x = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):
            raise Refused("there is more in the file than its header says")
    if network.takes_ids:
        if x.ndim != 1 or x.dtype.kind not in "iu":
            raise Refused(f"is {x.dtype} {list(x.shape)}; expected integers [steps]")
        x = x.astype(np.int64)
    elif x.ndim != 2 or x.dtype != np.float32 or x.shape[1] != network.input_size:
        raise Refused(f"is {x.dtype} {list(x.shape)}; expected float32 [steps, {network.input_size}]")
    if len(x) == 0:
        raise Refused("has no steps")
    return Sequence(name, x)


def batches(sequences: list[Sequence], job: Job, ready: Prepared) -> Iterator[list[Sequence]]:
    """The longest first, so that rows of one batch are about equally long; equally long where padding would count."""
    frame_bytes = 4 * (ready.network.input_size + ready.network.output_size)
    batch: list[Sequence] = []
    for one in sorted(sequences, key=lambda each: (-len(each.x), each.name)):
        if batch:
            longest = len(batch[0].x)
            too_large = (len(batch) + 1) * longest * frame_bytes > MOST_BATCH_BYTES
            if len(batch) == job.rows or too_large or (longest != len(one.x) and not ready.takes_padding):
                yield batch
                batch = []
        batch.append(one)
    if batch:
        yield batch


def run_batch(batch: list[Sequence], network: carousel.Network) -> list[np.ndarray]:
    """The outputs [steps, output_size] of sequences that are sorted, the longest first."""
    longest = len(batch[0].x)
    lengths = [len(one.x) for one in batch]
    x = np.zeros((longest, len(batch), *batch[0].x.shape[1:]), batch[0].x.dtype)
    for row, one in enumerate(batch):
        x[:lengths[row], row] = one.x
    given = x.swapaxes(0, 1) if network.batch_first else x
    y, _ = network(given, lengths if lengths[-1] < longest else None)
    y = y.swapaxes(0, 1) if network.batch_first else y
    return [y[:length if len(y) == longest else len(y), row] for row, length in enumerate(lengths)]


def run_whole_batch(batch: list[Sequence], network: carousel.Network) -> Iterator[tuple[str, np.ndarray | str]]:
    """Each name with its output, or with what is wrong with its input."""
    try:
        outputs = run_batch(batch, network)
    except carousel.Error as error:
        if len(batch) == 1:
            yield batch[0].name, str(error)
            return
        for one in batch:  # each by itself: the same bits, and an error has a name
            yield from run_whole_batch([one], network)
        return
    yield from zip((one.name for one in batch), outputs)


# --- Results -------------------------------------------------------------------------------------------------

def result_file(job: Job, index: int) -> pathlib.Path:
    """Where the result of a partition is."""
    return pathlib.Path(job.output, f"part-{index:05d}-of-{job.partitions:05d}.npz")


def read_manifest(file: pathlib.Path) -> dict[str, Any] | None:
    """None where there is no result, or one that is damaged."""
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.testzip() is not None:  # a checksum is wrong
                return None
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
            return manifest
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error, EOFError):
        return None


class ResultWriter:
    """A result under a temporary name; `finish` renames it. The bytes depend on the outputs only."""

    def __init__(self, file: pathlib.Path) -> None:
        self._file = file
        self._temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}.tmp")
        self._stream = open(self._temporary, "xb")
        self._archive = zipfile.ZipFile(self._stream, "w")

    def add(self, name: str, y: np.ndarray) -> None:
        with self._archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
            np.lib.format.write_array(member, np.ascontiguousarray(y), allow_pickle=False)

    def finish(self, manifest: dict[str, Any]) -> None:
        self._archive.writestr(zipfile.ZipInfo(MANIFEST), json.dumps(manifest, indent=1, sort_keys=True))
        self._archive.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        os.replace(self._temporary, self._file)

    def abandon(self) -> None:
        self._stream.close()
        self._temporary.unlink(missing_ok=True)


def results(folder: str | os.PathLike[str]) -> Iterator[tuple[str, np.ndarray]]:
    """(name, output) of all that a run scored, in no order. Refuses a folder whose run has not ended."""
    summary = pathlib.Path(folder, SUMMARY)
    if not summary.exists():
        raise Refused(f"{folder}: has no {SUMMARY}: the run has not ended; start it again")
    for name in json.loads(summary.read_text(encoding="utf-8"))["results"]:
        with np.load(pathlib.Path(folder, name), allow_pickle=False) as arrays:
            for key in arrays.files:
                if key != MANIFEST:
                    yield f"{key}.npy", arrays[key]


# --- One partition -------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Report:
    """What became of a partition."""

    index: int
    scored: int  # sequences with an output
    frames: int  # their steps
    failures: dict[str, str]  # what is wrong with the others, by name
    reused: bool  # the result was there, of the same model and contents
    cpu_seconds: float  # of the thread that scored it


def _contents(job: Job, names: list[str]) -> dict[str, bytes | None]:
    """None: cannot be read."""
    found: dict[str, bytes | None] = {}
    for name in names:
        try:
            found[name] = pathlib.Path(job.inputs, name).read_bytes()
        except OSError:
            found[name] = None
    return found


def _expected_manifest(job: Job, contents: dict[str, bytes | None]) -> dict[str, Any]:
    digests = {name: None if data is None else sha256(data) for name, data in contents.items()}
    return {"job": job.identity(), "inputs": digests}


def _is_done(manifest: dict[str, Any] | None, expected: dict[str, Any]) -> bool:
    if manifest is None or None in expected["inputs"].values():
        return False
    return all(manifest.get(key) == expected[key] for key in expected)


def _score(job: Job, ready: Prepared, contents: dict[str, bytes | None], writer: ResultWriter) -> dict[str, Any]:
    """Adds the outputs to the result; returns the rest of its manifest."""
    failures: dict[str, str] = {}
    sequences: list[Sequence] = []
    frames = 0
    for name, data in contents.items():
        try:
            if data is None:
                raise Refused("cannot be read")
            sequences.append(read_sequence(name, data, ready.network))
        except Exception as error:  # whatever a damaged file makes NumPy raise
            failures[name] = str(error) or type(error).__name__
    steps = {one.name: len(one.x) for one in sequences}
    for batch in batches(sequences, job, ready):
        for name, outcome in run_whole_batch(batch, ready.network):
            if isinstance(outcome, str):
                failures[name] = outcome
            else:
                writer.add(name, outcome)
                frames += steps[name]
    return {"failures": failures, "scored": len(contents) - len(failures), "frames": frames}


def score_partition(job: Job, index: int, names: list[str]) -> Report:
    """Scores these inputs, which belong to this partition, unless its result is there and is of these."""
    started = time.thread_time()
    ready = prepared(job)
    names = sorted(names)
    file = result_file(job, index)
    contents = _contents(job, names)
    manifest = read_manifest(file)
    expected = _expected_manifest(job, contents)
    reused = _is_done(manifest, expected)
    if manifest is None or not reused:
        file.unlink(missing_ok=True)
        writer = ResultWriter(file)
        try:
            manifest = expected | _score(job, ready, contents, writer)
            writer.finish(manifest)
        except BaseException:
            writer.abandon()
            raise
    return Report(index, manifest["scored"], manifest["frames"], manifest["failures"], reused,
                  time.thread_time() - started)
