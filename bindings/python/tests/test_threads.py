# SPDX-License-Identifier: Apache-2.0
"""One network in many threads: calls, streams, and a stream that two threads want."""

import collections
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import carousel
import cases

THREADS = 8


class Threads(unittest.TestCase):
    def test_calls_of_many_sizes(self):
        network = cases.lstm(layers=2, directions=2)
        inputs = [cases.sequence(steps, batch, 3, seed=steps) for steps in (1, 7, 40) for batch in (1, 2, 5)]
        expected = [network(x) for x in inputs]

        def work(seed):
            order = np.random.default_rng(seed).permutation(np.tile(np.arange(len(inputs)), 30))
            for k in order:
                y, (h, c) = network(inputs[k])
                np.testing.assert_array_equal(y, expected[k][0])
                np.testing.assert_array_equal(c, expected[k][1][1])
            return len(order)

        with ThreadPoolExecutor(THREADS) as pool:
            self.assertEqual(sum(pool.map(work, range(THREADS))), THREADS * 270)

    def test_streams(self):
        network = cases.lstm(layers=2)
        sequences = [cases.sequence(400, 2, 3, seed=seed) for seed in range(THREADS)]
        expected = [network(x)[0] for x in sequences]

        def work(k):
            stream, out = network.stream(batch=2), np.empty((5, 2, 5), np.float32)
            for _ in range(3):
                stream.reset()
                for first in range(0, 400, 5):
                    stream(sequences[k][first:first + 5], out=out)
                    np.testing.assert_array_equal(out, expected[k][first:first + 5])

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(THREADS)))

    def test_networks_come_and_go(self):
        state = cases.lstm_state_dict()
        x = cases.sequence(7, 2, 3)
        expected = cases.lstm()(x)[0]

        def work(_):
            for _ in range(10):
                network = carousel.prepare(carousel.from_torch(state), backend="xsimd")
                np.testing.assert_array_equal(network(x)[0], expected)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(THREADS)))

    def test_others_run_during_a_run(self):
        network = cases.lstm(inputs=3, hidden=64)
        x = cases.sequence(20000, 4, 3)
        running, seen = [None], collections.Counter()

        def run():
            for k in range(100):  # one is enough, unless the machine is very busy
                running[0] = k
                network(x)
                running[0] = None
                if seen and max(seen.values()) > 4:
                    return

        thread = threading.Thread(target=run)
        thread.start()
        while thread.is_alive():
            if running[0] is not None:
                seen[running[0]] += 1
            time.sleep(0.0001)
        thread.join()
        self.assertGreater(max(seen.values()), 4)  # with Python's lock held it would be once before and once after

    def test_one_stream_in_two_threads_is_refused(self):
        stream = cases.lstm(inputs=3, hidden=64).stream(batch=4)
        x = cases.sequence(20000, 4, 3)
        refusals = []
        started = threading.Barrier(2)

        def run():
            started.wait()
            for _ in range(100):
                try:
                    stream(x)
                except carousel.Error as error:
                    refusals.append(str(error))
                if refusals:
                    return

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertTrue(refusals)
        self.assertIn("running in another thread", refusals[0])
        stream.reset()
        self.assertEqual(stream(x[:1]).shape, (1, 4, 64))
