// SPDX-License-Identifier: Apache-2.0

export type Precision = 'float32' | 'float16' | 'bfloat16' | 'int8';

export interface LoadOptions {
  /** Stands for the file's name in messages. */
  name?: string;
  /** Prefix of the recurrent tensors; names of the first module and of the head. Else they are detected. */
  prefix?: string;
  embedding?: string;
  head?: string;
  /** Leave tensors alone that belong to none of these instead of refusing the file. */
  ignoreExtra?: boolean;
  /** ONNX: the first and the last node to take; shapes and values of inputs that are fixed. */
  from?: string;
  to?: string;
  inputShapes?: Record<string, number[]>;
  inputValues?: Record<string, number>;
  /** "auto", "xsimd:wasm" or "scalar". */
  backend?: string;
  /** Expected rows and steps of a run: hints, not limits. */
  batch?: number;
  steps?: number;
  precision?: Precision;
  /** By the layers' names. */
  layerPrecisions?: Record<string, Precision>;
}

export interface SequenceInfo {
  name: string;
  /** Features of a frame. */
  size: number;
  /** The order of axes that the model's file has: "[batch, steps, 3]". */
  axes: string;
}

export interface InputInfo extends SequenceInfo {
  /** It takes ids instead of features. */
  ids: boolean;
  /** It has a single step, however many the others have. */
  oneStep: boolean;
  /** It may be left out of a run. */
  optional: boolean;
}

export interface LayerInfo {
  name: string;
  kind: string;
  description: string;
  inputSize: number;
  outputSize: number;
  backend: string;
  precision: Precision;
  memoryBytes: number;
}

export interface StateInfo {
  /** Index of the network's layers. */
  layer: number;
  /** "h", "c", of the second direction "h_reverse". */
  name: string;
  size: number;
}

export interface Network {
  readonly inputs: InputInfo[];
  readonly outputs: SequenceInfo[];
  readonly layers: LayerInfo[];
  readonly inputSize: number;
  readonly outputSize: number;
  readonly takesIds: boolean;
  /** A run needs the whole sequence: some layer has a reverse direction, or reduces steps. */
  readonly wholeSequence: boolean;
  readonly memoryBytes: number;
  /** Of the model's file. */
  readonly metadata: Record<string, string>;
  stream(options?: { batch?: number; maxSteps?: number }): Stream;
  /** Streams made from it live on. */
  free(): void;
}

export interface Stream {
  readonly batch: number;
  readonly maxSteps: number;
  readonly states: StateInfo[];
  /**
   * Runs x, [steps, batch, inputSize], or ids, [steps, batch], from the current state and returns y, [output steps,
   * batch, outputSize], a new array unless `y` is given. `lengths` holds each row's real steps.
   */
  run(x: ArrayLike<number>, steps?: number, options?: { lengths?: ArrayLike<number>; y?: Float32Array }): Float32Array;
  /** The same with any number of inputs and outputs, by name. */
  runNamed(inputs: Record<string, ArrayLike<number>>, steps: number,
    options?: { lengths?: ArrayLike<number> }): Record<string, Float32Array>;
  /**
   * The module's own memory of an input or output, by default the main one: for `runInPlace`. Ask again after another
   * network or stream was made, since the memory may have moved.
   */
  input(name?: string): Float32Array | Int32Array;
  output(name?: string): Float32Array;
  /** Runs what stands in the memory of the inputs, into that of the outputs. Allocates nothing: for AudioWorklets. */
  runInPlace(steps: number): void;
  /** A copy of a state, [batch, size], by its index in `states`. */
  getState(index: number): Float32Array;
  setState(index: number, values: ArrayLike<number>): void;
  reset(): void;
  free(): void;
}

/**
 * Compiles carousel.wasm, from beside this file or from where `source` says. `load` does it where nobody has; worklets,
 * which cannot fetch, are given the compiled module or use the single-file build.
 */
export function init(source?: string | URL | BufferSource | WebAssembly.Module): Promise<void>;
export function initSync(source?: BufferSource | WebAssembly.Module): void;

/** Reads a model from its file's bytes and prepares it. Throws Error with the library's text. */
export function load(bytes: ArrayBuffer | ArrayBufferView, options?: LoadOptions): Promise<Network>;
/** The same after `init` or `initSync`. */
export function loadSync(bytes: ArrayBuffer | ArrayBufferView, options?: LoadOptions): Network;

/** The library's version. */
export function version(): string;
