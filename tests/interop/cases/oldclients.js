// SPDX-License-Identifier: Apache-2.0
// Clients of Socket.IO 2 (Engine.IO 3): everything they can do against the fixture `socket4`, and
// the federation's work against the real server.
'use strict';

const assert = require('node:assert');
const {Fixture} = require('../lib/fixture');
const {OldUser} = require('../lib/olduser');
const {User} = require('../lib/user');

const texts = [
  'hello', '', 'größer als 3 → 12', 'てすと', '\u{1f600} \u{1f469}\u200d\u{1f4bb} \u{10ffff}', '1:2:3', '\u001e',
  'é€\u{1f600}a'.repeat(50000),
];

async function say(user, event, ...args) {
  const from = user.inbox.items.length;
  user.socket.emit(event, ...args);
  return (await user.inbox.event(event, 10000, from)).args;
}

async function echoes(user) {
  for (const text of texts) {
    const [back] = await say(user, 'echo', text);
    assert.ok(back === text, `${text.length} units came back as ${back?.length}`);
  }
  const args = [1, -0.5, null, true, {b: [{}], a: 'é'}, [], '\u{1f600}'];
  assert.deepEqual(await say(user, 'echo', ...args), args);

  // Many at once: over polling they share payloads, where one wrong length would spoil the rest.
  const from = user.inbox.items.length;
  for (let i = 0; i < 200; i++) {
    user.socket.emit('echo', i, i % 3 ? '\u{1f600}'.repeat(i) : 'é');
  }
  await user.inbox.wait((item) => item.event === 'echo' && item.args[0] === 199, 'the last echo', 10000, from);
  const numbers = user.inbox.items.slice(from).filter((item) => item.event === 'echo').map((item) => item.args[0]);
  assert.deepEqual(numbers, [...Array(200).keys()]);
}

async function binaries(user) {
  const large = Buffer.alloc(300000, Uint8Array.from([0, 255, 1, 30, 98, 52]));
  for (const sent of [
    [Buffer.from([1, 2, 3, 4])], [Buffer.alloc(0)], [large],
    ['text', {deep: [Buffer.from([4]), {x: Buffer.from([255, 0])}]}, Buffer.from('é')],
  ]) {
    assert.deepEqual(await say(user, 'echo', ...sent), sent);
  }
  const from = user.inbox.items.length;
  user.socket.emit('echo', Buffer.from([7]));
  user.socket.emit('echo', '\u{1f600}');
  user.socket.emit('echo', {a: Buffer.from([8])});
  await user.inbox.wait((item) => item.event === 'echo' && item.args[0].a, 'the last of three', 10000, from);
  assert.deepEqual(user.inbox.items.slice(from).filter((item) => item.event === 'echo').map((item) => item.args[0]),
    [Buffer.from([7]), '\u{1f600}', {a: Buffer.from([8])}]);
}

async function acknowledgements(user) {
  assert.deepEqual(await user.call('ack'), []);
  assert.deepEqual(await user.call('ack', 1, {a: '\u{1f600}'}), [1, {a: '\u{1f600}'}]);
  assert.deepEqual(await user.call('ack', {a: Buffer.from([1, 2])}), [{a: Buffer.from([1, 2])}]);
  user.socket.on('question', (what, answer) => answer('because', what, Buffer.from([9])));
  user.socket.emit('ask', 'why');
  assert.deepEqual((await user.inbox.event('answered')).args, ['because', 'why', Buffer.from([9])]);
}

async function namespaces(user) {
  const custom = user.other('/custom', {token: 'a&b=é', n: '1'});
  await custom.connected();
  assert.deepEqual((await custom.inbox.event('auth')).args, [{token: 'a&b=é', n: '1'}]);
  assert.equal(custom.socket.id, `/custom#${user.socket.id}`);
  assert.deepEqual(await say(custom, 'echo', 'there'), ['there']);
  custom.socket.emit('leave');
  assert.equal((await custom.inbox.event('disconnect')).detail, 'io server disconnect');

  for (const [name, error] of [['/random', 'Invalid namespace'], ['/closed', 'Not for you'], ['/coded', {code: 7}]]) {
    const stranger = user.other(name);
    assert.deepEqual((await stranger.inbox.event('error')).detail, error);
    assert.ok(!stranger.inbox.has('connect'));
  }
  assert.deepEqual(await say(user, 'echo', 'still here'), ['still here']);
}

/** One room for old and new clients, text and binary both ways. */
async function rooms(stage, url, user) {
  const newer = await stage.client(new User('newer', url, {namespace: '/', transports: ['websocket']})).connected();
  for (const one of [user, newer]) {
    one.socket.emit('join', 'r');
    await one.call('ack');
  }
  for (const [from, what] of [
    [user, '\u{1f600}'], [newer, 'é'], [user, Buffer.from([1, 2])], [newer, {a: Buffer.from([4, 3])}],
  ]) {
    const begins = [user, newer].map((one) => one.inbox.items.length);
    from.socket.emit('pub', what);
    for (const [i, one] of [user, newer].entries()) {
      assert.deepEqual((await one.inbox.event('msg', 10000, begins[i])).args, [what]);
    }
  }
}

async function everything(stage, version, transports, last) {
  const fixture = stage.client(await new Fixture('socket4').start());
  const user = await stage.client(new OldUser('old', fixture.url, {version, namespace: '/', transports})).connected();
  assert.deepEqual((await user.inbox.event('auth')).args, [{}]);
  if (last === 'websocket') {
    await user.upgraded();
  }
  assert.equal(user.transport, last);
  assert.equal(user.socket.id, user.socket.io.engine.id);
  await echoes(user);
  await binaries(user);
  await acknowledgements(user);
  await namespaces(user);
  await rooms(stage, fixture.url, user);
  stage.say(`texts, binary, acknowledgements, namespaces and rooms by ${last}`);

  for (let i = 0, from = 0; i < 3; i++) {
    const pong = await user.inbox.event('pong', 10000, from);
    from = user.inbox.items.indexOf(pong) + 1;
  }
  assert.ok(!user.inbox.has('error') && !user.inbox.has('disconnect'));
  stage.say('pings are answered');

  const from = user.inbox.items.length;
  const before = user.socket.id;
  await fixture.stop();
  await user.inbox.event('disconnect', 10000, from);
  await fixture.start();
  await user.inbox.event('connect', 20000, from);
  assert.notEqual(user.socket.id, before);
  assert.deepEqual(await say(user, 'echo', 'again \u{1f600}'), ['again \u{1f600}']);
  stage.say('came back by itself after a restart');
}

const scenario = (run) => Object.assign(run, {needsNoServer: true});

module.exports = {
  oldByPolling: scenario((stage) => everything(stage, '2.5', ['polling'], 'polling')),
  oldByWebSocket: scenario((stage) => everything(stage, '2.5', ['websocket'], 'websocket')),
  oldByUpgrade: scenario((stage) => everything(stage, '2.5', ['polling', 'websocket'], 'websocket')),
  olderByPolling: scenario((stage) => everything(stage, '2.3', ['polling'], 'polling')),
  olderByUpgrade: scenario((stage) => everything(stage, '2.3', ['polling', 'websocket'], 'websocket')),

  /** Whoever did not ask for old clients has none. */
  oldRefused: scenario(async (stage) => {
    const fixture = stage.client(await new Fixture('socket').start());
    for (const transports of [['polling'], ['websocket']]) {
      const user = stage.client(new OldUser('old', fixture.url, {namespace: '/', transports}));
      await user.inbox.event('connect_error');
      assert.ok(!user.inbox.has('connect'));
      user.close();
    }
  }),
};
