// SPDX-License-Identifier: Apache-2.0
// bench.mjs CAROUSEL.MJS ONNXRUNTIME_WEB MODELS [REAL]: Carousel against onnxruntime-web, both with one thread and
// SIMD, taking turns in this process. MODELS has what make_models.py made; REAL the networks from outside, of which
// silero_v6 is timed. Prints medians in microseconds, and Carousel's share of ONNX Runtime's.
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [script, ortFolder, models, real] = process.argv.slice(2);
const carousel = await import(pathToFileURL(script));
const ort = await import(pathToFileURL(`${ortFolder}/node_modules/onnxruntime-web/dist/ort.node.min.mjs`));
ort.env.wasm.numThreads = 1;

const rounds = 41;
const secondsOfRound = 0.02;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Microseconds of a call, from as many as fill a round. */
async function time(call, count) {
  const start = performance.now();
  for (let i = 0; i < count; ++i) {
    const pending = call();
    if (pending) await pending;
  }
  return ((performance.now() - start) * 1000) / count;
}

async function callsOfRound(call) {
  await time(call, 20);
  return Math.max(1, Math.round((secondsOfRound * 1e6) / (await time(call, 20))));
}

async function compare(name, target, ours, theirs) {
  const counts = [await callsOfRound(ours), await callsOfRound(theirs)];
  const times = [[], []];
  for (let round = 0; round < rounds; ++round) {
    times[0].push(await time(ours, counts[0]));
    times[1].push(await time(theirs, counts[1]));
  }
  const [own, other] = times.map(median);
  const share = median(times[0].map((one, k) => one / times[1][k]));
  console.log(`${name.padEnd(24)} ${own.toFixed(1).padStart(9)} us ${other.toFixed(1).padStart(9)} us  ${share.toFixed(2)} (target ${target})`);
}

/** A session that is called with its states carried over; they are tensors of the same memory each time. */
async function session(file, feeds, carried) {
  const made = await ort.InferenceSession.create(readFileSync(file), { executionProviders: ['wasm'], intraOpNumThreads: 1 });
  return async () => {
    const results = await made.run(feeds);
    for (const [output, input] of Object.entries(carried)) feeds[input] = results[output];
  };
}

const zeros = (...shape) => new ort.Tensor('float32', new Float32Array(shape.reduce((a, b) => a * b)), shape);

/** Carousel on the same file; its states stay in the stream. */
async function own(file, options, steps, fill) {
  const network = await carousel.load(readFileSync(file), { name: file, ...options });
  const stream = network.stream({ maxSteps: steps });
  const name = network.inputs[0].name;
  fill(stream.input(name));
  return () => stream.runInPlace(steps);
}

for (const steps of [1, 64]) {
  const x = Float32Array.from({ length: 128 * steps }, (_, k) => Math.sin(k));
  const file = `${models}/lstm128.onnx`;
  await compare(`lstm128, ${steps} steps`, 0.7, await own(file, {}, steps, (view) => view.set(x)),
    await session(file, { x: new ort.Tensor('float32', x, [steps, 1, 128]), h: zeros(1, 1, 128), c: zeros(1, 1, 128) }, { hn: 'h', cn: 'c' }));
}

{
  const file = `${models}/charlm.onnx`;
  const states = ['l0_h', 'l0_c', 'l1_h', 'l1_c'];
  const feeds = { ids: new ort.Tensor('int64', BigInt64Array.of(7n), [1, 1]) };
  for (const state of states) feeds[state] = zeros(1, 1, 256);
  await compare('charlm, 1 step', 0.6, await own(file, {}, 1, (view) => view.fill(7)),
    await session(file, feeds, Object.fromEntries(states.map((state) => [`${state}n`, state]))));
}

const silero = `${real}/networks/silero_v6/model.onnx`;
if (real && existsSync(silero)) {
  const chunk = Float32Array.from({ length: 576 }, (_, k) => 0.1 * Math.sin(k / 7));
  const feeds = { input: new ort.Tensor('float32', chunk, [1, 576]), state: zeros(2, 1, 128), sr: new ort.Tensor('int64', BigInt64Array.of(16000n), []) };
  await compare('silero_v6, 1 chunk', 0.6, await own(silero, { inputValues: { sr: 16000 }, inputShapes: { input: [1, 576] } }, 1, (view) => view.set(chunk)),
    await session(silero, feeds, { stateN: 'state' }));
}
