// SPDX-License-Identifier: Apache-2.0
// Carousel in WebAssembly: see README.md and carousel.d.ts.

const noSuchFunction = 52; // ENOSYS of WASI

// In the single-file build this is the module in base64.
const embedded = null;

let ready = null; // the promise of the instance, made once
let wasm = null; // its exports
let views = null; // of its memory, made anew when that has grown

/** Compiles and instantiates the module, once. `source` is what to take instead of carousel.wasm. */
export function init(source) {
  ready ??= instantiate(source).catch((error) => {
    ready = null;
    throw error;
  });
  return ready;
}

/** The same at once, for where nothing can be awaited: a module that is compiled, or its bytes. */
export function initSync(source) {
  if (wasm) return;
  const module = source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source ?? decodeBase64(embedded));
  start(new WebAssembly.Instance(module, imports(module)));
  ready = Promise.resolve();
}

async function instantiate(source) {
  const module = await compile(source ?? embedded ?? new URL('carousel.wasm', import.meta.url));
  start(await WebAssembly.instantiate(module, imports(module)));
}

async function compile(source) {
  if (source instanceof WebAssembly.Module) return source;
  if (source === embedded && embedded !== null) return WebAssembly.compile(decodeBase64(embedded));
  if (typeof source === 'string' || source instanceof URL) return WebAssembly.compile(await read(new URL(source, globalThis.location?.href ?? import.meta.url)));
  return WebAssembly.compile(source);
}

