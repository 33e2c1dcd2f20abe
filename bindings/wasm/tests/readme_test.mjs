// SPDX-License-Identifier: Apache-2.0
// readme_test.mjs PACKAGE README.MD MODELS: the JavaScript of that page, run as it stands there, each block as a module
// of its own. What a block does not define itself is a global: bytes, x, the network and the stream of the block before.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { finish, test } from './check.mjs';

const [packageFolder, page, models] = process.argv.slice(2).map((path) => resolve(path));
const carousel = await import(pathToFileURL(join(packageFolder, 'carousel.mjs')));
const blocks = [...readFileSync(page, 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);

// An application: the package among its modules, the single-file build beside its own files.
const application = mkdtempSync(join(tmpdir(), 'carousel-readme-'));
process.on('exit', () => rmSync(application, { recursive: true }));
mkdirSync(join(application, 'node_modules'));
symlinkSync(packageFolder, join(application, 'node_modules/carousel'));
symlinkSync(join(packageFolder, 'carousel.single.mjs'), join(application, 'carousel.single.mjs'));

/** Runs a block with these globals and returns its constants. */
async function run(index, globals) {
  Object.assign(globalThis, globals);
  const code = blocks[index];
  const names = [...code.matchAll(/^const (\w+|\{[^}]*\}) =/gm)].flatMap(([, name]) => name.match(/\w+/g));
  const file = join(application, `block_${index}.mjs`);
  writeFileSync(file, `${code}\nexport { ${names.join(', ')} };\n`);
  return import(pathToFileURL(file));
}

const numbers = (count) => Float32Array.from({ length: count }, (_, k) => Math.sin(k));
const model = (name) => readFileSync(join(models, name));

await test('every block of the page is run here', () => assert.equal(blocks.length, 4));

await test('a network is loaded and run', async () => {
  const { network, stream, y } = await run(0, { bytes: model('lstm.onnx'), x: numbers(2 * 64) });
  assert.equal(network.inputSize, 2);
  assert.equal(y.length, 64 * network.outputSize);
  stream.reset();
  assert.deepEqual(stream.run(x), y);
  Object.assign(globalThis, { network, stream });
});

await test('rows have lengths of their own', async () => {
  const { stream: ofTwo, y } = await run(1, { x: numbers(2 * 20) });
  assert.equal(ofTwo.batch, 2);
  assert.equal(y.length, 20);
  const past = (_, k) => k % 2 === 1 && k >= 2 * 7; // the end of the second row; outputs have one feature, inputs two
  assert.ok(y.every((value, k) => (value === 0) === past(value, k)));
  ofTwo.reset();
  const later = x.map((value, k) => (past(value, k >> 1) ? 99 : value));
  assert.deepEqual(ofTwo.run(later, 10, { lengths: [10, 7] }), y);
});

await test('inputs and outputs have names', async () => {
  const named = await carousel.load(model('named.onnx'), { name: 'named.onnx' });
  const before = { stream: named.stream({ maxSteps: 1 }), chunk: numbers(2), h: [0.25] };
  const { output, stateN } = await run(2, before);
  assert.equal(output.length, 1);
  assert.deepEqual(stateN, output);
  assert.notDeepEqual(before.stream.runNamed({ input: before.chunk, state: [0.75] }, 1).output, output);
});

await test('an AudioWorklet has the single-file build', async () => {
  let Effect = null;
  class AudioWorkletProcessor {}
  await run(3, { AudioWorkletProcessor, registerProcessor: (name, made) => { Effect = made; } });
  const effect = new Effect({ processorOptions: { model: model('amp.safetensors') } });
  const input = numbers(128);
  const output = new Float32Array(128);
  assert.equal(effect.process([[input]], [[output]]), true);
  const same = (await carousel.load(model('amp.safetensors'))).stream({ maxSteps: 128 });
  assert.deepEqual(output, same.run(input));
});

finish();
