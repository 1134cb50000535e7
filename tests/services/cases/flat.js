// SPDX-License-Identifier: Apache-2.0
// The flat dialect of a relay profile, with a client that comes back by itself (websocket-ts over ws).
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const {Inbox} = require('../../interop/lib/inbox');

const secret = 'a secret of at least thirty-two octets';

function token(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const signed = `${part({alg: 'HS256', typ: 'JWT'})}.${part({id: '1', exp: now + 600, ...claims})}`;
  return `${signed}.${crypto.createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

// Of browsers, and of Node.js from version 19 on; websocket-ts tells of its retries by it.
globalThis.CustomEvent ??= class extends Event {
  constructor(type, options = {}) {
    super(type, options);
    this.detail = options.detail ?? null;
  }
};

/** A browser's page with its cookie: websocket-ts has no place for headers, browsers add them. */
class Page {
  constructor(url, {cookie, origin} = {}) {
    this.inbox = new Inbox(`page at ${url}`);
    const headers = {...(cookie ? {Cookie: cookie} : {}), ...(origin ? {Origin: origin} : {})};
    const WebSocket = require('ws-8');
    globalThis.WebSocket = class extends WebSocket {
      constructor(target, protocols) {
        super(target, protocols, {perMessageDeflate: false, headers});
      }
    };
    const {WebsocketBuilder, ExponentialBackoff} = require('websocket-ts');
    this.socket = new WebsocketBuilder(url)
      .withBackoff(new ExponentialBackoff(100, 7))
      .onOpen(() => this.inbox.add({event: 'open'}))
      .onClose((instance, event) => this.inbox.add({event: 'close', code: event.code}))
      .onError(() => this.inbox.add({event: 'error'}))
      .onMessage((instance, event) => {
        this.inbox.add({event: 'frame', text: String(event.data), frame: JSON.parse(event.data)});
      })
      .build();
  }

  async opened(from = 0) {
    await this.inbox.event('open', 15000, from);
    return this;
  }

  send(frame) {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async frame(name, matches = () => true, ms = 10000) {
    const item = await this.inbox.wait(
      (entry) => entry.event === 'frame' && entry.frame._event === name && matches(entry.frame), `frame ${name}`, ms);
    return item.frame;
  }

  frames(name) {
    return this.inbox.items.filter((item) => item.event === 'frame' && item.frame._event === name)
      .map((item) => item.frame);
  }

  async dispose() {
    this.socket.close();
  }
}

/** The dashboard of examples/, with a listener for those without a login, and its back ends on another. */
function dashboard(folder) {
  fs.writeFileSync(path.join(folder, 'architus.key'), secret, {mode: 0o600});
  const example = path.join(__dirname, '..', '..', '..', 'examples', 'dashboard', 'gatehouse.toml');
  return fs.readFileSync(example, 'utf8') + `
[[listener]]
name = "lobby"
path = "/lobby"
profile = "dashboard"
events_in = {ping = "mock_user_event"}
members_in = {_seq = "_id", guild_id = "guildId", message_id = "messageId"}
members_out = {_id = "seq", nonexistant = "nonexistent", guildId = "guild_id"}

[[listener]]
name = "backends"
path = "/service"
profile = "backends"
`;
}

/** Two shards that answer over the in-process bus. */
async function shards(stage) {
  const both = [];
  for (const number of [0, 1]) {
    both.push(await stage.service([], {name: `Shard${number}`, queues: [`shard_rpc_${number}`]}));
  }
  return both;
}

function page(stage, listener, options) {
  const made = new Page(stage.url(listener), options);
  stage.guests.push(made);
  return made;
}

function good(claims = {}) {
  return `token=${token({id: '214037134477230080', issued_at: new Date().toISOString().slice(0, 19), expires_in: 600,
    access_token: 'x', permissions: 274, ...claims})}`;
}

/** With the cookie it opens; without one, or with another one, it is refused or unprivileged. */
async function flatConnect(stage) {
  await shards(stage);
  await page(stage, 'authenticated', {cookie: good(), origin: 'https://archit.us'}).opened();
  const status = async (listener, headers) => {
    const WebSocket = require('ws');
    return new Promise((resolve) => {
      const socket = new WebSocket(stage.url(listener), {headers});
      socket.on('open', () => { resolve(101); socket.terminate(); });
      socket.on('unexpected-response', (request, response) => { resolve(response.statusCode); response.resume(); });
      socket.on('error', () => {});
    });
  };
  assert.strictEqual(await status('authenticated', {Cookie: good()}), 101);
  assert.strictEqual(await status('authenticated', {}), 401);
  assert.strictEqual(await status('authenticated', {Cookie: 'token=nonsense'}), 401);
  assert.strictEqual(await status('authenticated', {Cookie: `${good()}x`}), 401);
  assert.strictEqual(await status('authenticated', {Cookie: good({issued_at: '2020-01-01T00:00:00'})}), 401);
  assert.strictEqual(await status('authenticated', {Cookie: good(), Origin: 'https://evil.example'}), 403);
  const lobby = await page(stage, 'lobby').opened();
  lobby.send({_event: 'pool_all_request', type: 'guild', _seq: 9});
  const error = await lobby.frame('error');
  assert.strictEqual(error.code, 401);
  assert.strictEqual(error.seq, 9);
  assert.ok(!lobby.inbox.has('close'));
  const other = await fetch(`${stage.server.url}/elsewhere`, {headers: {Cookie: good()}});
  assert.strictEqual(other.status, 404);
}
flatConnect.configuration = dashboard;

/** Parts from each shard, one final answer, with the client's own number; digits stay. */
async function flatPool(stage) {
  await shards(stage);
  const browser = await page(stage, 'authenticated', {cookie: good()}).opened();
  browser.send({_event: 'pool_all_request', type: 'partial_guild', _seq: 3});
  const last = await browser.frame('pool_response', (frame) => frame.seq === 3 && frame.finished);
  assert.ok(Array.isArray(last.data) && Array.isArray(last.nonexistent));
  const guilds = browser.frames('pool_response').filter((frame) => frame.seq === 3).flatMap((frame) => frame.data);
  assert.deepStrictEqual(guilds.map((guild) => guild.name).sort(), ['of shard 0', 'of shard 1']);
  const raw = browser.inbox.items.filter((item) => item.text?.includes('of shard')).map((item) => item.text);
  assert.ok(raw.every((text) => text.includes('"owner_id":214037134477230080')), raw.join());
  browser.send({_event: 'pool_request', type: 'partial_user', ids: ['1', '404'], _seq: 5});
  browser.send({_event: 'pool_request', type: 'user', ids: ['2'], _seq: 7});
  const five = await browser.frame('pool_response', (frame) => frame.seq === 5 && frame.finished);
  assert.deepStrictEqual(five.nonexistent, ['404']);
  const seven = await browser.frame('pool_response', (frame) => frame.seq === 7 && frame.finished);
  assert.deepStrictEqual(seven.nonexistent, []);
  const found = (number) => browser.frames('pool_response').filter((frame) => frame.seq === number)
    .flatMap((frame) => frame.data).map((user) => user.id);
  assert.deepStrictEqual(found(5), ['1']);
  assert.deepStrictEqual(found(7), ['2']);
}
flatPool.configuration = dashboard;

async function flatPing(stage) {
  await shards(stage);
  const browser = await page(stage, 'lobby').opened();
  browser.send({_event: 'ping', action: 3001, guild_id: 19, message_id: 2, content: '!ping 😀é', silent: false});
  const answer = await browser.frame('mock_bot_event');
  assert.strictEqual(answer.guild_id, 19);
  assert.deepStrictEqual(answer.actions, [{action: 3001, messageId: 2, content: 'echo: !ping 😀é'}]);
}
flatPing.configuration = dashboard;

/** The server is killed; the client comes back by itself, as who it was. */
async function flatReturns(stage) {
  const first = await shards(stage);
  const browser = await page(stage, 'authenticated', {cookie: good()}).opened();
  const mark = browser.inbox.items.length;
  const marks = first.map((shard) => shard.inbox.items.length);
  await stage.server.stop('SIGKILL');
  await stage.server.start();
  await browser.opened(mark);
  await Promise.all(first.map((shard, index) => shard.registered(20000, marks[index])));
  browser.send({_event: 'pool_all_request', type: 'guild', _seq: 11});
  await browser.frame('pool_response', (frame) => frame.seq === 11 && frame.finished);
}
flatReturns.configuration = dashboard;

async function flatBadFrames(stage) {
  await shards(stage);
  const browser = await page(stage, 'lobby').opened();
  const bad = ["{'_event':1}", '[]', '7', '{}', '{"_event":7}', '{"_event":"a","_event":"b"}',
    '{"_event":"ping","_seq":1,"_id":2}'];
  for (const text of bad) {
    browser.send(text);
  }
  await browser.inbox.wait(() => browser.frames('error').length === bad.length, 'an error for each');
  assert.ok(browser.frames('error').every((frame) => frame.code === 400));
  browser.send({_event: 'ping', action: 3001, guild_id: 19, message_id: 2, content: 'still here'});
  await browser.frame('mock_bot_event');
  assert.ok(!browser.inbox.has('close'));
}
flatBadFrames.configuration = dashboard;

/** The same profile in the other shape: the name in one member, the payload in another, names by tables. */
async function typedRelay(stage) {
  await shards(stage);
  const WebSocket = require('ws-8');
  const inbox = new Inbox('typed page');
  const socket = new WebSocket(stage.url('typed'), {headers: {Cookie: good()}});
  stage.guests.push({dispose: async () => socket.terminate()});
  socket.on('open', () => inbox.add({event: 'open'}));
  socket.on('close', () => inbox.add({event: 'close'}));
  socket.on('message', (data) => inbox.add({event: 'frame', text: String(data), ...JSON.parse(String(data))}));
  await inbox.event('open');
  socket.send(JSON.stringify({kind: 'guilds', body: {type: 'guild', _id: 3}, more: 'is not looked at'}));
  const ends = (item) => item.kind === 'guilds-answer' && item.body.finished;
  await inbox.wait(ends, 'the last answer');
  const answers = inbox.items.filter((item) => item.kind === 'guilds-answer');
  assert.deepStrictEqual(answers.map((item) => [item.body._id, item.body.finished]), [[3, false], [3, false], [3, true]]);
  assert.ok(answers[0].text.includes('"owner_id":214037134477230080'), answers[0].text);
  assert.deepStrictEqual(Object.keys(JSON.parse(answers[0].text)), ['kind', 'body']);
  const bad = ["{'kind':1}", '[]', '{"body":{}}', '{"kind":7,"body":{}}', '{"kind":"guilds"}'];
  for (const text of bad) {
    socket.send(text);
  }
  await inbox.wait(() => inbox.items.filter((item) => item.kind === 'error').length === bad.length, 'an error for each');
  assert.ok(inbox.items.filter((item) => item.kind === 'error').every((item) => item.body.code === 400));
  assert.ok(!inbox.has('close'));
}
typedRelay.configuration = (folder) => `${dashboard(folder)}
[[listener]]
name = "typed"
path = "/typed"
profile = "dashboard"
dialect = "typed"
event_key = "kind"
payload_key = "body"
events_in = {guilds = "pool_all_request"}
events_out = {pool_response = "guilds-answer"}
`;

module.exports = {typedRelay, flatConnect, flatPool, flatPing, flatReturns, flatBadFrames};
