// SPDX-License-Identifier: Apache-2.0
// Arrays in the order of axes that a model's file has, from and to [steps, batch, features].

/** "[batch, steps, 3]" is ['batch', 'steps', 3]. Numbers are features, or an axis of one step or row. */
const axesOf = (text) => text.slice(1, -1).split(', ').map((axis) => (/^\d+$/.test(axis) ? Number(axis) : axis));

/** For each place of an array with these sizes of axes: its step, row and feature. */
function* places(axes, sizes) {
  const index = sizes.map(() => 0);
  const count = sizes.reduce((a, b) => a * b, 1);
  for (let k = 0; k < count; ++k) {
    const at = { steps: 0, batch: 0, feature: 0 };
    axes.forEach((axis, n) => {
      if (typeof axis === 'number') at.feature = at.feature * axis + index[n];
      else at[axis] = index[n];
    });
    yield at;
    for (let n = sizes.length - 1; n >= 0 && ++index[n] === sizes[n]; --n) index[n] = 0;
  }
}

/** { steps, batch } of an array with this shape. */
export function extent(info, shape) {
  const axes = axesOf(info.axes);
  const size = (name) => (axes.includes(name) ? shape[axes.indexOf(name)] : 1);
  return { steps: size('steps'), batch: size('batch') };
}

/** The array of a file as [steps, batch, features]. */
export function fromFile(info, { shape, values }) {
  const { steps, batch } = extent(info, shape);
  const size = values.length / (steps * batch);
  const x = new Float32Array(values.length);
  let k = 0;
  for (const at of places(axesOf(info.axes), shape)) x[(at.steps * batch + at.batch) * size + at.feature] = values[k++];
  return x;
}

/** [steps, batch, features] as an array of the file with this shape. */
export function toFile(info, y, shape) {
  const { batch } = extent(info, shape);
  const values = new Float32Array(y.length);
  let k = 0;
  for (const at of places(axesOf(info.axes), shape)) values[k++] = y[(at.steps * batch + at.batch) * info.size + at.feature];
  return values;
}
