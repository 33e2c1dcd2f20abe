# SPDX-License-Identifier: Apache-2.0
"""examples/batch-scoring: the same bits from any number of workers, nothing lost or twice, and no result that is stale."""

import contextlib
import importlib.util
import io
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import zipfile

import numpy as np

import carousel
import cases

if importlib.util.find_spec("distributed") is None:
    raise unittest.SkipTest("needs Dask (python3-distributed)")

EXAMPLE = cases.SOURCE / "examples" / "batch-scoring"
sys.path.insert(0, str(EXAMPLE))

import dask.distributed  # noqa: E402
import score  # noqa: E402
import scoring  # noqa: E402

FEATURES = 3


def write_safetensors(file, tensors, metadata):
    header, offset = {"__metadata__": metadata}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for array in tensors.values()))


def write_lstm(file, hidden=5, seed=1):
    carousel.from_torch(cases.lstm_state_dict(inputs=FEATURES, hidden=hidden, directions=2, seed=seed)).save(file)


def write_smoother(file):
    """An LSTM after a convolution along time that sees beyond the end of a row."""
    layers = [{"kind": "convolution", "name": "smooth", "in_channels": FEATURES, "out_channels": FEATURES,
               "kernel_size": 3, "pad_begin": 1, "pad_end": 1, "padding": "edge"},
              {"kind": "recurrent", "name": "l0", "cell": "lstm", "input_size": FEATURES, "hidden_size": 5}]
    state = cases.lstm_state_dict(inputs=FEATURES)
    tensors = {"smooth.weight": cases.uniform(np.random.default_rng(3), FEATURES, FEATURES, 3),
               "smooth.bias": np.ones(FEATURES, np.float32), **state}
    write_safetensors(file, tensors, {"carousel.layers": json.dumps(layers)})


def write_inputs(folder, count=40, most=60):
    """Sequences of 1 to `most` steps, some in folders of their own; their arrays by name."""
    random = np.random.default_rng(7)
    arrays = {}
    for number in range(count):
        name = f"{'ab'[number % 2]}/{number:03}.npy"
        arrays[name] = cases.sequence(int(random.integers(1, most + 1)), FEATURES, seed=number)
    for name, array in arrays.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(folder / name, array)
    return arrays