async function read(url) {
  if (url.protocol === 'file:' && typeof process !== 'undefined') {
    const { readFile } = await import('node:fs/promises');
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

function start(instance) {
  wasm = instance.exports;
  wasm._initialize();
}

/** Every import answers that there is no such function, but for those that something depends on. */
function imports(module) {
  const known = {
    environ_sizes_get: (count, size) => {
      memory().u32[count >> 2] = 0;
      memory().u32[size >> 2] = 0;
      return 0;
    },
    environ_get: () => 0,
    clock_time_get: (clock, precision, to) => {
      const now = BigInt(Math.round((globalThis.performance?.now() ?? Date.now()) * 1e6));
      new DataView(memory().u32.buffer).setBigUint64(to, now, true);
      return 0;
    },
    fd_write: () => 0,
    emscripten_notify_memory_growth: () => {},
    proc_exit: () => {
      throw new Error('Carousel ended itself: out of memory, or an internal error');
    },
  };
  const object = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') throw new Error(`carousel.wasm imports ${kind} ${from}.${name}`);
    (object[from] ??= {})[name] = known[name] ?? (() => noSuchFunction);
  }
  return object;
}

// --- Memory -----------------------------------------------------------------------------------

function memory() {
  const { buffer } = wasm.memory;
  if (views?.u32.buffer !== buffer) {
    views = { u8: new Uint8Array(buffer), u32: new Uint32Array(buffer) };
  }
  return views;
}

function allocate(size) {
  const address = wasm.malloc(Math.max(size, 1));
  if (address === 0) throw new Error(`out of memory (${size} bytes)`);
  return address;
}

/** Calls `use` with the address of a copy of some bytes, which is freed afterwards. */
function withBytes(bytes, use) {
  const address = allocate(bytes.length);
  try {
    memory().u8.set(bytes, address);
    return use(address, bytes.length);
  } finally {
    wasm.free(address);
  }
}

function withText(text, use) {
  return withBytes(encodeUtf8(`${text}\0`), use);
}

function textAt(address) {
  const { u8 } = memory();
  return decodeUtf8(u8.subarray(address, u8.indexOf(0, address)));
}

/** What JSON at an address says, which is freed. */
function takeJson(address) {
  if (address === 0) throw lastError();
  try {
    return JSON.parse(textAt(address));
  } finally {
    wasm.free(address);
  }
}

function lastError() {
  return new Error(textAt(wasm.carousel_last_error()));
}

// An AudioWorklet need not have TextEncoder, TextDecoder and atob.

function encodeUtf8(text) {
  if (typeof TextEncoder !== 'undefined') return new TextEncoder().encode(text);
  const escaped = unescape(encodeURIComponent(text));
  return Uint8Array.from(escaped, (character) => character.charCodeAt(0));
}

function decodeUtf8(bytes) {
  if (typeof TextDecoder !== 'undefined') return new TextDecoder().decode(bytes);
  let escaped = '';
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`;
  return decodeURIComponent(escaped);
}

function decodeBase64(text) {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const values = new Uint8Array(128);
  for (let i = 0; i < digits.length; ++i) values[digits.charCodeAt(i)] = i;
  const length = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
  const bytes = new Uint8Array((length * 3) >> 2);
  for (let from = 0, to = 0; from < length; from += 4) {
    let bits = 0;
    for (let k = 0; k < 4; ++k) bits = (bits << 6) | (from + k < length ? values[text.charCodeAt(from + k)] : 0);
    for (let shift = 16; shift >= 0 && to < bytes.length; shift -= 8) bytes[to++] = bits >> shift;
  }
  return bytes;
}

// --- Networks ---------------------------------------------------------------------------------

const loadOptions = new Set(['name', 'prefix', 'embedding', 'head', 'ignoreExtra', 'from', 'to', 'inputShapes',
  'inputValues', 'backend', 'batch', 'steps', 'precision', 'layerPrecisions']);

function refuseUnknown(options, known, what) {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) throw new Error(`${what}: there is no option '${name}'; there are ${[...known].join(', ')}`);
  }
}

/** The version of the library, once it is instantiated. */
export function version() {
  return textAt(wasm.carousel_version());
}

/** Reads a model from its file's bytes and prepares it. */
export async function load(bytes, options = {}) {
  await init();
  return loadSync(bytes, options);
}

/** The same after `init` or `initSync`. */
export function loadSync(bytes, options = {}) {
  if (!wasm) throw new Error('loadSync: await init() first');
  refuseUnknown(options, loadOptions, 'load');
  const view = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
  const handle = withText(JSON.stringify(options), (json) => withBytes(view, (at, size) => wasm.wasm_load(at, size, json)));
  if (handle === 0) throw lastError();
  return new Network(handle);
}

class Network {
  #handle;

  constructor(handle) {
    this.#handle = handle;
    Object.assign(this, takeJson(wasm.wasm_describe(handle)));
  }

  /** A caller's states and memory. */
  stream(options = {}) {
    if (this.#handle === 0) throw new Error('stream: the network has been freed');
    refuseUnknown(options, new Set(['batch', 'maxSteps']), 'stream');
    const { batch = 1, maxSteps = 64 } = options;
    for (const [name, value] of [['batch', batch], ['maxSteps', maxSteps]]) {
      if (!Number.isInteger(value) || value < 1 || value > 0x7fffffff) throw new Error(`stream: ${name} is ${value}, but must be a positive integer`);
    }
    const handle = wasm.wasm_stream_new(this.#handle, batch, maxSteps);
    if (handle === 0) throw lastError();
    return new Stream(handle, this, batch, maxSteps);
  }

  /** Streams made from it live on. */
  free() {
    wasm.wasm_network_free(this.#handle);
    this.#handle = 0;
  }
}

/** A part of the module's memory, as a typed array that is made anew when the memory has grown. */
class Part {
  #type;
  #address;
  #length;
  #view = null;

  constructor(type, address, length) {
    this.#type = type;
    this.#address = address;
    this.#length = length;
  }

  get view() {
    if (this.#view?.buffer !== wasm.memory.buffer) this.#view = new this.#type(wasm.memory.buffer, this.#address, this.#length);
    return this.#view;
  }
}

class Stream {
  #handle;
  #network;
  #inputs;
  #outputs;
  #states;
  #lengths;
  #mainInput;
  #mainOutput;

  constructor(handle, network, batch, maxSteps) {
    this.#handle = handle;
    this.#network = network;
    this.batch = batch;
    this.maxSteps = maxSteps;
    this.#inputs = network.inputs.map((input, k) => new Part(input.ids ? Int32Array : Float32Array,
      wasm.wasm_stream_input(handle, k), (input.oneStep ? 1 : maxSteps) * batch * input.size));
    this.#outputs = network.outputs.map((output, k) => new Part(Float32Array, wasm.wasm_stream_output(handle, k),
      Math.max(this.#outputSteps(k, maxSteps), this.#outputSteps(k, 1)) * batch * output.size));
    this.#lengths = new Part(Int32Array, wasm.wasm_stream_lengths(handle), batch);
    this.states = takeJson(wasm.wasm_stream_describe(handle));
    this.#states = this.states.map((state, k) => new Part(Float32Array, wasm.wasm_stream_state(handle, k), batch * state.size));
    this.#mainInput = Math.max(network.inputs.findIndex((input) => !input.optional), 0);
    this.#mainOutput = Math.max(network.outputs.findIndex((_, k) => this.#outputSteps(k, 2) > this.#outputSteps(k, 1)), 0);
  }

  #outputSteps(index, steps) {
    return wasm.wasm_stream_output_steps(this.#handle, index, steps);
  }

  #index(list, name, what) {
    const index = list.findIndex((one) => one.name === name);
    if (index >= 0) return index;
    throw new Error(`there is no ${what} '${name}'; there are ${list.map((one) => `'${one.name}'`).join(', ')}`);
  }

  #write(index, values, steps) {
    const input = this.#network.inputs[index];
    const count = (input.oneStep ? 1 : steps) * this.batch * input.size;
    if (values.length !== count) {
      throw new Error(`run: input '${input.name}' has ${values.length} numbers, but ${steps} steps of ${this.batch} rows of ${input.size} are ${count}`);
    }
    const { view } = this.#inputs[index];
    if (count > view.length) throw new Error(`run: ${steps} steps, but the stream was made with maxSteps = ${this.maxSteps}`);
    view.set(values);
  }

  #copyLengths(lengths) {
    if (!lengths) return;
    if (lengths.length !== this.batch) throw new Error(`run: ${lengths.length} lengths for ${this.batch} rows`);
    this.#lengths.view.set(lengths);
  }

  #execute(steps, lengths) {
    if (this.#handle === 0) throw new Error('run: the stream has been freed');
    if (!wasm.wasm_stream_run(this.#handle, steps, lengths ? 1 : 0)) throw lastError();
  }

  #result(index, steps, to) {
    const { size } = this.#network.outputs[index];
    const values = this.#outputs[index].view.subarray(0, this.#outputSteps(index, steps) * this.batch * size);
    if (!to) return values.slice();
    to.set(values);
    return to;
  }

  /** Runs x, [steps, batch, inputSize], from the current state and returns y, [output steps, batch, outputSize]. */
  run(x, steps = x.length / (this.batch * this.#network.inputs[this.#mainInput].size), { lengths, y } = {}) {
    this.#network.inputs.forEach((input, k) => {
      if (k !== this.#mainInput && !input.optional) throw new Error(`run: the network has the input '${input.name}' too: use runNamed`);
    });
    this.#write(this.#mainInput, x, steps);
    this.#copyLengths(lengths);
    this.#execute(steps, lengths);
    return this.#result(this.#mainOutput, steps, y);
  }

  /** The same with any number of inputs and outputs, by name. */
  runNamed(inputs, steps, { lengths } = {}) {
    const indices = Object.keys(inputs).map((name) => this.#index(this.#network.inputs, name, 'input'));
    this.#network.inputs.forEach((input, k) => {
      if (!input.optional && !indices.includes(k)) throw new Error(`run: the input '${input.name}' is missing`);
    });
    indices.forEach((index) => this.#write(index, inputs[this.#network.inputs[index].name], steps));
    this.#network.inputs.forEach((input, k) => wasm.wasm_stream_give(this.#handle, k, indices.includes(k)));
    this.#copyLengths(lengths);
    try {
      this.#execute(steps, lengths);
    } finally {
      this.#network.inputs.forEach((input, k) => wasm.wasm_stream_give(this.#handle, k, !input.optional));
    }
    return Object.fromEntries(this.#network.outputs.map((output, k) => [output.name, this.#result(k, steps)]));
  }

  /** The memory of an input and of an output: for `runInPlace`. */
  input(name) {
    return this.#inputs[name === undefined ? this.#mainInput : this.#index(this.#network.inputs, name, 'input')].view;
  }

  output(name) {
    return this.#outputs[name === undefined ? this.#mainOutput : this.#index(this.#network.outputs, name, 'output')].view;
  }

  /** Runs what stands in the memory of the inputs. Neither side allocates. */
  runInPlace(steps) {
    this.#execute(steps, null);
  }

  /** A copy of a state, [batch, size], by its index in `states`. */
  getState(index) {
    return this.#stateAt(index).slice();
  }

  setState(index, values) {
    const view = this.#stateAt(index);
    if (values.length !== view.length) throw new Error(`setState: ${values.length} numbers for a state of ${view.length}`);
    view.set(values);
  }

  /** The state itself, to read from and to write to. */
  #stateAt(index) {
    const part = this.#states[index];
    if (!part) throw new Error(`state ${index} of a stream with ${this.#states.length}`);
    return part.view;
  }

  /** Back to the initial state. */
  reset() {
    wasm.wasm_stream_reset(this.#handle);
  }

  free() {
    wasm.wasm_stream_free(this.#handle);
    this.#handle = 0;
  }
}
