// SPDX-License-Identifier: Apache-2.0
// The README's processor, which tells once whether the memory of its stream stayed where it was.
import { initSync, loadSync } from '/package/carousel.single.mjs';

class Amp extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    initSync();
    this.stream = loadSync(processorOptions.model).stream({ maxSteps: 128 });
    this.memory = this.stream.input().buffer;
    this.blocks = 0;
  }

  process([[input]], [[output]]) {
    if (!input) return true;
    this.stream.input().set(input);
    this.stream.runInPlace(128);
    output.set(this.stream.output());
    if (++this.blocks === 64) {
      const moved = this.stream.input().buffer !== this.memory;
      this.port.postMessage({ error: moved ? 'the memory has grown' : null });
    }
    return true;
  }
}
registerProcessor('amp', Amp);
