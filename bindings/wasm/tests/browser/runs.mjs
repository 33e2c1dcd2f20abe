// SPDX-License-Identifier: Apache-2.0
// Runs that a page, a worker and a worklet do alike.

export async function fetchBytes(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.arrayBuffer();
}

/** The character model's outputs for a fixed sequence of ids. */
export function logits(network) {
  const ids = Int32Array.from({ length: 64 }, (_, k) => (k * 7) % network.outputSize);
  const stream = network.stream({ maxSteps: ids.length });
  const y = stream.run(ids);
  stream.free();
  return y;
}

export function sine(samples) {
  return Float32Array.from({ length: samples }, (_, k) => 0.5 * Math.sin(k * 0.05));
}

/** A sound through the amplifier's network, in one run. */
export function throughAmp(network, samples) {
  const stream = network.stream({ maxSteps: samples.length });
  const y = stream.run(samples);
  stream.free();
  return y;
}
