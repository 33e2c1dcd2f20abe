// SPDX-License-Identifier: Apache-2.0
// An AudioWorklet that gives the page what the microphone hears, in chunks.
class Chunks extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.chunk = new Float32Array(processorOptions.size);
    this.count = 0;
  }

  process([[samples]]) {
    for (const sample of samples ?? []) {
      this.chunk[this.count++] = sample;
      if (this.count === this.chunk.length) {
        this.port.postMessage(this.chunk);
        this.count = 0;
      }
    }
    return true;
  }
}

registerProcessor('chunks', Chunks);
