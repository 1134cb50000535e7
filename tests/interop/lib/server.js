// SPDX-License-Identifier: Apache-2.0
'use strict';

const {spawn, spawnSync, execFileSync} = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {Inbox} = require('./inbox');

// Nobody is left to end them when a test goes down with an exception.
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** The real server in a process of its own, with a fresh data directory. */
class Server {
  constructor(binary) {
    this.binary = binary;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-interop-'));
    this.data = path.join(this.folder, 'data');
    this.log = '';
    this.port = 0;
    this.args = [];
    this.environment = {...process.env};
    for (const name of Object.keys(this.environment)) {
      if (name.startsWith('GATEHOUSE_')) {
        delete this.environment[name];
      }
    }
  }

  run(...args) {
    return execFileSync(this.binary, args, {encoding: 'utf8', env: this.environment, timeout: 60000});
  }

  import(file) {
    return this.run('import', file, '--data', this.data);
  }

  mint(kind, id, ...more) {
    return this.run('token', 'mint', '--kind', kind, '--id', String(id), '--data', this.data, ...more).trim();
  }

  /** Returns when the server's own command says that the token has ended. */
  async untilExpired(token) {
    const give = performance.now() + 10000;
    while (performance.now() < give) {
      const check = spawnSync(this.binary, ['token', 'verify', '-', '--data', this.data, ...this.args],
        {input: token, encoding: 'utf8', env: this.environment});
      if (check.status === 1 && check.stderr.startsWith('token-expired')) {
        return;
      }
      if (check.status !== 0) {
        throw new Error(`token verify: ${check.status} ${check.stderr}`);
      }
    }
    throw new Error('the token did not end within 10 s');
  }

  /** Starts on a free port, or on the port of the last start. */
  async start() {
    const args = ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`,
      '--set', 'server.drain_spread=200ms', ...this.args];
    const child = spawn(this.binary, args, {stdio: ['ignore', 'pipe', 'pipe'], env: this.environment});
    running.add(child);
    child.once('exit', () => running.delete(child));
    const lines = new Inbox('server');
    this.listeners = {};
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const complete = (rest + text).split('\n');
      rest = complete.pop();
      for (const line of complete) {
        const [event, name, url] = line.split(' ');
        if (event === 'listener') {
          this.listeners[name] = url;
        }
        lines.add({event, line});
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text) => { this.log += text; });
    this.exited = new Promise((resolve) => {
      child.on('exit', (code, signal) => {
        lines.add({event: 'exit', code, signal});
        resolve({code, signal});
      });
    });
    this.child = child;
    const first = await lines.wait((item) => ['ready', 'exit'].includes(item.event), 'ready line', 30000);
    if (first.event === 'exit') {
      throw new Error(`server ended with ${first.code}:\n${this.log}`);
    }
    this.url = first.line.split(' ')[1];
    this.port = Number(new URL(this.url).port);
    return this;
  }

  /** Sends the signal and waits for the end. */
  async stop(signal = 'SIGTERM') {
    if (!this.child) {
      return null;
    }
    this.child.kill(signal);
    const end = await Promise.race([this.exited,
      new Promise((resolve) => { setTimeout(resolve, 20000, null).unref(); })]);
    if (!end) {
      this.child.kill('SIGKILL');
      throw new Error(`server did not end within 20 s of ${signal}:\n${this.log}`);
    }
    this.child = null;
    return end;
  }

  async dispose() {
    if (this.child) {
      this.child.kill('SIGKILL');
      await this.exited;
    }
    fs.rmSync(this.folder, {recursive: true, force: true});
  }

  /** A request of the HTTP API; fails on a status other than the expected one. */
  async request(method, target, {token, body, expect = 200} = {}) {
    const headers = {};
    if (token) {
      headers.Authorization = `Bearer ${token}`;
    }
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json';
    }
    const response = await fetch(this.url + target, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(10000),
    });
    const text = await response.text();
    if (response.status !== expect) {
      throw new Error(`${method} ${target}: ${response.status} instead of ${expect}: ${text}`);
    }
    return text === '' ? null : JSON.parse(text);
  }

  /** Returns when a metric is as wanted. */
  async metric(name, isAsWanted) {
    const give = performance.now() + 15000;
    let value;
    while (performance.now() < give) {
      const text = await (await fetch(`${this.url}/metrics`)).text();
      value = Number(text.match(new RegExp(`^${name} (.*)$`, 'm'))?.[1]);
      if (isAsWanted(value)) {
        return value;
      }
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    throw new Error(`${name} stayed at ${value}`);
  }

  async userToken(username) {
    const answer = await this.request('POST', '/api/token/user',
      {body: {username, password: `${username}-secret-1`}});
    return answer.access_token;
  }

  async nodeToken(number) {
    const answer = await this.request('POST', '/api/token/node',
      {body: {api_key: `11111111-aaaa-4aaa-8aaa-00000000000${number}`}});
    return answer.access_token;
  }
}

module.exports = {Server};
