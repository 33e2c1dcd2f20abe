// SPDX-License-Identifier: Apache-2.0
// browser_test.mjs CHROMIUM PACKAGE MODELS SITE: runs browser/tests.mjs in a headless Chromium, in a page, a worker and an AudioWorklet,
// and looks whether the page of examples/browser, which SITE is, starts. MODELS has charlm.safetensors and amp.safetensors.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish, test } from './check.mjs';

const [chromium, packageFolder, models, site] = process.argv.slice(2);
const secondsUntilGivenUp = 180;
const types = { '.html': 'text/html', '.mjs': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm' };
const folders = {
  package: packageFolder,
  models,
  site,
  tests: fileURLToPath(new URL('browser', import.meta.url)),
};

/** The file that stands for a path such as /models/charlm.safetensors, or null. */
function fileOf(path) {
  const [, folder, ...rest] = normalize(path).split('/');
  const file = folders[folder] && join(folders[folder], ...rest);
  return file && existsSync(file) ? file : null;
}

/** Serves the folders; resolves `report` with what a page posts. */
function serve() {
  let deliver;
  const report = new Promise((resolve) => { deliver = resolve; });
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (part) => { body += part; });
      request.on('end', () => { response.end(); deliver(JSON.parse(body)); });
      return;
    }
    const file = fileOf(new URL(request.url, 'http://localhost').pathname);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
  });
  return new Promise((resolve) => {
    server.listen(0, 'localhost', () => resolve({ server, report, port: server.address().port }));
  });
}

/** What the page found: a list of { name, error }, whose errors are texts or null. */
async function runInBrowser(port, report) {
  const profile = mkdtempSync(join(tmpdir(), 'carousel-chromium-'));
  const browser = spawn(chromium, ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run',
    `--user-data-dir=${profile}`, `http://localhost:${port}/tests/index.html`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  browser.stderr.on('data', (part) => { said = (said + part).slice(-4000); });
  const ended = new Promise((resolve) => { browser.on('exit', resolve).on('error', resolve); });
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, secondsUntilGivenUp * 1000); });
  const results = await Promise.race([report, ended.then(() => null), late.then(() => null)]);
  clearTimeout(timer);
  browser.kill('SIGKILL');
  await ended;
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  assert.ok(results, `Chromium reported nothing:\n${said}`);
  return results;
}

const { server, report, port } = await serve();
await test('Chromium runs the tests', async () => {
  const results = await runInBrowser(port, report);
  assert.ok(results.length > 0);
  for (const { name, error } of results) await test(name, () => { if (error) throw new Error(error); });
});
server.close();
finish();
