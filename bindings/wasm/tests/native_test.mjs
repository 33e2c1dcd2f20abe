// SPDX-License-Identifier: Apache-2.0
// native_test.mjs CAROUSEL.MJS COMMAND MODELS [REAL]: the module against the native library, which is COMMAND, on SSE2,
// whose kernels are of the same source: the results are within 1e-6. MODELS has charlm.safetensors and
// amp.safetensors; of REAL the whole of Silero's detector runs, chunk by chunk.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assertClose, finish, test } from './check.mjs';
import { readNpy, writeNpy } from './npy.mjs';

const [script, command, models, real] = process.argv.slice(2);
const carousel = await import(pathToFileURL(script));
const tolerance = 1e-6;

const folder = mkdtempSync(join(tmpdir(), 'carousel-native-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const x = join(folder, 'x.npy');
const y = join(folder, 'y.npy');

/** What the native library makes of the array in x. */
function native(model, options) {
  execFileSync(command, ['run', model, '--backend', 'xsimd:sse2', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  return readNpy(y).values;
}

const sine = (count) => Float32Array.from({ length: count }, (_, k) => Math.sin(0.37 * k + 0.01 * k * k));
const ids = (count, most) => Int32Array.from({ length: count }, (_, k) => (k * 7) % most);

/** A sequence of `steps` through the network of a file, by both. */
async function compareSequence(file, precision, steps) {
  const network = await carousel.load(readFileSync(`${models}/${file}`), { name: file, precision });
  assert.ok(network.layers.some(({ backend }) => backend === 'xsimd:wasm'));
  const size = network.inputSize;
  const values = network.takesIds ? ids(steps, network.outputSize) : sine(steps * size);
  writeNpy(x, network.takesIds ? [steps, 1] : [steps, 1, size], values);
  const expected = native(`${models}/${file}`, ['--input', x, '--output', y, '--precision', precision]);
  const inputs = { [network.inputs.find(({ optional }) => !optional).name]: values };
  const actual = network.stream({ maxSteps: steps }).runNamed(inputs, steps);
  assertClose(actual[network.outputs[0].name], expected, tolerance);
}

for (const precision of ['float32', 'float16', 'bfloat16', 'int8']) {
  for (const [file, steps] of [['charlm.safetensors', 256], ['amp.safetensors', 4096]]) {
    await test(`${file} in ${precision}`, () => compareSequence(file, precision, steps));
  }
}

const silero = `${real}/networks/silero_v6`;
await test("the whole of Silero's detector", async () => {
  if (!real || !existsSync(silero)) return `${silero} is not there`;
  const chunks = readNpy(`${silero}/input_input.npy`);
  const size = chunks.shape.at(-1);
  const expected = native(`${silero}/model.onnx`, ['--set', 'sr=16000', '--calls', '--carry', 'stateN=state',
    '--in', `input=${silero}/input_input.npy`, '--out', `output=${y}`]);
  const network = await carousel.load(readFileSync(`${silero}/model.onnx`), {
    name: 'silero_v6.onnx', inputShapes: { input: [1, size] }, inputValues: { sr: 16000 } });
  const stream = network.stream({ maxSteps: 1 });
  const actual = [];
  for (let first = 0; first < chunks.values.length; first += size) {
    actual.push(...stream.runNamed({ input: chunks.values.slice(first, first + size) }, 1).output);
  }
  return assertClose(actual, expected, tolerance);
});

finish();
