// SPDX-License-Identifier: Apache-2.0
// The first tab: the probability of speech in a sound or in what the microphone hears.
import { colour, onChange, prepare } from './canvas.mjs';
import { chunkSize, Detector, rate } from './detector.mjs';

const element = (id) => document.getElementById(id);
const shownChunks = 312; // 10 s of what is recorded
const chunkMilliseconds = (1000 * chunkSize) / rate;

let detector = null;
let chunks = []; // { low, high, probability } of each
let times = []; // ms of each
let stopRecording = null;

function say(text) {
  element('speech-status').textContent = text;
}

function draw() {
  const { context, width, height } = prepare(element('wave'));
  const shown = stopRecording ? Math.max(shownChunks, 1) : Math.max(chunks.length, 1);
  const first = Math.max(0, chunks.length - shown);
  const step = width / shown;
  const middle = height * 0.3;
  const foot = height - 8;
  const rise = height * 0.36;
  context.fillStyle = colour('wave');
  for (let k = first; k < chunks.length; ++k) {
    const { low, high } = chunks[k];
    context.fillRect((k - first) * step, middle - high * middle * 0.95, step + 0.5, Math.max((high - low) * middle * 0.95, 1));
  }
  context.strokeStyle = colour('line');
  context.beginPath();
  for (const level of [0, 0.5, 1]) {
    context.moveTo(0, foot - level * rise);
    context.lineTo(width, foot - level * rise);
  }
  context.stroke();
  context.strokeStyle = colour('speech');
  context.lineWidth = 1.8;
  context.beginPath();
  for (let k = first; k < chunks.length; ++k) context.lineTo((k - first + 0.5) * step, foot - chunks[k].probability * rise);
  context.stroke();
  context.fillStyle = colour('dim');
  context.font = '11px system-ui, sans-serif';
  context.fillText('speech', 4, foot - rise + 12);
}

function showFigures() {
  const last = chunks.at(-1);
  const recent = times.slice(-200).sort((a, b) => a - b);
  const median = recent[recent.length >> 1];
  const speech = chunks.filter((chunk) => chunk.probability >= 0.5).length;
  element('probability').textContent = last ? last.probability.toFixed(3) : '–';
  element('chunk-time').textContent = median === undefined ? '–' : median.toFixed(3);
  element('real-time').textContent = median ? Math.round(chunkMilliseconds / median).toLocaleString('en') : '–';
  element('speech-share').textContent = chunks.length ? `${((speech * chunkMilliseconds) / 1000).toFixed(1)} s` : '–';
}

/** Clocks of browsers are coarse, so the time is that of several chunks. */
function hear(samples) {
  const start = performance.now();
  const heard = [];
  for (let first = 0; first + chunkSize <= samples.length; first += chunkSize) {
    heard.push(detector.hear(samples.subarray(first, first + chunkSize)));
  }
  const each = (performance.now() - start) / Math.max(heard.length, 1);
  heard.forEach((probability, k) => {
    let low = 0;
    let high = 0;
    for (const sample of samples.subarray(k * chunkSize, (k + 1) * chunkSize)) {
      low = Math.min(low, sample);
      high = Math.max(high, sample);
    }
    chunks.push({ low: Math.max(low, -1), high: Math.min(high, 1), probability });
    times.push(each);
  });
}

function begin() {
  detector.reset();
  chunks = [];
  times = [];
}

async function useNetwork(file) {
  try {
    detector = await Detector.load(await file.arrayBuffer(), file.name);
    element('microphone').disabled = !navigator.mediaDevices;
    say(`${file.name} is ready. Choose a sound, or speak.`);
  } catch (error) {
    say(error.message);
  }
}

/** The sound in the network's rate; decodes all that the browser can. */
async function decode(file) {
  const audio = new OfflineAudioContext(1, rate, rate);
  const decoded = await audio.decodeAudioData(await file.arrayBuffer());
  return decoded.getChannelData(0);
}

async function useSound(file) {
  if (!detector) return say('First the network: silero_vad.onnx');
  try {
    const samples = await decode(file);
    begin();
    const part = chunkSize * 32;
    for (let first = 0; first < samples.length; first += part) {
      hear(samples.subarray(first, first + part));
      draw();
      showFigures();
      await new Promise(requestAnimationFrame);
    }
    say(`${file.name}: ${(samples.length / rate).toFixed(1)} s`);
  } catch (error) {
    say(`${file.name}: ${error.message}`);
  }
}

async function record() {
  try {
    const media = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    const audio = new AudioContext({ sampleRate: rate });
    await audio.audioWorklet.addModule('chunks.mjs');
    const node = new AudioWorkletNode(audio, 'chunks', { processorOptions: { size: chunkSize } });
    begin();
    node.port.onmessage = ({ data }) => {
      hear(data);
      draw();
      showFigures();
    };
    audio.createMediaStreamSource(media).connect(node);
    stopRecording = () => {
      media.getTracks().forEach((track) => track.stop());
      audio.close();
    };
    setRecording(true);
    say('Speak.');
  } catch (error) {
    say(`The microphone: ${error.message}`);
  }
}

function setRecording(on) {
  element('microphone').hidden = on;
  element('stop').hidden = !on;
}

function stop() {
  stopRecording?.();
  stopRecording = null;
  setRecording(false);
  draw();
}

function useFiles(files) {
  for (const file of files) {
    if (/\.onnx$/i.test(file.name)) useNetwork(file);
    else useSound(file);
  }
}

export function startSpeech() {
  element('network').addEventListener('change', ({ target }) => useFiles(target.files));
  element('sound').addEventListener('change', ({ target }) => useFiles(target.files));
  element('microphone').addEventListener('click', record);
  element('stop').addEventListener('click', stop);
  addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('dragged');
  });
  addEventListener('dragleave', () => document.body.classList.remove('dragged'));
  addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('dragged');
    useFiles(event.dataTransfer.files);
  });
  onChange(draw);
  draw();
}
