// SPDX-License-Identifier: Apache-2.0
// real_test.mjs CAROUSEL.MJS FOLDER SITE: networks that this project did not make (see ../../tests/real), one of them
// as the page of examples/browser, which SITE is, runs it. What is not there is skipped.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { assertClose, finish, test } from './check.mjs';
import { extent, fromFile, toFile } from './file_axes.mjs';
import { readNpy } from './npy.mjs';

const [script, folder, site] = process.argv.slice(2);
const carousel = await import(pathToFileURL(script));

/** A test of some files; skipped where they are missing. */
function testOf(name, files, body) {
  return test(name, () => {
    const missing = files.find((file) => !existsSync(`${folder}/${file}`));
    return missing ? `${missing} is not there` : body();
  });
}

await testOf('Thai text is segmented as ICU does it', ['thai-segmentation/model.safetensors'], async () => {
  const { vocabulary, unknown_id: unknown, cases } = JSON.parse(readFileSync(`${folder}/thai-segmentation/cases.json`, 'utf8'));
  const network = await carousel.load(readFileSync(`${folder}/thai-segmentation/model.safetensors`));
  for (const { text, expected } of cases) {
    const points = [...text];
    const stream = network.stream({ maxSteps: points.length });
    const y = stream.run(points.map((point) => vocabulary[point] ?? unknown));
    const cut = points.map((point, k) => {
      const scores = [...y.subarray(4 * k, 4 * k + 4)];
      const best = scores.indexOf(Math.max(...scores));
      return (best === 0 || best === 3 ? '|' : '') + point;
    });
    assert.equal(`${cut.join('')}|`, expected);
    stream.free();
  }
});

await testOf("the LSTM of Silero's detector", ['silero-vad/lstm.safetensors', 'silero-vad/features.npy'], async () => {
  const network = await carousel.load(readFileSync(`${folder}/silero-vad/lstm.safetensors`));
  const x = readNpy(`${folder}/silero-vad/features.npy`);
  const stream = network.stream({ maxSteps: x.shape[0] });
  assertClose(stream.run(x.values), readNpy(`${folder}/silero-vad/lstm_out.npy`).values, 1e-5);
  stream.free();
});

await testOf('the whole of Silero\'s detector, chunk by chunk', ['networks/silero_v6/model.onnx'], async () => {
  const part = `${folder}/networks/silero_v6`;
  const x = readNpy(`${part}/input_input.npy`);
  const size = x.shape.at(-1);
  const network = await carousel.load(readFileSync(`${part}/model.onnx`), {
    name: 'silero_v6.onnx', inputShapes: { input: [1, size] }, inputValues: { sr: 16000 } });
  const stream = network.stream({ maxSteps: 1 });
  const [output] = network.outputs;
  const y = [];
  for (let first = 0; first < x.values.length; first += size) {
    y.push(...stream.runNamed({ input: x.values.slice(first, first + size) }, 1)[output.name]);
  }
  assertClose(y, readNpy(`${part}/output_${output.name}.npy`).values, 2e-5);
  stream.free();
});

await testOf("the page's detector goes on when memory grows", ['networks/silero_v6/model.onnx'], async () => {
  const { Detector, chunkSize } = await import(pathToFileURL(`${site}/detector.mjs`));
  const { load } = await import(pathToFileURL(`${site}/carousel/carousel.mjs`));
  const part = `${folder}/networks/silero_v6`;
  const chunks = readNpy(`${part}/input_input.npy`);
  const sound = (k) => Float32Array.from(chunks.values.slice((k + 1) * chunks.shape.at(-1) - chunkSize, (k + 1) * chunks.shape.at(-1)));
  const detector = await Detector.load(readFileSync(`${part}/model.onnx`), 'silero_v6.onnx');
  const y = [0, 1].map((k) => detector.hear(sound(k)));
  (await load(readFileSync(`${folder}/silero-vad/lstm.safetensors`))).stream({ maxSteps: 10000 });
  y.push(detector.hear(sound(2)));
  assertClose(y, readNpy(`${part}/output_output.npy`).values.slice(0, 3), 2e-5);
});

const networks = existsSync(`${folder}/networks`) ? readdirSync(`${folder}/networks`) : [];
for (const name of networks) {
  const files = readdirSync(`${folder}/networks/${name}`);
  const model = files.find((file) => /^model\.(json|nam)$/.test(file));
  if (!model) continue;
  await test(name, async () => {
    const network = await carousel.load(readFileSync(`${folder}/networks/${name}/${model}`), { name: model });
    const x = readNpy(`${folder}/networks/${name}/input_x.npy`);
    const stream = network.stream({ maxSteps: x.values.length / network.inputSize });
    assertClose(stream.run(x.values), readNpy(`${folder}/networks/${name}/output_y.npy`).values, 2e-5);
    stream.free();
  });
}

/** The arrays that a folder has for the inputs or outputs of a network. */
function arrays(part, kind, infos) {
  const files = infos.map((info) => [info, `${part}/${kind}_${info.name.replace(/[^\w.-]/g, '_')}.npy`]);
  return files.filter(([, file]) => existsSync(file)).map(([info, file]) => [info, readNpy(file)]);
}

const graphs = ['graphs', 'networks'].flatMap((kind) =>
  (existsSync(`${folder}/${kind}`) ? readdirSync(`${folder}/${kind}`) : []).map((name) => `${kind}/${name}`));
for (const name of graphs) {
  const part = `${folder}/${name}`;
  // Those with calls.json are called once for each entry of their inputs, as Silero's detector above.
  if (!existsSync(`${part}/model.onnx`) || existsSync(`${part}/calls.json`)) continue;
  await test(name, async () => {
    const network = await carousel.load(readFileSync(`${part}/model.onnx`), { name: `${name}.onnx` });
    const given = arrays(part, 'input', network.inputs);
    const expected = arrays(part, 'output', network.outputs);
    const extents = given.map(([info, array]) => extent(info, array.shape));
    const steps = Math.max(...extents.map((one) => one.steps));
    const stream = network.stream({ batch: Math.max(...extents.map((one) => one.batch)), maxSteps: steps });
    const y = stream.runNamed(Object.fromEntries(given.map(([info, array]) => [info.name, fromFile(info, array)])), steps);
    assert.ok(expected.length > 0);
    for (const [info, array] of expected) assertClose(toFile(info, y[info.name], array.shape), array.values, 2e-5);
    stream.free();
  });
}

finish();
