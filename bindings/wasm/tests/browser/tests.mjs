// SPDX-License-Identifier: Apache-2.0
// What is tested in a browser: that a page, a worker and an AudioWorklet give the same bits, that a worklet allocates nothing while it
// runs, and that the page of examples/browser starts. That the numbers are right, the tests in Node see.
import { fetchBytes, logits, sine, throughAmp } from './runs.mjs';
import * as carousel from '/package/carousel.mjs';
import * as single from '/package/carousel.single.mjs';

const results = [];

function require(condition, text) {
  if (!condition) throw new Error(text);
}

function requireSame(actual, expected) {
  require(actual.length === expected.length, `${actual.length} numbers instead of ${expected.length}`);
  const place = actual.findIndex((value, k) => value !== expected[k]);
  require(place < 0, `number ${place} is ${actual[place]} instead of ${expected[place]}`);
}

async function test(name, body) {
  try {
    await body();
    results.push({ name, error: null });
  } catch (error) {
    results.push({ name, error: String(error.stack ?? error) });
  }
}

const charlm = await fetchBytes('/models/charlm.safetensors');
const amp = await fetchBytes('/models/amp.safetensors');
const inPage = logits(await carousel.load(charlm));

await test('a page computes finite numbers', () => require(inPage.every(Number.isFinite), 'some are not finite'));

await test('the single-file build gives the bits of the other', async () => requireSame(logits(await single.load(charlm)), inPage));

await test('a bad file is refused with a text', async () => {
  let text = '';
  try {
    await carousel.load(new Uint8Array(64), { name: 'bad.safetensors' });
  } catch (error) {
    text = error.message;
  }
  require(text.includes('bad.safetensors'), `'${text}' does not name the file`);
});

await test('a worker gives the bits of a page', async () => {
  const worker = new Worker('/tests/worker.mjs', { type: 'module' });
  const answer = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(charlm);
  });
  worker.terminate();
  if (answer.error) throw new Error(answer.error);
  requireSame(answer.y, inPage);
});

await test('an AudioWorklet gives the bits of a page, and its memory does not grow', async () => {
  const blocks = 64;
  const samples = sine(128 * blocks);
  const context = new OfflineAudioContext(1, samples.length, 48000);
  await context.audioWorklet.addModule('/tests/worklet.mjs');
  const node = new AudioWorkletNode(context, 'amp', { processorOptions: { model: amp } });
  const said = [];
  node.port.onmessage = ({ data }) => said.push(data);
  const buffer = context.createBuffer(1, samples.length, context.sampleRate);
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node).connect(context.destination);
  source.start();
  const rendered = (await context.startRendering()).getChannelData(0);
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  require(said.length === 1 && !said[0].error, `the worklet said ${JSON.stringify(said)}`);
  requireSame(rendered, throughAmp(await carousel.load(amp), samples));
});

await test('the example page starts', async () => {
  const frame = document.createElement('iframe');
  frame.src = '/site/index.html';
  const failures = [];
  await new Promise((resolve) => { frame.onload = resolve; document.body.append(frame); });
  frame.contentWindow.addEventListener('error', (event) => failures.push(event.message));
  frame.contentWindow.addEventListener('unhandledrejection', (event) => failures.push(String(event.reason)));
  await new Promise((resolve) => { setTimeout(resolve, 3000); });
  require(failures.length === 0, failures.join('\n'));
  require(frame.contentDocument.querySelector('canvas'), 'it shows no picture');
});

await fetch('/results', { method: 'POST', body: JSON.stringify(results) });