class Folders(unittest.TestCase):
    """A model, inputs and a folder for results; and what one call for each sequence gives."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.model, self.inputs, self.output = (self.folder / name for name in ("m.safetensors", "in", "out"))
        self.arrays = write_inputs(self.inputs)
        write_lstm(self.model)

    def job(self, **changes):
        given = {"partitions": 7, "output": self.output} | changes
        given["output"].mkdir(exist_ok=True)
        digest = scoring.sha256(self.model.read_bytes())
        return scoring.Job(str(self.model), digest, str(self.inputs), **(given | {"output": str(given["output"])}))

    def alone(self, backend="xsimd"):
        network = carousel.prepare(carousel.load(self.model), backend=backend, plan="fixed")
        return {name: network(array)[0] for name, array in self.arrays.items()}

    def assert_scored(self, expected, folder=None):
        found = list(scoring.results(folder or self.output))
        self.assertEqual(sorted(name for name, _ in found), sorted(expected), "each once")
        for name, y in found:
            np.testing.assert_array_equal(y, expected[name], name)

    def score_here(self, job):
        """Without any cluster: a loop over the partitions."""
        parts = scoring.divide(scoring.find_inputs(job.inputs).sizes, job.partitions)
        return [scoring.score_partition(job, index, names) for index, names in sorted(parts.items())]


class OnePartition(Folders):
    def test_results_remember_what_they_came_from(self):
        job = self.job()
        self.assertFalse(any(report.reused for report in self.score_here(job)))
        self.assertTrue(all(report.reused for report in self.score_here(job)))
        changed = next(iter(self.arrays))
        np.save(self.inputs / changed, self.arrays[changed] + 1)
        again = [report.index for report in self.score_here(job) if not report.reused]
        self.assertEqual(again, [scoring.partition_of(changed, job.partitions)])
        write_lstm(self.model, seed=2)
        self.assertFalse(any(report.reused for report in self.score_here(self.job())), "another model")
        self.assertFalse(any(report.reused for report in self.score_here(self.job(backend="scalar"))))

    def test_damaged_results_are_not_trusted(self):
        job = self.job()
        reports = self.score_here(job)
        whole = {report.index: scoring.result_file(job, report.index).read_bytes() for report in reports}
        first, second, third, *others = whole
        scoring.result_file(job, first).write_bytes(whole[first][:-30])
        flipped = bytearray(whole[second])
        flipped[len(flipped) // 3] ^= 1
        scoring.result_file(job, second).write_bytes(flipped)
        scoring.result_file(job, third).write_bytes(b"")
        reused = {report.index for report in self.score_here(job) if report.reused}
        self.assertEqual(reused, set(others))
        for index, data in whole.items():
            self.assertEqual(scoring.result_file(job, index).read_bytes(), data, "the same bytes again")

    def test_a_run_that_fails_leaves_nothing_behind(self):
        job = self.job()
        with unittest.mock.patch.object(scoring, "run_batch", side_effect=KeyboardInterrupt), \
                self.assertRaises(KeyboardInterrupt):
            self.score_here(job)
        self.assertEqual(list(self.output.iterdir()), [])

    def test_padding_where_a_layer_would_see_it(self):
        write_smoother(self.model)
        job = self.job(partitions=1)
        self.assertFalse(scoring.prepared(job).takes_padding)
        self.score_here(job)
        expected = self.alone()
        with np.load(scoring.result_file(job, 0)) as found:
            for name, y in expected.items():
                np.testing.assert_array_equal(found[name.removesuffix(".npy")], y, name)

    def test_batches_are_sorted_and_bounded(self):
        job = self.job(rows=8)
        ready = scoring.prepared(job)
        sequences = [scoring.Sequence(name, x) for name, x in self.arrays.items()]
        made = list(scoring.batches(sequences, job, ready))
        self.assertEqual(len(made), 5)
        lengths = [len(one.x) for batch in made for one in batch]
        self.assertEqual(lengths, sorted(lengths, reverse=True))
        with unittest.mock.patch.object(scoring, "MOST_BATCH_BYTES", 1):
            self.assertEqual(len(list(scoring.batches(sequences, job, ready))), len(sequences))

    def test_ids(self):
        shutil.rmtree(self.inputs)
        self.inputs.mkdir()
        self.model = cases.CHARLM
        size = carousel.load(self.model).output_size
        random = np.random.default_rng(5)
        self.arrays = {f"{n}.npy": random.integers(0, size, 5 + 3 * n) for n in range(6)}
        for name, ids in self.arrays.items():
            np.save(self.inputs / name, ids)
        expected = self.alone()
        np.save(self.inputs / "beyond.npy", np.array([0, size, 0]))
        np.save(self.inputs / "floats.npy", np.zeros(3, np.float32))
        job = self.job(partitions=1)
        (report,) = self.score_here(job)
        self.assertEqual(set(report.failures), {"beyond.npy", "floats.npy"})
        self.assertIn("expected integers [steps]", report.failures["floats.npy"])
        self.assertEqual(report.scored, 6)
        with np.load(scoring.result_file(job, 0)) as found:
            for name, y in expected.items():
                np.testing.assert_array_equal(found[name.removesuffix(".npy")], y, name)

    def test_what_cannot_be_promised_is_refused(self):
        for backend in ("auto", "onednn"):
            with self.assertRaisesRegex(scoring.Refused, "only xsimd and scalar"):
                scoring.prepared(self.job(backend=backend))
        with self.assertRaisesRegex(scoring.Refused, "the others l0 by abacus"):
            scoring.prepared(self.job(execution="l0 by abacus"))
        job = self.job()
        write_lstm(self.model, seed=3)
        scoring._prepared.clear()
        with self.assertRaisesRegex(scoring.Refused, "is not the file that the job was made for"):
            scoring.prepared(job)


class Clusters(Folders):
    @classmethod
    def setUpClass(cls):
        cluster = dask.distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None)
        cls.addClassCleanup(cluster.close)
        cls.client = dask.distributed.Client(cluster)
        cls.addClassCleanup(cls.client.close)
        cls.client.upload_file(scoring.__file__)

    def score(self, job, tell=lambda outcome, share: None):
        return score.score_all(self.client, score.agree(self.client, job, False), scoring.find_inputs(self.inputs), tell)

    def test_the_bits_of_one_machine_whatever_the_partitions(self):
        expected = self.alone()
        for number, (partitions, rows) in enumerate(((1, 32), (3, 1), (16, 4))):
            folder = self.folder / f"out{number}"
            outcome = self.score(self.job(partitions=partitions, rows=rows, output=folder))
            self.assertEqual((outcome.scored, outcome.failures), (len(expected), {}))
            self.assertEqual(outcome.frames, sum(map(len, self.arrays.values())))
            self.assert_scored(expected, folder)

    def test_what_was_half_written_is_removed(self):
        job = self.job()
        left = self.output / ".part-00001-of-00007.npz.abc.tmp"
        left.touch()
        self.score(job, lambda outcome, share: left.touch())
        self.assertFalse(left.exists())

    def test_one_network_for_each_process(self):
        job = self.job()
        self.score(job)
        counts = self.client.run(lambda: len(sys.modules["scoring"]._prepared))
        self.assertEqual(list(counts.values()), [1, 1])

    def test_a_killed_worker(self):
        """Killed while it scores: the other one, and the one that takes its place, do what it had to do."""
        self.arrays = write_inputs(self.inputs, count=60, most=800)
        write_lstm(self.model, hidden=64)
        expected = self.alone("scalar")
        job = self.job(partitions=20, backend="scalar")
        pids = self.client.run(os.getpid)
        killed = []

        def kill(outcome, share):
            if not killed:
                busy = [worker for worker, tasks in self.client.processing().items() if tasks]
                killed.append((pids[busy[0]], share))
                os.kill(pids[busy[0]], signal.SIGKILL)

        with contextlib.redirect_stderr(io.StringIO()):
            outcome = self.score(job, kill)
        self.assertLess(killed[0][1], 0.9, "in the middle")
        self.assertEqual((outcome.scored, outcome.failures), (60, {}))
        self.assert_scored(expected)
        self.assertEqual([path.name for path in self.output.glob(".part-*")], [], "what was half-written is gone")
        self.client.wait_for_workers(2)
        self.assertNotIn(killed[0][0], self.client.run(os.getpid).values())
        again = self.score(job)
        self.assertEqual((again.scored, again.reused), (60, len(list(self.output.glob("part-*.npz")))))

    def test_a_bad_file(self):
        expected = self.alone()
        bad = {"a/000.npy": "expected float32 [steps, 3]", "a/002.npy": "has no steps", "b/001.npy": "magic",
               "cut.npy": "EOF", "more.npy": "more in the file than its header says", "objects.npy": "allow_pickle",
               "wide.npy": "is float32 [4, 7]; expected float32 [steps, 3]", "t.parquet": "Parquet is not read"}
        np.save(self.inputs / "a/000.npy", self.arrays["a/000.npy"].astype(np.float64))
        np.save(self.inputs / "a/002.npy", np.zeros((0, FEATURES), np.float32))
        (self.inputs / "b/001.npy").write_bytes(b"not an array, whatever its name says")
        good = (self.inputs / "b/003.npy").read_bytes()
        (self.inputs / "cut.npy").write_bytes(good[:-4])
        (self.inputs / "more.npy").write_bytes(good + b"\0")
        np.save(self.inputs / "objects.npy", np.array([{}]), allow_pickle=True)
        np.save(self.inputs / "wide.npy", np.zeros((4, 7), np.float32))
        (self.inputs / "t.parquet").write_bytes(b"PAR1")
        outcome = self.score(self.job())
        self.assertEqual(set(outcome.failures), set(bad))
        for name, rule in bad.items():
            self.assertIn(rule, outcome.failures[name])
            expected.pop(name, None)
        self.assert_scored(expected)
        summary = json.loads((self.output / scoring.SUMMARY).read_text())
        self.assertEqual(summary["failures"], outcome.failures)

        again = self.score(self.job())
        self.assertEqual(again.failures, outcome.failures, "named again")
        self.assertEqual(again.reused, len(summary["results"]))
        np.save(self.inputs / "a/000.npy", self.arrays["a/000.npy"])
        repaired = self.score(self.job())
        self.assertEqual(set(repaired.failures), set(bad) - {"a/000.npy"})
        self.assertEqual(repaired.reused, len(summary["results"]) - 1)

    def test_inputs_that_are_gone_have_no_results(self):
        expected = self.alone()
        self.score(self.job())
        for name in list(expected)[1:]:
            (self.inputs / name).unlink()
            del expected[name]
        outcome = self.score(self.job())
        self.assertEqual(outcome.scored, 1)
        self.assert_scored(expected)
        self.assertEqual(len(list(self.output.glob("part-*.npz"))), 1)

    def test_a_partition_that_kills_its_workers(self):
        job = self.job()
        with contextlib.redirect_stderr(io.StringIO()):
            future = self.client.submit(os._exit, 1, pure=False)
            outcome = score.Outcome()
            scoring.result_file(job, 3).write_bytes(b"stale")
            score._count(outcome, job, 3, ["x.npy"], future)
        self.assertIn("died, one after the other", outcome.failures["x.npy"])
        self.assertFalse(scoring.result_file(job, 3).exists())
        self.client.wait_for_workers(2)


class OtherClusters(Folders):
    def test_workers_with_other_kernels_are_refused(self):
        ids = [one.name for one in carousel.backends().backends if one.available and one.name.startswith("xsimd:")]
        if len(ids) < 2:
            self.skipTest("this CPU has one instruction set of xsimd only")
        options = {"nthreads": 1, "dashboard": False}
        workers = {0: {"cls": dask.distributed.Nanny, "options": options},
                   1: {"cls": dask.distributed.Nanny, "options": options | {"env": {"CAROUSEL_MAX_ISA": "sse2"}}}}
        scheduler = {"cls": dask.distributed.Scheduler, "options": {"dashboard": False, "port": 0}}
        job = self.job()
        with dask.distributed.SpecCluster(workers=workers, scheduler=scheduler) as cluster, \
                dask.distributed.Client(cluster) as client:
            client.wait_for_workers(2)
            client.upload_file(scoring.__file__)
            with self.assertRaisesRegex(scoring.Refused, "different kernels(.|\n)*l0 by xsimd:sse2"):
                score.agree(client, job, False)
            self.assertEqual(score.agree(client, job, True).execution, "")
            agreed = score.agree(client, self.job(backend="xsimd:sse2"), False)
            self.assertIn("xsimd:sse2", agreed.execution)
            score.score_all(client, agreed, scoring.find_inputs(self.inputs))
        self.assert_scored(self.alone("xsimd:sse2"))


class Program(Folders):
    def run_program(self, *arguments):
        return subprocess.run([sys.executable, EXAMPLE / "score.py", self.model, "--input", self.inputs, "--output",
                               self.output, *map(str, arguments)], capture_output=True, text=True, check=False)

    def test_whole(self):
        expected = self.alone()
        (self.inputs / "README.txt").write_text("no sequence")
        done = self.run_program("--workers", 2, "--threads", 1)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("40 sequences of", done.stdout)
        self.assertIn("100%  40 sequences", done.stderr)
        self.assertIn("README.txt first", done.stderr)
        self.assert_scored(expected)
        (self.inputs / "a/000.npy").write_bytes(b"")
        again = self.run_program("--workers", 1, "--threads", 2)
        self.assertEqual(again.returncode, 1)
        self.assertIn("score.py: a/000.npy: ", again.stderr)
        self.assertRegex(again.stdout, r"39 sequences .*\(\d+ partitions were done before\); 1 failed")

    def refusal(self, *arguments):
        with contextlib.redirect_stderr(io.StringIO()) as told:
            code = score.main([str(self.model), "--input", str(self.inputs), "--output", str(self.output), *arguments])
        self.assertEqual(code, 2)
        return told.getvalue()

    def test_refusals(self):
        self.output.mkdir()
        with score.alone_in(self.output):
            self.assertIn("another run is writing there", self.refusal())
        (self.output / "part-00001-of-00009.npz").touch()
        self.assertIn("has results of 9 partitions", self.refusal("--partitions", "8"))
        self.assertIn("only xsimd and scalar", self.refusal("--backend", "onednn", "--workers", "1"))
        self.model = self.folder / "none.safetensors"
        self.assertIn("none.safetensors: No such file", self.refusal())
        shutil.rmtree(self.inputs)
        self.assertIn("is no folder", self.refusal())
        self.inputs.mkdir()
        self.assertIn("has no .npy file", self.refusal())

    def test_help(self):
        done = subprocess.run([sys.executable, EXAMPLE / "score.py", "--help"], capture_output=True, text=True, check=True)
        for text in ("examples:", "--mixed", "exit codes"):
            self.assertIn(text, done.stdout)

    def test_results_are_read_only_of_runs_that_ended(self):
        job = self.job()
        self.score_here(job)
        with self.assertRaisesRegex(scoring.Refused, "has not ended"):
            next(scoring.results(self.output))
        with zipfile.ZipFile(scoring.result_file(job, 0)) as archive:
            self.assertIn(scoring.MANIFEST, archive.namelist())
