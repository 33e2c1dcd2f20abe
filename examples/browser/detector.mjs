// SPDX-License-Identifier: Apache-2.0
// The network of Silero VAD: each 32 ms, 512 new samples behind the 64 before them.
import { load } from './carousel/carousel.mjs';

export const rate = 16000;
export const chunkSize = 512;
const contextSize = 64;

export class Detector {
  #stream;
  #input;
  #output;

  static async load(bytes, name) {
    const frame = contextSize + chunkSize;
    const network = await load(bytes, { name, inputShapes: { input: [1, frame] }, inputValues: { sr: rate } });
    const [input] = network.inputs;
    if (input.size !== frame || network.outputs[0].size !== 1) {
      throw new Error(`${name} takes ${input.size} samples and gives ${network.outputs[0].size} numbers; Silero VAD takes ${frame} and gives 1`);
    }
    return new Detector(network);
  }

  constructor(network) {
    this.#stream = network.stream({ maxSteps: 1 });
    this.#input = network.inputs[0].name;
    this.#output = network.outputs[0].name;
  }

  /** The probability of speech in the next chunk. Allocates nothing, unless another network made the memory grow. */
  hear(chunk) {
    const frame = this.#stream.input(this.#input);
    frame.copyWithin(0, chunkSize);
    frame.set(chunk, contextSize);
    this.#stream.runInPlace(1);
    return this.#stream.output(this.#output)[0];
  }

  reset() {
    this.#stream.reset();
    this.#stream.input(this.#input).fill(0);
  }
}
