#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""voice_activity_test.py made|real PROGRAM: examples/voice-activity.

made: a network of one layer that hears how loud a chunk is; every rule of segments, every way to give a sound, every
error. real: Silero VAD itself. Exit code 77 where a folder or a module is missing."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import wave

from real_folder import ROOT, need_modules, need_real

need_modules("numpy")

import numpy as np  # noqa: E402

sys.path.insert(0, str(ROOT / "models"))

import safetensors_writer  # noqa: E402

RATE, CONTEXT, CHUNK = 16000, 64, 512


def write_wav(path, samples, rate=RATE, channels=1):
    with wave.open(path, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())


def frames(samples):
    """[chunks, 576]: each chunk behind the end of the one before; the last one is filled up with silence."""
    padded = np.concatenate([np.zeros(CONTEXT), samples, np.zeros(-len(samples) % CHUNK)]).astype(np.float32)
    return np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + CHUNK)[::CHUNK]


def segments(probabilities, length, threshold):
    """Silero's rules, as its function get_speech_timestamps documents them; in seconds."""
    found, start, silence = [], None, None
    for index, probability in enumerate(probabilities):
        here = index * CHUNK
        if probability >= threshold:
            silence = None
            start = here if start is None else start
        elif probability < max(threshold - 0.15, 0.01) and start is not None:
            silence = here if silence is None else silence
            if here - silence >= RATE // 10:
                found.append((start, silence))
                start = silence = None
    if start is not None:
        found.append((start, length))
    pad = RATE * 30 // 1000
    return [(max(0, first - pad) / RATE, min(length, last + pad) / RATE)
            for first, last in found if last - first > RATE // 4]


def run(program, *words, given=None, code=0):
    done = subprocess.run([program, *words], input=given, capture_output=True)
    assert done.returncode == code, (words, done.stderr.decode())
    return (done.stdout if code == 0 else done.stderr).decode()


def table(text):
    return np.array([line.split() for line in text.splitlines()], float)


def made_model():
    """p = sigmoid(8 (mean of the chunk) + (mean of its context) - 4.5)"""
    layers = [{"kind": "dense", "name": "loudness", "input_size": CONTEXT + CHUNK, "output_size": 1},
              {"kind": "activation", "name": "speech", "function": {"name": "Sigmoid"}, "size": 1}]
    weight = np.concatenate([np.full(CONTEXT, 1 / CONTEXT), np.full(CHUNK, 8 / CHUNK)]).astype(np.float32)
    tensors = {"loudness.weight": weight[None], "loudness.bias": np.array([-4.5], np.float32)}
    safetensors_writer.save("made.safetensors", tensors, {"carousel.layers": json.dumps(layers)})
    return lambda x: 1 / (1 + np.exp(4.5 - x @ weight.astype(np.float64)))


def made_sound(random):
    """Pieces of 1 to 20 chunks, of five loudnesses, a fifth of a second at the end being no whole chunk."""
    levels = random.choice([0.1, 0.4, 0.47, 0.6, 0.9], 60)
    sound = np.repeat(levels, random.integers(1, 20, 60) * CHUNK)
    return np.round(np.concatenate([sound, np.full(3200, levels[-1])]) * 32767)


def check_segments(program, model, file, probabilities, length, threshold):
    found = table(run(program, model, file, "--threshold", str(threshold))).reshape(-1, 3)
    expected = segments(probabilities, length, threshold)
    assert np.allclose(found[:, :2], np.reshape(expected, (-1, 2)), atol=6e-4), (found, expected)
    for start, end, probability in found:
        inside = probabilities[round((start + 0.03) * RATE / CHUNK) if start > 0 else 0:int(end * RATE / CHUNK) + 1]
        assert inside.min() - 1e-3 <= probability <= inside.max() + 1e-3
    return len(found)


def made(program):
    network, model = made_model(), "made.safetensors"
    count = 0
    for seed in range(6):
        samples = made_sound(np.random.default_rng(seed))
        write_wav("sound.wav", samples)
        probabilities = network(frames(samples / 32768).astype(np.float64))
        heard = table(run(program, model, "sound.wav", "--probabilities"))
        assert np.abs(heard[:, 1] - probabilities).max() < 1e-5
        assert np.allclose(heard[:, 0], np.arange(len(heard)) * CHUNK / RATE)
        for threshold in (0.5, 0.35, 0.9):
            count += check_segments(program, model, "sound.wav", probabilities, len(samples), threshold)
        whole = run(program, model, "sound.wav")
        assert run(program, model, "-", given=samples.astype("<i2").tobytes()) == whole
        assert run(program, model, "-", given=pathlib.Path("sound.wav").read_bytes()) == whole
    assert count > 40, count
    print(f"{count} segments as expected")
    errors(program, model)


def errors(program, model):
    assert "Examples:\n  voice_activity" in run(program, "--help")
    assert run(program, model, "-", given=b"") == ""
    second = np.zeros(RATE)
    write_wav("slow.wav", second, rate=8000)
    write_wav("stereo.wav", second, channels=2)
    pathlib.Path("other.safetensors").write_bytes(b"no model")
    slow = pathlib.Path("slow.wav").read_bytes()
    for words, given, text in (((model,), None, "needs MODEL and SOUND"),
                               ((model, "sound.wav", "--loud"), None, "no option --loud"),
                               ((model, "sound.wav", "--threshold", "2"), None, "between 0 and 1"),
                               (("none.onnx", "sound.wav"), None, "none.onnx"),
                               (("other.safetensors", "sound.wav"), None, "other.safetensors"),
                               ((model, "none.wav"), None, "none.wav"),
                               ((model, "slow.wav"), None, "1 channels of 8000 Hz"),
                               ((model, "stereo.wav"), None, "2 channels"),
                               ((model, "-"), slow, "standard input: has 1 channels of 8000 Hz"),
                               ((model, "-"), slow[:30], "ends within the header")):
        message = run(program, *words, given=given, code=2)
        assert message.startswith("voice_activity: ") and text in message, (words, message)


def real(program):
    folder = need_real("networks/silero_v6/model.onnx").parent
    chunks = np.load(folder / "input_input.npy")[:, 0]
    expected = np.load(folder / "output_output.npy").ravel()
    assert np.array_equal(chunks, frames(chunks[:, CONTEXT:].ravel()))
    samples = np.round(chunks[:, CONTEXT:].ravel() * 32768)
    assert np.array_equal(samples / 32768, chunks[:, CONTEXT:].ravel())
    write_wav("sound.wav", samples)
    model = folder / "model.onnx"
    found = table(run(program, model, "sound.wav", "--probabilities"))[:, 1]
    error = np.abs(found - expected).max()
    print(f"Silero VAD: off by {error:.1e}")
    assert error < 2e-5
    assert run(program, model, "sound.wav") == "", "nobody speaks in this sound"


def main():
    mode, program = sys.argv[1], os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        {"made": made, "real": real}[mode](program)
        os.chdir("/")


main()
