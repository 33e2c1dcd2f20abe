// SPDX-License-Identifier: Apache-2.0
// The second tab: a map of each gate, a column for each character and a row for each unit.
import { colour, onChange, prepare } from './canvas.mjs';
import { CharacterModel } from './charlm.mjs';

const element = (id) => document.getElementById(id);
const shownUnits = 32;
const shownCharacters = 48;
const captions = {
  i: 'input gate: what is let in',
  f: 'forget gate: what is kept',
  o: 'output gate: what is shown',
  g: 'candidate, −1 to 1',
  c: 'cell state',
  h: 'output, −1 to 1',
};

let model = null;
let steps = [];
const canvases = {};

function parse(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** From nothing to up, and to down for negative values. */
function shade(value, low, up, down) {
  const to = value < 0 ? down : up;
  const part = Math.min(Math.abs(value), 1);
  return `rgb(${low.map((from, k) => Math.round(from + part * (to[k] - from))).join(',')})`;
}

function drawMap(name) {
  const { context, width, height } = prepare(canvases[name]);
  const shown = steps.slice(-shownCharacters);
  const layer = Number(element('layer').value);
  const first = Number(element('first-unit').value);
  const text = 16;
  const cell = Math.min(width / Math.max(shown.length, 1), 18);
  const row = (height - text) / shownUnits;
  const [low, up, down] = ['low', 'up', 'down'].map((each) => parse(colour(each)));
  context.font = '11px ui-monospace, "DejaVu Sans Mono", monospace';
  context.textAlign = 'center';
  shown.forEach(({ character, layers }, column) => {
    for (let unit = 0; unit < shownUnits; ++unit) {
      context.fillStyle = shade(layers[layer][name][first + unit], low, up, down);
      context.fillRect(column * cell, text + unit * row, cell + 0.3, row + 0.3);
    }
    context.fillStyle = colour('ink');
    if (cell > 5) context.fillText(character === '\n' ? '↵' : character, (column + 0.5) * cell, 11);
  });
}

function draw() {
  if (element('gates').hidden) return;
  Object.keys(canvases).forEach(drawMap);
}

function showNext() {
  const last = steps.at(-1);
  element('next').replaceChildren();
  if (!last) return;
  const order = [...last.probabilities.keys()].sort((a, b) => last.probabilities[b] - last.probabilities[a]).slice(0, 6);
  element('next').append('Next: ');
  for (const id of order) {
    const one = document.createElement('span');
    const symbol = document.createElement('b');
    const character = model.vocabulary[id];
    symbol.textContent = character === ' ' ? '␣' : character === '\n' ? '↵' : character;
    one.append(symbol, `${Math.round(100 * last.probabilities[id])} %`);
    element('next').append(one);
  }
}

function read() {
  const { value } = element('text');
  const start = performance.now();
  steps = model.read(value);
  const unknown = [...value].filter((character) => !model.vocabulary.includes(character));
  const time = `${steps.length} characters in ${(performance.now() - start).toFixed(1)} ms, gates included.`;
  element('gates-status').textContent = unknown.length ? `The model does not know ${[...new Set(unknown)].join(' ')}. ${time}` : time;
  showNext();
  draw();
}

/** Appends what the model deems likely. */
async function writeOn() {
  for (let count = 0; count < 40 && steps.length; ++count) {
    const { probabilities } = steps.at(-1);
    let rest = Math.random();
    let id = probabilities.findIndex((probability) => (rest -= probability) <= 0);
    if (id < 0) id = 0;
    element('text').value += model.vocabulary[id];
    read();
    await new Promise(requestAnimationFrame);
  }
}

function addMap(name) {
  const figure = document.createElement('figure');
  const caption = document.createElement('figcaption');
  const symbol = document.createElement('b');
  const canvas = document.createElement('canvas');
  symbol.textContent = `${name} `;
  caption.append(symbol, captions[name]);
  canvas.style.height = '210px';
  canvas.setAttribute('aria-label', captions[name]);
  figure.append(caption, canvas);
  element('maps').append(figure);
  canvases[name] = canvas;
}

export async function startGates() {
  Object.keys(captions).forEach(addMap);
  try {
    model = await CharacterModel.load('charlm.safetensors');
  } catch (error) {
    element('gates-status').textContent = error.message;
    return;
  }
  element('first-unit').max = String(model.units - shownUnits);
  element('text').addEventListener('input', read);
  element('layer').addEventListener('change', draw);
  element('first-unit').addEventListener('input', draw);
  element('continue').addEventListener('click', writeOn);
  onChange(draw);
  read();
}
