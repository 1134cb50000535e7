// SPDX-License-Identifier: Apache-2.0
'use strict';

const {execFileSync} = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {Inbox} = require('../interop/lib/inbox');
const {talkTo} = require('../interop/lib/program');

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

/** The token with another signature: of its last characters some bits, and by chance all, may stay what they were. */
function forged(token) {
  const signature = token.lastIndexOf('.') + 1;
  return `${token.slice(0, signature)}${token[signature] === 'A' ? 'B' : 'A'}${token.slice(signature + 1)}`;
}

/** The server with the example's configuration. */
class Server {
  constructor(binary, {settings = [], serverArgs = [], routeTimeout} = {}, hear = () => {}) {
    this.binary = binary;
    this.settings = settings;
    this.more = serverArgs;
    this.hear = hear;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-dashboard-'));
    this.config = path.join(this.folder, 'gatehouse.toml');
    const text = fs.readFileSync(example, 'utf8');
    fs.writeFileSync(this.config,
      routeTimeout ? text.replace('timeout = "5s"', `timeout = "${routeTimeout}"`) : text);
    fs.writeFileSync(path.join(this.folder, 'architus.key'), secret, {mode: 0o600});
    this.port = 0;
    this.log = '';
  }

  async start() {
    this.inbox = new Inbox('server');
    this.child = talkTo(this.binary[0], [...this.binary.slice(1), '--config', this.config,
      '--data', path.join(this.folder, 'data'), '--listen', `127.0.0.1:${this.port}`,
      ...this.settings.flatMap((setting) => ['--set', setting]), ...this.more],
    (line) => { this.inbox.add(line); this.hear(line); }, (text) => { this.log += text; });
    const first = await this.inbox.wait((item) => ['ready', 'exit'].includes(item.event), 'start', 30000);
    if (first.event === 'exit') {
      throw new Error(`the server ended with ${first.code}\n${this.log}`);
    }
    this.url = first.url;
    this.port = Number(new URL(this.url).port);
  }

  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name}{`) || each.startsWith(`${name} `));
    return line ? Number(line.split(' ').pop()) : undefined;
  }

  /** Kills it with everything it knows. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.child.gone;
  }

  async dispose() {
    if (this.child) {
      await this.kill();
    }
    fs.rmSync(this.folder, {recursive: true, force: true});
  }
}

/**
 * A server and its services. Without a broker the server is dashboard-bushost and its standard input is the bus; with
 * one it is `gatehouse serve`, and the services are a program of their own.
 */
class Host {
  constructor({bushost, gatehouse, broker}, options) {
    this.gatehouse = gatehouse;
    this.broker = broker;
    this.options = options;
    this.inbox = new Inbox('host');
    this.numbers = 0;
    this.handlers = new Map();
    this.servers = [];
    if (broker) {
      this.first = this.another(options.settings);
    } else {
      this.first = new Server([bushost], options, (line) => this.hear(line));
      this.servers.push(this.first);
    }
  }

  /** One more server on the same broker; the first one is made with it too. */
  another(settings = []) {
    const server = new Server([this.gatehouse, 'serve'], {...this.options,
      settings: [`bus.url=${this.broker.url}`, 'bus.presence_period=200ms', ...settings]});
    this.servers.push(server);
    return server;
  }

  async startAnother(settings) {
    const server = this.another(settings);
    await server.start();
    await busIsUp(server);
    return server;
  }

  async start() {
    await this.first.start();
    if (!this.broker) {
      this.services = this.first.child;
      await this.serveAgain();
      return;
    }
    await busIsUp(this.first);
    if (!this.services) {
      this.services = talkTo('/usr/bin/python3', [path.join(__dirname, 'services.py'), this.broker.url],
        (line) => this.hear(line), (text) => { this.first.log += text; });
      await this.inbox.event('ready', 30000);
    }
  }

  get url() {
    return this.first.url;
  }

  get log() {
    return this.servers.map((server) => server.log).join('\n---\n');
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
    this.services.stdin.write(`${JSON.stringify(line)}\n`);
  }

  /** `handler(call, line)` returns {resp, sc}, a text, or nothing when the answer comes later. */
  async serve(queue, handler) {
    this.handlers.set(queue, handler);
    const from = this.inbox.items.length;
    this.tell({op: 'serve', queue});
    await this.inbox.wait((item) => item.event === 'served' && item.queue === queue, `served ${queue}`, 10000, from);
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

  async call(queue, method, args, kwargs = {}) {
    const id = ++this.numbers;
    this.tell({op: 'call', id, queue, body: typeof args === 'string'
      ? `{"method":"${method}","args":${args},"kwargs":{}}` : JSON.stringify({method, args, kwargs})});
    const result = await this.inbox.wait((item) => item.event === 'result' && item.id === id, `answer to ${method}`);
    return JSON.parse(result.body);
  }

  async counters() {
    return {pendingRequests: await this.metric('gatehouse_bus_pending_requests'),
      boundTopics: await this.metric('gatehouse_bus_bound_topics')};
  }

  metric(name) {
    return this.first.metric(name);
  }

  adminToken() {
    return execFileSync(this.gatehouse, ['token', 'mint', '--kind', 'admin', '--id', '1', '--name', 'admin',
      '--data', path.join(this.first.folder, 'data')], {encoding: 'utf8'}).trim();
  }

  /** The server alone; services on a broker stay. */
  kill() {
    return this.first.kill();
  }

  async dispose() {
    if (this.broker && this.services) {
      this.services.kill('SIGKILL');
      await this.services.gone;
    }
    for (const server of this.servers) {
      await server.dispose();
    }
  }
}

async function busIsUp(server, ms = 20000) {
  const give = performance.now() + ms;
  while (await server.metric('gatehouse_bus_up') !== 1) {
    if (performance.now() > give) {
      throw new Error(`no bus\n${server.log}`);
    }
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

module.exports = {Host, forged, mint, secret};
