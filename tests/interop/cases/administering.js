// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert');
const {look} = require('../lib/federation');
const {User} = require('../lib/user');

function adminClient(stage, transports) {
  const auth = {token: stage.server.mint('admin', 1)};
  return stage.client(new User('admin', stage.server.url, {namespace: '/gh-admin', auth, transports}));
}

/** Binary there and back, by event and by acknowledgement. */
async function binary(stage, transports) {
  const {server} = stage;
  const admin = await adminClient(stage, transports).connected();
  const hello = await admin.inbox.event('hello');
  assert.equal(hello.args[0].protocol, 1);

  const octets = Buffer.from(Array.from({length: 70000}, (_, i) => (i * 7) % 256));
  const [object, first, text] = await admin.call('echo', {a: [1, octets]}, Buffer.from([0, 255]), 'é\u{1f600}');
  assert.ok(Buffer.from(object.a[1]).equals(octets));
  assert.ok(Buffer.from(first).equals(Buffer.from([0, 255])));
  assert.equal(text, 'é\u{1f600}');
  stage.say('binary echo acknowledged to socket.io-client');

  const python = stage.python('python admin', {
    namespace: '/gh-admin', auth: {token: server.mint('admin', 1)}, transports: transports.join(','),
  });
  await python.connected();
  const answer = await python.call('echo', {_base64: octets.toString('base64')});
  assert.deepEqual(answer, {_base64: octets.toString('base64')});
  stage.say('binary echo acknowledged to python3-socketio');

  const adaToken = await server.userToken('ada');
  const ids = await look(stage, adaToken);
  const ada = await (await stage.user('ada', {token: adaToken, transports})).connected();
  const gus = await (await stage.user('gus', {transports})).connected();
  const node = await stage.node(1, {transports: transports.join(',')});
  await node.connected();
  await ada.inbox.event('node-online');
  const [sent] = await admin.call('room:send', {
    nsp: '/tasks', room: `collaboration_${ids.collaboration('red')}`, event: 'blob',
    args: [{name: 'model', content: octets}], reason: 'interoperability test',
  });
  assert.deepEqual(sent, {ok: true, recipients: 2});
  const heard = await ada.inbox.event('blob');
  assert.ok(Buffer.from(heard.args[0].content).equals(octets));
  const got = await node.inbox.event('blob');
  assert.deepEqual(got.args, [{name: 'model', content: {_base64: octets.toString('base64')}}]);
  assert.ok(!gus.inbox.has('blob'));
  stage.say('binary event delivered to both kinds of client in the room');
}

module.exports = {
  binaryByWebSocket: (stage) => binary(stage, ['websocket']),
  binaryByPolling: (stage) => binary(stage, ['polling']),

  /** Only administrators may enter; the others are told why not, and stay out. */
  async adminRefused(stage) {
    const cases = {
      'token of a user': [{token: await stage.server.userToken('ada')}, 'forbidden'],
      'token of a node': [{token: await stage.server.nodeToken(1)}, 'forbidden'],
      'no token': [{}, 'token-missing'],
      'no token at all': [undefined, 'token-missing'],
      'forged token': [{token: `${stage.server.mint('admin', 1).slice(0, -8)}AAAAAAAA`}, 'token-invalid'],
    };
    for (const [title, [auth, code]] of Object.entries(cases)) {
      const client = stage.client(new User(title, stage.server.url,
        {namespace: '/gh-admin', auth, transports: ['websocket']}));
      const refused = await client.inbox.event('connect_error');
      assert.equal(refused.message, 'admin principal required', title);
      assert.deepEqual(refused.data, {code}, title);
      assert.ok(!client.inbox.has('connect'), title);
      stage.say(`${title}: ${code}`);
    }
  },

  /** An unknown namespace is refused in the way every client library understands. */
  async unknownNamespace(stage) {
    const client = stage.client(new User('lost', stage.server.url, {namespace: '/nowhere'}));
    const refused = await client.inbox.event('connect_error');
    assert.equal(refused.message, 'Invalid namespace');
  },

  /** Snapshot, then numbered changes: the console's view of a node, seen by a script. */
  async watchNodes(stage) {
    const admin = await adminClient(stage, ['websocket']).connected();
    const [snapshot] = await admin.call('subscribe', {topic: 'nodes'});
    assert.equal(snapshot.ok, true);
    const before = snapshot.items.find((item) => item.name === 'alpha-red');
    assert.equal(before.online, false);
    const node = await stage.node(1);
    await node.connected();
    const change = await admin.inbox.wait((item) => item.event === 'change' && item.args[0].topic === 'nodes'
      && item.args[0].changes.some((one) => one.op === 'put' && one.item.name === 'alpha-red' && one.item.online),
    'change to online');
    assert.equal(change.args[0].epoch, snapshot.epoch);
    node.kill();
    await admin.inbox.wait((item) => item.event === 'change' && item.args[0].topic === 'nodes'
      && item.args[0].changes.some((one) => one.op === 'put' && one.item.name === 'alpha-red' && !one.item.online),
    'change to offline', 5000);
    // Each change starts where the one before ended.
    let version = snapshot.version;
    for (const item of admin.inbox.items.filter((one) => one.event === 'change')) {
      assert.equal(item.args[0].from, version);
      version = item.args[0].version;
    }
    stage.say('node seen online and offline, versions without a gap');
  },
};
