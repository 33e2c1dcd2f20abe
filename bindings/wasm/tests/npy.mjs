// SPDX-License-Identifier: Apache-2.0
// .npy files of the types that the cases have.
import { readFileSync } from 'node:fs';

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
