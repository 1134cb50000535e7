// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert');
const {User} = require('../lib/user');

/** Both clients by this list of transports; the user, of this kind, has to hear the node come. */
async function meet(stage, transports, last, kind = 'user') {
  const ada = await (await stage[kind]('ada', {transports})).connected();
  if (last === 'websocket') {
    await ada.upgraded();
  }
  assert.equal(ada.transport, last);

  const node = await stage.node(1, {transports: transports.join(',')});
  await node.connected();
  await node.inbox.event('sync');
  assert.equal(await node.transport(), last);
  stage.say(`user and node connected, both by ${last}`);

  // It is told of the rooms it is in. That `sync` comes first cannot be seen here: python-socketio runs
  // each handler in a thread of its own.
  await node.inbox.wait((item) => item.event === 'message'
    && /joined room <collaboration_\d+_organization_\d+>$/.test(item.args[0]), 'message on the organization room');

  const online = await ada.inbox.event('node-online');
  assert.equal(online.args[0].name, 'alpha-red');
  assert.equal(typeof online.args[0].id, 'number');
  assert.equal(typeof online.args[0].org_id, 'number');

  // Between two polls nothing tells the server that a client has gone, and python-socketio may stop its
  // writer before it has posted a goodbye: on polling the heartbeat has to notice, which takes minutes.
  if (last === 'polling') {
    return;
  }
  // And still after the upgrade events go both ways: a goodbye of the node is heard.
  node.send({disconnect: true});
  const offline = await ada.inbox.event('node-offline');
  assert.deepEqual(offline.args, online.args);
  stage.say('node-online and node-offline heard');
}

const forOldUsers = (run) => Object.assign(run, {serverArgs: ['--set', 'server.allow_eio3=true']});

module.exports = {
  oldUserWithUpgrade: forOldUsers((stage) => meet(stage, ['polling', 'websocket'], 'websocket', 'oldUser')),
  oldUserPollingOnly: forOldUsers((stage) => meet(stage, ['polling'], 'polling', 'oldUser')),
  pollingWithUpgrade: (stage) => meet(stage, ['polling', 'websocket'], 'websocket'),
  webSocketOnly: (stage) => meet(stage, ['websocket'], 'websocket'),
  pollingOnly: (stage) => meet(stage, ['polling'], 'polling'),

  /** A bad token is told by an event, or not at all; the connection is never refused for it. */
  async badTokens(stage) {
    const {server} = stage;
    // Clocks are forgiven nothing here, so that a token can end while we look.
    server.args = ['--set', 'auth.leeway=0s'];
    await server.stop();
    await server.start();

    const good = await server.nodeToken(1);
    const nodeId = JSON.parse(Buffer.from(good.split('.')[1], 'base64url').toString()).sub;
    const expired = server.mint('node', nodeId, '--ttl', '1');
    await server.untilExpired(expired);
    const forged = `${good.slice(0, -8)}AAAAAAAA`;

    const strangers = [];
    for (const [title, token, event] of [
      ['forged', forged, 'invalid_token'], ['expired', expired, 'expired_token'], ['without token', undefined, null],
    ]) {
      const user = stage.client(new User(title, server.url, {token, transports: ['websocket']}));
      await user.connected();
      if (event) {
        await user.inbox.event(event);
      }
      strangers.push(user);
    }
    const python = stage.python('forged node', {token: forged});
    await python.connected();
    await python.inbox.event('invalid_token');
    stage.say('invalid_token and expired_token told');

    const ada = await (await stage.user('ada')).connected();
    await (await stage.node(2)).connected();
    await ada.inbox.event('node-online');
    for (const stranger of strangers) {
      await stranger.fence();
      const heard = stranger.inbox.names().filter((event) => !['connect', 'invalid_token', 'expired_token'].includes(event));
      assert.deepEqual(heard, [], stranger.inbox.name);
    }
    stage.say('strangers stay connected and hear nothing');
  },
};
