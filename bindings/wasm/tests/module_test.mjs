// SPDX-License-Identifier: Apache-2.0
// module_test.mjs CAROUSEL.MJS MODELS: the JavaScript interface, on the character model of models/.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { assertClose, assertRefused, finish, test } from './check.mjs';
import { readNpy } from './npy.mjs';

const [script, models] = process.argv.slice(2);
const carousel = await import(pathToFileURL(script));
const file = readFileSync(`${models}/charlm.safetensors`);
const text = readFileSync(`${models}/heldout.txt`, 'utf8');
const golden = readNpy(`${models}/heldout_logits.npy`);

const network = await carousel.load(file);
const vocabulary = JSON.parse(network.metadata['carousel.vocab']);
const ids = Int32Array.from(text.slice(0, 512), (character) => vocabulary.indexOf(character));

/** The logits of all ids, in one run of a new stream. */
async function logits(options) {
  const other = await carousel.load(file, options);
  const stream = other.stream({ maxSteps: ids.length });
  const y = stream.run(ids);
  stream.free();
  other.free();
  return y;
}

await test('what a network says of itself', () => {
  assert.equal(network.takesIds, true);
  assert.equal(network.inputSize, 1);
  assert.equal(network.outputSize, vocabulary.length);
  assert.equal(network.wholeSequence, false);
  assert.ok(network.memoryBytes > 1e6);
  assert.deepEqual(network.layers.map((layer) => layer.kind), ['embedding', 'recurrent', 'recurrent', 'dense']);
  assert.ok(network.layers.every((layer) => layer.backend === 'xsimd:wasm' && layer.precision === 'float32'));
  assert.match(carousel.version(), /^\d+\.\d+\.\d+$/);
});

for (const backend of ['xsimd:wasm', 'scalar']) {
  await test(`${backend} gives PyTorch's logits`, async () => assertClose(await logits({ backend }), golden.values, 1e-5));
}

for (const [precision, tolerance] of [['float16', 2e-2], ['bfloat16', 1e-1], ['int8', 3e-1]]) {
  await test(`precision ${precision}`, async () => {
    const y = await logits({ precision });
    assertClose(y, golden.values, tolerance);
    assert.notDeepEqual(y, await logits({}));
  });
}

await test('pieces of a sequence give the same bits as all of it', async () => {
  const whole = await logits({});
  const stream = network.stream({ maxSteps: 100 });
  const pieces = [];
  for (let first = 0; first < ids.length; first += 100) pieces.push(...stream.run(ids.subarray(first, first + 100)));
  assert.deepEqual(Float32Array.from(pieces), whole);
  stream.free();
});

await test('states are read, set and reset', () => {
  const stream = network.stream();
  assert.deepEqual(stream.states.map((state) => state.name), ['h', 'c', 'h', 'c']);
  const first = stream.run(ids.subarray(0, 10));
  const saved = stream.states.map((_, k) => stream.getState(k));
  const second = stream.run(ids.subarray(10, 20));
  saved.forEach((values, k) => stream.setState(k, values));
  assert.deepEqual(stream.run(ids.subarray(10, 20)), second);
  stream.reset();
  assert.deepEqual(stream.run(ids.subarray(0, 10)), first);
  stream.free();
});

await test('rows of a batch end at their lengths', () => {
  const batch = 3;
  const stream = network.stream({ batch, maxSteps: 8 });
  const alone = network.stream({ maxSteps: 8 });
  const x = Int32Array.from({ length: 8 * batch }, (_, k) => ids[k]);
  const lengths = [8, 5, 1];
  const y = stream.run(x, 8, { lengths });
  for (let row = 0; row < batch; ++row) {
    alone.reset();
    const own = alone.run(x.filter((_, k) => k % batch === row).subarray(0, lengths[row]));
    for (let step = 0; step < lengths[row]; ++step) {
      const at = (step * batch + row) * network.outputSize;
      assert.deepEqual(y.subarray(at, at + network.outputSize), own.subarray(step * network.outputSize, (step + 1) * network.outputSize));
    }
  }
  stream.free();
  alone.free();
});

await test('runs in place allocate nothing', () => {
  const stream = network.stream({ maxSteps: 4 });
  const expected = stream.run(ids.subarray(0, 4));
  stream.reset();
  const input = stream.input();
  input.set(ids.subarray(0, 4));
  stream.runInPlace(4);
  assert.deepEqual(stream.output().slice(), expected);
  for (let i = 0; i < 1000; ++i) stream.runInPlace(4);
  assert.equal(stream.input(), input, 'the memory has moved');
  stream.free();
});

await test('a result may go into an array of the caller', () => {
  const stream = network.stream();
  const y = new Float32Array(network.outputSize);
  assert.equal(stream.run(ids.subarray(0, 1), 1, { y }), y);
  stream.reset();
  assert.deepEqual(stream.run(ids.subarray(0, 1)), y);
  const named = stream.runNamed({ [network.inputs[0].name]: ids.subarray(1, 2) }, 1);
  assert.equal(named[network.outputs[0].name].length, network.outputSize);
  stream.free();
});

await test('errors have the text of the library', async () => {
  await assertRefused(() => carousel.load(new Uint8Array(0), { name: 'empty' }), 'empty');
  await assertRefused(() => carousel.load(file.subarray(0, 1000), { name: 'cut.safetensors' }), 'cut.safetensors');
  await assertRefused(() => carousel.load(file, { backend: 'xsimd:avx2' }), 'xsimd:avx2');
  await assertRefused(() => carousel.load(file, { precision: 'float8' }), 'float8');
  await assertRefused(() => carousel.load(file, { threads: 2 }), "no option 'threads'");
  const stream = network.stream({ maxSteps: 2 });
  await assertRefused(() => stream.run(ids.subarray(0, 3)), 'maxSteps');
  await assertRefused(() => stream.run([network.inputSize + 1e6]), 'id');
  await assertRefused(() => stream.run(ids.subarray(0, 2), 1), 'numbers');
  await assertRefused(() => stream.runNamed({ nobody: ids }, 1), "no input 'nobody'");
  await assertRefused(() => network.stream({ batch: 1 << 30 }), 'batch is 1073741824');
  await assertRefused(() => network.stream({ batch: 1 << 20, maxSteps: 64 }), 'memory');
  await assertRefused(() => network.stream({ batch: 0 }), 'batch');
  stream.free();
  await assertRefused(() => stream.run(ids.subarray(0, 1)), 'freed');
});

await test('a network that is freed leaves its streams alone', async () => {
  const other = await carousel.load(file);
  const stream = other.stream();
  other.free();
  assert.equal(stream.run(ids.subarray(0, 1)).length, vocabulary.length);
  stream.free();
  await assertRefused(() => other.stream(), 'freed');
});

finish();
