// SPDX-License-Identifier: Apache-2.0
// The two tabs; what each shows is in speech.mjs and gates.mjs.
import { startGates } from './gates.mjs';
import { startSpeech } from './speech.mjs';

const tabs = ['speech', 'gates'];

function show(name) {
  for (const tab of tabs) {
    document.getElementById(tab).hidden = tab !== name;
    document.getElementById(`tab-${tab}`).setAttribute('aria-selected', String(tab === name));
  }
  dispatchEvent(new Event('resize'));
}

for (const tab of tabs) {
  document.getElementById(`tab-${tab}`).addEventListener('click', () => {
    location.hash = tab;
    show(tab);
  });
}

await Promise.all([startSpeech(), startGates()]);
show(tabs.includes(location.hash.slice(1)) ? location.hash.slice(1) : tabs[0]);
