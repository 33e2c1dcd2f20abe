// SPDX-License-Identifier: Apache-2.0
// What the tests share: tests that are counted, and comparisons.
import assert from 'node:assert/strict';

let passed = 0;
let failed = 0;
let skipped = 0;

/** Runs a test and counts it. One that returns a text was skipped for that reason. */
export async function test(name, body) {
  try {
    const why = await body();
    if (why) ++skipped;
    else ++passed;
    console.log(why ? `skipped ${name}: ${why}` : `ok      ${name}`);
  } catch (error) {
    ++failed;
    console.log(`FAILED  ${name}: ${error.stack}`);
  }
}

export function finish() {
  if (skipped) console.log(`(${skipped} skipped)`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed || !passed ? 1 : 0;
}

/** The largest difference, as a share of the largest expected value (of 1 at least); NaN is the worst. */
export function worst(actual, expected) {
  assert.equal(actual.length, expected.length);
  let difference = 0;
  let largest = 1;
  for (let i = 0; i < expected.length; ++i) {
    const one = Math.abs(actual[i] - expected[i]);
    if (!(one <= difference)) difference = one;
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return difference / largest;
}

export function assertClose(actual, expected, tolerance) {
  const found = worst(actual, expected);
  assert.ok(found <= tolerance, `the largest difference is ${found}, but ${tolerance} is allowed`);
}

/** What a call throws has this text in it. */
export async function assertRefused(call, text) {
  let error = null;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error instanceof Error, 'nothing was refused');
  assert.ok(error.message.includes(text), `'${error.message}' does not say '${text}'`);
}
