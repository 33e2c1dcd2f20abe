// SPDX-License-Identifier: Apache-2.0
// .npy files of the types that the cases have, in version 1 or 2; written in version 1.
import { readFileSync, writeFileSync } from 'node:fs';

const types = { '<f4': Float32Array, '<f8': Float64Array, '<i4': Int32Array, '<i8': BigInt64Array, '|b1': Uint8Array, '|u1': Uint8Array };

/** { shape, values } */
export function readNpy(file) {
  const bytes = readFileSync(file);
  const long = bytes[6] >= 2;
  const start = (long ? 12 : 10) + (long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('latin1', 10, start);
  const type = types[header.match(/'descr': '([^']*)'/)[1]];
  const shape = header.match(/'shape': \(([^)]*)\)/)[1].split(',').filter((size) => size.trim()).map(Number);
  if (!type || /'fortran_order': True/.test(header)) throw new Error(`${file}: ${header}`);
  const data = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length);
  return { shape, values: Array.from(new type(data), Number) };
}

/** Writes a typed array as a file of that shape. */
export function writeNpy(file, shape, values) {
  const [descr] = Object.entries(types).find(([, type]) => values instanceof type);
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.map((size) => `${size},`).join(' ')}), }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, length & 255, length >> 8]);
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  writeFileSync(file, Buffer.concat([start, Buffer.from(`${header.padEnd(length - 1)}\n`), data]));
}
