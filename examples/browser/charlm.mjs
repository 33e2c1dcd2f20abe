// SPDX-License-Identifier: Apache-2.0
// The character model. Carousel computes its states; the gates follow from these and the file's weights.
import { load } from './carousel/carousel.mjs';

export const gateNames = ['i', 'f', 'g', 'o'];

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** The tensors of a safetensors file, of float32. */
function readTensors(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  for (const [name, { data_offsets: offsets }] of Object.entries(header)) {
    if (offsets) tensors[name] = new Float32Array(buffer.slice(8 + length + offsets[0], 8 + length + offsets[1]));
  }
  return tensors;
}

/** out[r] += sum of weight[r, k] x[k] */
function addProduct(out, weight, x) {
  for (let row = 0, at = 0; row < out.length; ++row) {
    let sum = 0;
    for (let k = 0; k < x.length; ++k) sum += weight[at++] * x[k];
    out[row] += sum;
  }
}

export class CharacterModel {
  #network;
  #stream;
  #tensors;

  static async load(url) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
    const buffer = await response.arrayBuffer();
    return new CharacterModel(await load(buffer, { name: url }), readTensors(buffer));
  }

  constructor(network, tensors) {
    this.#network = network;
    this.#stream = network.stream({ maxSteps: 1 });
    this.#tensors = tensors;
    this.vocabulary = JSON.parse(network.metadata['carousel.vocab']);
    this.units = this.#stream.states[0].size;
  }

  /** What happens at each character: { character, layers: [{ i, f, g, o, c, h }], probabilities } */
  read(text) {
    this.#stream.reset();
    return [...text].filter((character) => this.vocabulary.includes(character)).map((character) => this.#step(character));
  }

  #step(character) {
    const id = this.vocabulary.indexOf(character);
    const before = [0, 2].map((state) => this.#stream.getState(state));
    const logits = this.#stream.run([id]);
    const after = this.#stream.states.map((_, state) => this.#stream.getState(state));
    const size = this.#tensors['embedding.weight'].length / this.vocabulary.length;
    const embedded = this.#tensors['embedding.weight'].subarray(id * size, (id + 1) * size);
    const layers = [embedded, after[0]].map((x, layer) => ({
      ...this.#gates(layer, x, before[layer]), h: after[2 * layer], c: after[2 * layer + 1] }));
    return { character, layers, probabilities: softmax(logits) };
  }

  #gates(layer, x, h) {
    const part = (role) => this.#tensors[`lstm.${role}_l${layer}`];
    const sums = part('bias_ih').map((bias, k) => bias + part('bias_hh')[k]);
    addProduct(sums, part('weight_ih'), x);
    addProduct(sums, part('weight_hh'), h);
    return Object.fromEntries(gateNames.map((name, k) => [
      name, sums.slice(k * this.units, (k + 1) * this.units).map(name === 'g' ? Math.tanh : sigmoid)]));
  }
}

export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
}
