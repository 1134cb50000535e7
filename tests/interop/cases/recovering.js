// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert');
const parser = require('socket.io-msgpack-parser');

/** The server with recovery in /tasks, and Ada with an event read. */
async function start(stage, ...more) {
  const {server} = stage;
  server.args = ['--set', 'recovery.namespaces=/tasks', ...more];
  await server.stop();
  await server.start();
  const ada = await (await stage.user('ada', {transports: ['websocket']})).connected();
  // What the rooms are told when somebody comes in.
  await ada.inbox.wait((item) => item.event === 'message', 'a first event with an offset');
  assert.equal(ada.socket.recovered, false);
  return ada;
}

/** Cuts Ada's connection without a goodbye; resolves with her id. */
function cut(user) {
  const id = user.socket.id;
  user.socket.io.engine.close();
  return id;
}

/** Keeps Ada from coming back until told to. */
function hold(user) {
  user.socket.io.reconnection(false);
  const id = cut(user);
  return {id, comeBack: () => {
    const from = user.inbox.items.length;
    user.socket.io.reconnection(true);
    user.socket.connect();
    return user.inbox.event('connect', 20000, from);
  }};
}

module.exports = {
  /** A client with the MessagePack parser hears in the same rooms what JSON clients hear. */
  async msgpackParser(stage) {
    const {server} = stage;
    server.args = ['--set', 'server.allow_msgpack=true', '--set', 'recovery.namespaces=/tasks'];
    await server.stop();
    await server.start();
    const packed = await (await stage.user('ada', {transports: ['websocket'], parser})).connected();
    const polled = await (await stage.user('ada', {transports: ['polling'], parser})).connected();
    const plain = await (await stage.user('ada', {transports: ['websocket']})).connected();
    const node = await stage.node(1);
    await node.connected();
    const heard = [];
    for (const user of [plain, packed, polled]) {
      heard.push(await user.inbox.event('node-online'));
    }
    assert.deepEqual(heard[1].args, heard[0].args);
    assert.deepEqual(heard[2].args, heard[0].args);
    stage.say('the same event by JSON and by MessagePack, over WebSocket and polling');

    const from = packed.inbox.items.length;
    const away = hold(packed);
    node.send({disconnect: true});
    await plain.inbox.event('node-offline');
    const back = await away.comeBack();
    assert.equal(back.sid, away.id);
    assert.equal(packed.socket.recovered, true);
    await packed.inbox.event('node-offline', 10000, from);
    stage.say('and recovered');
  },

  /** A cut connection: the same id, recovered, and what happened meanwhile, once. */
  async recoverAfterCut(stage) {
    const ada = await start(stage);
    const from = ada.inbox.items.length;
    const away = hold(ada);
    const bob = await (await stage.user('ada', {transports: ['websocket']})).connected();
    const node = await stage.node(1);
    await node.connected();
    await bob.inbox.event('node-online');
    const back = await away.comeBack();
    assert.equal(back.sid, away.id);
    assert.equal(ada.socket.recovered, true);
    const online = await ada.inbox.event('node-online', 10000, from);
    assert.equal(online.args[0].name, 'alpha-red');
    stage.say('the same id, and node-online');

    node.send({disconnect: true});
    await ada.inbox.event('node-offline', 10000, from);
    const count = ada.inbox.items.slice(from).filter((item) => item.event === 'node-online').length;
    assert.equal(count, 1);
    stage.say('once, and still in its rooms');
  },

  /** Away for too long: a new id, and the client knows. */
  async recoverTooLate(stage) {
    const ada = await start(stage, '--set', 'recovery.absence=1s');
    const away = hold(ada);
    const bob = await (await stage.user('ada', {transports: ['websocket']})).connected();
    await bob.inbox.event('message');
    await stage.server.metric('gatehouse_absent_sockets', (count) => count === 0);
    const back = await away.comeBack();
    assert.notEqual(back.sid, away.id);
    assert.equal(ada.socket.recovered, false);
    stage.say('a new id, not recovered');
  },

  /** Durable rooms: kill -9 and a new start, and everybody is who it was and gets what it missed. */
  async recoverAfterKill(stage) {
    const {server} = stage;
    const ada = await start(stage, '--set', 'recovery.durable_rooms=*');
    const bob = await (await stage.user('bob', {transports: ['polling']})).connected();
    await bob.inbox.wait((item) => item.event === 'message', 'a first event with an offset');
    const bobId = bob.socket.id;
    const from = ada.inbox.items.length;
    const away = hold(ada);
    const node = await stage.node(1);
    await node.connected();
    await bob.inbox.event('node-online');
    await server.metric('gatehouse_recovery_unwritten_changes', (count) => count === 0);

    const fromBob = bob.inbox.items.length;
    await server.stop('SIGKILL');
    await server.start();
    const bobBack = await bob.inbox.event('connect', 20000, fromBob);
    assert.equal(bobBack.sid, bobId);
    assert.equal(bob.socket.recovered, true);
    stage.say('who was connected is who it was');

    const back = await away.comeBack();
    assert.equal(back.sid, away.id);
    assert.equal(ada.socket.recovered, true);
    const online = await ada.inbox.event('node-online', 10000, from);
    assert.equal(online.args[0].name, 'alpha-red');
    stage.say('who was away gets what the killed process had sent meanwhile');

    // The rooms are its own again, and over a stop that was asked for it is the same.
    const fromStop = ada.inbox.items.length;
    await server.stop('SIGTERM');
    await server.start();
    await ada.inbox.event('connect', 20000, fromStop);
    assert.equal(ada.socket.id, away.id);
    assert.equal(ada.socket.recovered, true);
    const beta = await stage.node(2);
    await beta.connected();
    await ada.inbox.wait((item) => item.event === 'node-online' && item.args[0].name === 'beta-red',
      'an event of a room it came back to', 10000, fromStop);
    const names = ada.inbox.items.slice(from).filter((item) => item.event === 'node-online').map((item) => item.args[0].name);
    assert.equal(names.filter((name) => name === 'beta-red').length, 1);
    stage.say('and once more after SIGTERM, still in its rooms');
  },

  /** Who is in a room that is not durable starts anew after kill -9, and knows. */
  async recoverNotFromOtherRooms(stage) {
    const {server} = stage;
    const ada = await start(stage, '--set', 'recovery.durable_rooms=nothing_*');
    const id = ada.socket.id;
    const from = ada.inbox.items.length;
    await server.stop('SIGKILL');
    await server.start();
    const back = await ada.inbox.event('connect', 20000, from);
    assert.notEqual(back.sid, id);
    assert.equal(ada.socket.recovered, false);
    stage.say('a new id, not recovered');
  },

  /** Without durable rooms a restart forgets everybody, and says so. */
  async recoverNotAfterRestart(stage) {
    const ada = await start(stage);
    const id = ada.socket.id;
    const from = ada.inbox.items.length;
    await stage.server.stop();
    await stage.server.start();
    const back = await ada.inbox.event('connect', 20000, from);
    assert.notEqual(back.sid, id);
    assert.equal(ada.socket.recovered, false);
    stage.say('a new id, not recovered');
  },
};
