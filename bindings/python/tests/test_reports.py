# SPDX-License-Identifier: Apache-2.0
"""Reports print what the `carousel` command prints, of the same figures."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import unittest.mock

import numpy as np

import carousel
import cases

COMMAND = os.environ.get("CAROUSEL_COMMAND", "")
HAS_PARTS = hasattr(carousel._carousel, "rank")


def command(*arguments):
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.stdout


@unittest.skipUnless(COMMAND, "this build has no command")
class SameTexts(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.model = carousel.load(cases.CHARLM)

    def test_backends(self):
        report = carousel.backends()
        self.assertEqual(f"{report}\n", command("backends"))
        table = json.loads(command("backends", "--json"))["backends"]
        self.assertEqual([one["name"] for one in table], [one["name"] for one in report.to_dict()["backends"]])
        self.assertIn("scalar", report.names())

    def test_explain(self):
        # Both read what the cost model measures once.
        with tempfile.TemporaryDirectory() as folder, \
                unittest.mock.patch.dict(os.environ, CAROUSEL_WISDOM=os.path.join(folder, "wisdom.json")):
            self.compare_explain()

    def compare_explain(self):
        for options in ({}, {"threads": 2, "batch": 16, "steps": 100}, {"plan": "fixed"}):
            flags = [text for name, value in options.items() for text in (f"--{name}", value)]
            self.assertEqual(f"{carousel.explain(self.model, **options)}\n", command("explain", cases.CHARLM, *flags))

    @unittest.skipUnless(HAS_PARTS, "this build has no parts of the command")
    def test_check(self):
        report = carousel.check(self.model, steps=20, batch=2, seed=3)
        self.assertTrue(report.ok)
        self.assertEqual(f"{report}\n",
                         command("check", cases.CHARLM, "--steps", 20, "--batch", 2, "--seed", 3))

    @unittest.skipUnless(HAS_PARTS, "this build has no parts of the command")
    def test_check_in_other_precisions(self):
        layer = self.model.layers[1].name
        for options, flags in (({"precision": "int8"}, ["--precision", "int8"]),
                               ({"layer_precisions": {layer: "float16"}}, ["--layer-precision", f"{layer}=float16"])):
            report = carousel.check(self.model, steps=3, **options)
            self.assertTrue(report.ok)
            self.assertEqual(f"{report}\n", command("check", cases.CHARLM, "--steps", 3, *flags))
            self.assertGreater(report.loss.sequences[-1].max_abs, 0)
            json.dumps(report.to_dict())

    def compare_ranks(self, options, flags):
        report = carousel.rank(self.model, steps=5, seconds=0.05, **options)
        text = command("rank", cases.CHARLM, "--steps", 5, "--seconds", 0.05, *flags)

        def headings(table):
            return next(line.split() for line in table.splitlines() if " backend " in line)

        self.assertEqual(headings(str(report)), headings(text))
        self.assertEqual({one.backend for one in report.results}, set(carousel.backends().names()))
        self.assertIn(report.winner, [one.label for one in report.results])
        self.assertTrue(report.all_agree)
        return report

    @unittest.skipUnless(HAS_PARTS, "this build has no parts of the command")
    def test_rank_has_the_same_columns(self):
        report = self.compare_ranks({}, [])
        self.assertIn(report.winner, carousel.backends().names())
        self.compare_ranks({"precision": "float16"}, ["--precision", "float16"])
        layer = self.model.layers[1].name
        self.compare_ranks({"layer_precisions": {layer: "int8"}}, ["--layer-precision", f"{layer}=int8"])

    @unittest.skipUnless(HAS_PARTS, "this build has no parts of the command")
    def test_rank_in_all_precisions(self):
        report = self.compare_ranks({"precision": "all"}, ["--precision", "all"])
        fastest = next(one.backend for one in report.results if one.backend.startswith("xsimd"))
        found = {one.precision: one for one in report.results if one.backend == fastest}
        self.assertEqual(set(found), {"float32", "float16", "bfloat16", "int8"})
        self.assertLess(found["int8"].memory_bytes, found["float16"].memory_bytes)
        self.assertLess(found["float16"].memory_bytes, found["float32"].memory_bytes)
        self.assertLess(found["int8"].sqnr_db, found["float32"].sqnr_db)
        two = self.compare_ranks({"precision": ["float32", "int8"]}, ["--precision", "float32,int8"])
        self.assertEqual({one.precision for one in two.results}, {"float32", "int8"})
        with self.assertRaisesRegex(carousel.Error, "int4"):
            carousel.rank(self.model, precision="int4")

    @unittest.skipUnless(HAS_PARTS, "this build has no parts of the command")
    def test_trace(self):
        text = "In the beginning"
        traced = carousel.trace(self.model, text)
        with tempfile.TemporaryDirectory() as folder:
            command("trace", cases.CHARLM, "--text", text, "--arrays", folder, "--html", f"{folder}/command.html")
            traced.save(f"{folder}/python.html")
            pages = [pathlib.Path(folder, f"{name}.html").read_text(encoding="utf-8") for name in ("command", "python")]
            self.assertEqual(*pages)
            for layer in traced.layers:
                for key, signal in layer.signals.items():
                    np.testing.assert_array_equal(signal.values.astype(np.float32), np.load(f"{folder}/{layer.name}.{key}.npy"))
        self.assertEqual("".join(traced.symbols), text)
        self.assertIn(f"{traced}\n", command("trace", cases.CHARLM, "--text", text))
        self.assertNotIn("page", traced.to_dict())


class Reports(unittest.TestCase):
    def setUp(self):
        self.model = carousel.from_torch(cases.lstm_state_dict(layers=2))

    def test_cross_check(self):
        told = []
        report = carousel.cross_check(self.model, cases.sequence(7, 2, 3), progress=told.append)
        self.assertTrue(report.ok)
        self.assertFalse(report.against_oracle)
        self.assertIn("All agree.", str(report))
        self.assertTrue(told)
        found = json.loads(json.dumps(report.to_dict()))
        self.assertEqual(len(found["pairs"]), len(found["backends"]) * (len(found["backends"]) - 1) // 2)

    def test_cross_check_finds_differences(self):
        report = carousel.cross_check(self.model, cases.sequence(7, 2, 3), tolerance=0)
        if all(pair.same_bits for pair in report.pairs):
            self.skipTest("all backends give the same bits here")
        self.assertFalse(report.ok)
        self.assertTrue(report.problems)
        self.assertIn("FAILED: see above.", str(report))

    def test_cross_check_in_another_precision(self):
        x = cases.sequence(7, 2, 3)
        exact = carousel.cross_check(self.model, x, backend="scalar", precision="int8")
        self.assertTrue(exact.ok)
        with self.assertRaisesRegex(carousel.Error, "there is no such layer"):
            carousel.cross_check(self.model, x, layer_precisions={"l9": "int8"})

    @unittest.skipUnless(HAS_PARTS, "this build has no parts of the command")
    def test_loss_is_of_whole_rows(self):
        x = cases.sequence(7, 2, 3)
        self.assertIsNone(carousel.check(self.model, x).loss)
        self.assertIsNone(carousel.check(self.model, x, [7, 3], precision="int8").loss)
        loss = carousel.check(self.model, x, precision="int8").loss
        self.assertEqual([one.name for one in loss.sequences], ["layer l0", "layer l1", "y"])
        self.assertIsNone(loss.bits_per_symbol)

    def test_lengths_and_names(self):
        x = cases.sequence(7, 2, 3)
        self.assertTrue(carousel.cross_check(self.model, {"x": x}, [7, 3]).ok)
        self.model.batch_first = True
        self.assertEqual(carousel.cross_check(self.model, x, [2] * 7).batch, 7)

    def test_to_dict_is_plain(self):
        for report in (carousel.backends(), carousel.explain(self.model)):
            json.dumps(report.to_dict())
        network = carousel.prepare(self.model)
        json.dumps([plan.to_dict() for plan in network.layers])
        self.assertEqual([plan.name for plan in network.layers], ["l0", "l1"])

    @unittest.skipUnless(HAS_PARTS, "this build has no parts of the command")
    def test_trace_of_floats(self):
        traced = carousel.trace(self.model, cases.sequence(6, 3), layers=["l1"])
        self.assertEqual([layer.name for layer in traced.layers], ["l1"])
        self.assertEqual(traced["l1"]["f"].shape, (6, 5))
        with self.assertRaises(KeyError):
            traced["l7"]
        with self.assertRaises(carousel.Error):
            carousel.trace(self.model, cases.sequence(6, 2, 3))

    @unittest.skipIf(HAS_PARTS, "this build has the parts of the command")
    def test_parts_that_are_missing(self):
        with self.assertRaisesRegex(carousel.Error, "no parts of the carousel command"):
            carousel.rank(self.model)
