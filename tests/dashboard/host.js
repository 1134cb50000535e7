// SPDX-License-Identifier: Apache-2.0
'use strict';

const {spawn} = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {Inbox} = require('../interop/lib/inbox');

const secret = 'a secret of the REST API, long enough';
const example = path.join(__dirname, '../../examples/dashboard/gatehouse.toml');

/** A login token as the REST API issues it; `id` is put in digit by digit, as JavaScript could not. */
function mint({id = '214037134477230080', seconds = 3600, permissions = 274, alg = 'HS256', key = secret} = {}) {
  const part = (text) => Buffer.from(text).toString('base64url');
  const issued = new Date().toISOString().replace('Z', '123');
  const signed = `${part(JSON.stringify({alg, typ: 'JWT'}))}.${part(
    `{"access_token":"a","refresh_token":"r","expires_in":${seconds},"issued_at":"${issued}","id":${id},` +
    `"permissions":${permissions}}`)}`;
  return `${signed}.${alg === 'none' ? '' : crypto.createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** The server with the example's configuration, and its bus. */
class Host {
  constructor(binary, {serverArgs = [], routeTimeout} = {}) {
    this.binary = binary;
    this.more = serverArgs;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-dashboard-'));
    const config = path.join(this.folder, 'gatehouse.toml');
    const text = fs.readFileSync(example, 'utf8');
    fs.writeFileSync(config, routeTimeout ? text.replace('timeout = "5s"', `timeout = "${routeTimeout}"`) : text);
    fs.writeFileSync(path.join(this.folder, 'architus.key'), secret, {mode: 0o600});
    this.config = config;
    this.port = 0;
    this.log = '';
    this.numbers = 0;
    this.handlers = new Map();
  }

  async start() {
    const child = spawn(this.binary, ['--config', this.config, '--data', path.join(this.folder, 'data'),
      '--listen', `127.0.0.1:${this.port}`, ...this.more], {stdio: ['pipe', 'pipe', 'pipe']});
    this.inbox = new Inbox('host');
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        this.hear(JSON.parse(line));
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text) => { this.log += text; });
    child.stdin.on('error', () => {});
    this.exited = new Promise((resolve) => child.on('exit', (code) => {
      this.inbox.add({event: 'exit', code});
      resolve(code);
    }));
    this.child = child;
    const first = await this.inbox.wait((item) => ['ready', 'exit'].includes(item.event), 'start', 30000);
    if (first.event === 'exit') {
      throw new Error(`the server ended with ${first.code}\n${this.log}`);
    }
    this.url = first.url;
    this.port = Number(new URL(this.url).port);
    await this.serveAgain();
  }

  hear(line) {
    if (line.event === 'call') {
      const call = JSON.parse(line.body);
      const answer = this.handlers.get(line.queue)?.(call, line);
      this.inbox.add({...line, ...call, raw: line.body});
      if (answer !== undefined) {
        this.answer(line.call, answer);
      }
      return;
    }
    this.inbox.add(line);
  }

  tell(line) {
    this.child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  /** `handler(call, line)` returns {resp, sc}, a text, or nothing when the answer comes later. */
  async serve(queue, handler) {
    this.handlers.set(queue, handler);
    this.tell({op: 'serve', queue});
    await this.inbox.wait((item) => item.event === 'served' && item.queue === queue, `served ${queue}`);
  }

  async serveAgain() {
    for (const [queue, handler] of this.handlers) {
      await this.serve(queue, handler);
    }
  }

  answer(call, answer) {
    this.tell({op: 'answer', call, body: typeof answer === 'string' ? answer : JSON.stringify(answer)});
  }

  publish(topic, body) {
    this.tell({op: 'publish', topic, body: typeof body === 'string' ? body : JSON.stringify(body)});
  }

  async call(queue, method, args) {
    const id = ++this.numbers;
    this.tell({op: 'call', id, queue, body: typeof args === 'string'
      ? `{"method":"${method}","args":${args},"kwargs":{}}` : JSON.stringify({method, args, kwargs: {}})});
    const result = await this.inbox.wait((item) => item.event === 'result' && item.id === id, `answer to ${method}`);
    return JSON.parse(result.body);
  }

  async counters() {
    const id = ++this.numbers;
    this.tell({op: 'counters', id});
    return this.inbox.wait((item) => item.event === 'counters' && item.id === id, 'counters');
  }

  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name}{`) || each.startsWith(`${name} `));
    return line ? Number(line.split(' ').pop()) : undefined;
  }

  /** Kills it with everything it knows. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async dispose() {
    await this.kill();
    fs.rmSync(this.folder, {recursive: true, force: true});
  }
}

module.exports = {Host, mint, secret};
