#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rnnoise_test.py made|real --command CAROUSEL|--program PROGRAM: RNNoise as examples/noise-suppression converts it.

made: a small network of RNNoise's wiring, from a C file and from safetensors, against its equations in float64.
real: RNNoise itself. Exit code 77 where a folder or a module is missing. --command runs it by the command on every
backend that does, --program by the example program."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from real_folder import ROOT, need_modules, need_real

need_modules("numpy")

import numpy as np  # noqa: E402

EXAMPLE = ROOT / "examples" / "noise-suppression"
sys.path[:0] = [str(EXAMPLE), str(ROOT / "models")]

import convert_rnnoise  # noqa: E402
import safetensors_writer  # noqa: E402

TOLERANCE = 1e-5
FEATURES, DENSE, VAD, NOISE, DENOISE, BANDS = 7, 5, 6, 9, 10, 4


def made_weights():
    """Matrices as RNNoise has them, [inputs, outputs], of eight bits in units of 1/256."""
    random = np.random.default_rng(18)
    arrays = {}
    for layer, inputs, outputs in (("input_dense", FEATURES, DENSE), ("denoise_output", DENOISE, BANDS),
                                   ("vad_output", VAD, 1)):
        arrays |= {f"{layer}.weight": (inputs, outputs), f"{layer}.bias": (outputs,)}
    for layer, inputs, units in (("vad_gru", DENSE, VAD), ("noise_gru", DENSE + VAD + FEATURES, NOISE),
                                 ("denoise_gru", VAD + NOISE + FEATURES, DENOISE)):
        arrays |= {f"{layer}.weight": (inputs, 3 * units), f"{layer}.recurrent_weight": (units, 3 * units),
                   f"{layer}.bias": (3 * units,)}
    return {name: random.integers(-128, 128, shape) for name, shape in arrays.items()}


def c_file(weights):
    text = '#include "rnn.h"\n\n'
    for name, array in weights.items():
        name = name.replace(".", "_") + ("" if name.endswith("bias") else "s")
        numbers = ",\n   ".join(str(number) for number in array.ravel())
        text += f"static const rnn_weight {name}[{array.size}] = {{\n   {numbers}\n}};\n\n"
    return text


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rnnoise(features, weights):
    """The equations of xiph/rnnoise's rnn.c in float64: gates z, r, n; the reset stands before the matrix."""
    w = {name: array / 256.0 for name, array in weights.items()}
    state = {"vad_gru": np.zeros(VAD), "noise_gru": np.zeros(NOISE), "denoise_gru": np.zeros(DENOISE)}

    def dense(layer, x):
        return x @ w[f"{layer}.weight"] + w[f"{layer}.bias"]

    def gru(layer, x):
        h = state[layer]
        xz, xr, xn = np.split(dense(layer, x), 3)
        rz, rr, rn = np.split(w[f"{layer}.recurrent_weight"], 3, axis=1)
        z, r = sigmoid(xz + h @ rz), sigmoid(xr + h @ rr)
        state[layer] = z * h + (1 - z) * np.maximum(xn + (r * h) @ rn, 0)
        return state[layer]

    gains, voice = [], []
    for x in features.astype(np.float64):
        first = np.tanh(dense("input_dense", x))
        vad = gru("vad_gru", first)
        noise = gru("noise_gru", np.concatenate([first, vad, x]))
        gains.append(sigmoid(dense("denoise_output", gru("denoise_gru", np.concatenate([vad, noise, x])))))
        voice.append(sigmoid(dense("vad_output", vad)))
    return np.array(gains), np.array(voice)


def backends(command):
    found = subprocess.run([command, "backends", "--json"], capture_output=True, text=True, check=True)
    return ["auto"] + [each["name"] for each in json.loads(found.stdout)["backends"] if each["available"]]


def check(what, found, expected):
    error = np.abs(found - expected).max()
    print(f"{what}: off by {error:.1e}")
    assert found.shape == expected.shape and error <= TOLERANCE, what


def check_command(command, model, expected):
    run = [command, "run", model, "--in", "features=x.npy", "--out", "gains=g.npy", "--out", "vad=v.npy"]
    for backend in backends(command):
        done = subprocess.run([*run, "--backend", backend], capture_output=True, text=True)
        if backend not in ("auto", "scalar") and "runs this layer" in done.stderr:
            print(f"{backend}: refuses a layer")
            continue
        assert done.returncode == 0, done.stderr
        check(f"{backend}, gains", np.load("g.npy"), expected[0])
        check(f"{backend}, vad", np.load("v.npy"), expected[1])


def check_program(program, model, expected):
    """The example: an array, and numbers on standard input; gains and vad are the columns of each line."""
    text = "\n".join(" ".join(repr(float(value)) for value in row) for row in np.load("x.npy"))
    for words, given in ((["x.npy"], None), (["-"], text)):
        done = subprocess.run([program, model, *words], input=given, capture_output=True, text=True, check=True)
        found = np.array([line.split() for line in done.stdout.splitlines()], float)
        check(f"program, {words[0]}", found, np.concatenate([expected[1], expected[0]], axis=1))


def convert(source, target):
    subprocess.run([sys.executable, EXAMPLE / "convert_rnnoise.py", source, target], check=True)


def made():
    weights = made_weights()
    features = np.random.default_rng(19).uniform(-2, 2, (40, FEATURES)).astype(np.float32)
    np.save("x.npy", features)
    pathlib.Path("rnn_data.c").write_text(c_file(weights))
    floats = {name: (array / 256).astype(np.float32) for name, array in weights.items()}
    safetensors_writer.save("weights.safetensors", floats, {})
    convert("rnn_data.c", "rnnoise.safetensors")
    convert("weights.safetensors", "same.safetensors")
    assert pathlib.Path("rnnoise.safetensors").read_bytes() == pathlib.Path("same.safetensors").read_bytes()
    return rnnoise(features, weights)


def real():
    folder = need_real("networks/rnnoise/weights.safetensors").parent
    np.save("x.npy", np.load(folder / "input_features.npy"))
    convert(folder / "weights.safetensors", "rnnoise.safetensors")
    return np.load(folder / "output_gains.npy"), np.load(folder / "output_vad.npy")


def main():
    mode, who, program = sys.argv[1], sys.argv[2], os.path.abspath(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        expected = {"made": made, "real": real}[mode]()
        {"--command": check_command, "--program": check_program}[who](program, "rnnoise.safetensors", expected)
        os.chdir("/")


main()
