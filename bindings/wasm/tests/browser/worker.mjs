// SPDX-License-Identifier: Apache-2.0
import { load } from '/package/carousel.mjs';
import { logits } from './runs.mjs';

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ y: logits(await load(data)) });
  } catch (error) {
    self.postMessage({ error: String(error.stack ?? error) });
  }
};
