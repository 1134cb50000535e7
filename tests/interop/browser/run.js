// SPDX-License-Identifier: Apache-2.0
// Long texts from a real browser: node run.js CONFORMANCE_SERVER [CHROMIUM]
// Serves page.js to a headless Chromium, which talks to the fixtures ws-echo and large, and waits for
// its result. Exits 77 (skipped) where there is no Chromium. Needs NODE_PATH to lead to
// socket.io-client.
'use strict';

const {spawn} = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const skipped = 77;
const patience = 150_000;
const [binary, chromium = '/usr/bin/chromium'] = process.argv.slice(2);
const children = [];

async function startFixture(name) {
  const child = spawn(binary, ['--fixture', name, '--listen', '127.0.0.1:0'],
    {stdio: ['ignore', 'pipe', 'inherit']});
  children.push(child);
  for await (const line of readline.createInterface({input: child.stdout})) {
    const listening = /^listening on (\S+) (\d+)$/.exec(line);
    if (listening) {
      return `${listening[1]}:${listening[2]}`;
    }
  }
  throw new Error(`the fixture ${name} ended before it listened`);
}

/** A site of three files; resolves with what the page posts. */
function serve(servers) {
  const bundle = path.join(path.dirname(require.resolve('socket.io-client/package.json')),
    'dist', 'socket.io.js');
  const files = {
    '/': [path.join(__dirname, 'page.html'), 'text/html'],
    '/page.js': [path.join(__dirname, 'page.js'), 'text/javascript'],
    '/socket.io.js': [bundle, 'text/javascript'],
  };
  let report;
  const result = new Promise((resolve) => { report = resolve; });
  const site = http.createServer((request, response) => {
    if (request.url === '/servers') {
      response.setHeader('Content-Type', 'application/json');
      return response.end(JSON.stringify(servers));
    }
    if (request.url === '/result') {
      let body = '';
      request.setEncoding('utf8').on('data', (text) => { body += text; });
      return request.on('end', () => { response.end(); report(JSON.parse(body)); });
    }
    const file = files[request.url];
    if (!file) {
      response.statusCode = 404;
      return response.end();
    }
    response.setHeader('Content-Type', `${file[1]}; charset=utf-8`);
    return response.end(fs.readFileSync(file[0]));
  });
  return new Promise((resolve) => {
    site.listen(0, '127.0.0.1', () => resolve({site, result, url: `http://127.0.0.1:${site.address().port}/`}));
  });
}

function browse(url, profile) {
  const child = spawn(chromium, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
    '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', `--user-data-dir=${profile}`, url],
  {stdio: ['ignore', 'ignore', 'pipe'], detached: true});
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { log += text; });
  const ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve({error: `Chromium ended: ${code ?? signal}\n${log}`}));
  });
  return {child, ended};
}

/** With its helpers, which are in its process group. */
async function endBrowser(browser) {
  try {
    process.kill(-browser.child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') {
      throw error;
    }
  }
  await browser.ended;
}

async function main() {
  if (!fs.existsSync(chromium)) {
    console.log(`SKIPPED: ${chromium} is not installed (scripts/packages test)`);
    return skipped;
  }
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-chromium-'));
  const servers = {
    webSocket: `ws://${await startFixture('ws-echo')}/`,
    socketIo: `http://${await startFixture('large')}`,
  };
  const {site, result, url} = await serve(servers);
  const browser = browse(url, profile);
  const late = new Promise((resolve) => {
    setTimeout(resolve, patience, {error: `no result within ${patience / 1000} s`}).unref();
  });
  const {done, error} = await Promise.race([result, browser.ended, late]);
  await endBrowser(browser);
  site.closeAllConnections();
  site.close();
  fs.rmSync(profile, {recursive: true, force: true, maxRetries: 5});
  if (error) {
    console.error(`FAIL ${error}`);
    return 1;
  }
  for (const [title, {texts, octets}] of Object.entries(done)) {
    console.log(`  ${title}: ${texts} texts, ${octets} octets, all came back equal`);
  }
  console.log('PASS longTextsFromChromium');
  return 0;
}

main().catch((error) => { console.error(error); return 1; }).then((code) => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
  process.exit(code);
});
