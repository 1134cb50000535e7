// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert');
const {look, newTask, openRun} = require('../lib/federation');

/** A node's process is killed; how long until its collaboration knows. */
async function killed(stage, transports) {
  const ada = await (await stage.user('ada')).connected();
  const gus = await (await stage.user('gus')).connected();
  const node = await stage.node(1, {transports});
  await node.connected();
  await node.inbox.event('sync');
  await ada.inbox.event('node-online');

  const before = performance.now();
  node.kill();
  const offline = await ada.inbox.event('node-offline', 5000);
  const milliseconds = offline.at - before;
  stage.say(`node-offline ${milliseconds.toFixed(0)} ms after kill -9`);
  assert.ok(milliseconds < 1000, `${milliseconds} ms`);
  assert.equal(offline.args[0].name, 'alpha-red');
  assert.ok(!gus.inbox.has('node-offline'));
}

/** What clients of every kind and transport do after SIGTERM and a new start: come back. */
async function comeBack(stage, clients) {
  const began = [];
  for (const {title, inbox, connected, isBack} of clients) {
    await connected();
    began.push({title, inbox, isBack, from: inbox.items.length});
  }
  assert.deepEqual(await stage.server.stop('SIGTERM'), {code: 0, signal: null});
  await stage.server.start();
  for (const {title, inbox, isBack, from} of began) {
    await inbox.wait(isBack, `return of ${title}`, 20000, from);
    stage.say(`${title} came back`);
  }
}

const restartedWith = (...args) => (run) => Object.assign(run, {serverArgs: args});

module.exports = {
  /** Nodes of vantage6 are python3-socketio; none may stay away, whatever its transport. */
  async drainedNodesReturn(stage) {
    const transports = ['polling', 'websocket', 'polling,websocket'];
    const nodes = await Promise.all(transports.map((one, i) => stage.node(i + 1, {transports: one})));
    await comeBack(stage, nodes.map((node, i) => ({
      title: `python3-socketio (${transports[i]})`,
      inbox: node.inbox,
      connected: () => node.connected().then(() => node.inbox.event('sync')),
      isBack: (item) => item.event === 'sync',
    })));
  },

  /** The same for pages: socket.io-client of today and of Socket.IO 2. */
  drainedPagesReturn: restartedWith('--set', 'server.allow_eio3=true')(async (stage) => {
    const token = await stage.server.userToken('ada');
    const clients = [];
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
      clients.push([`socket.io-client 4 (${transports})`, await stage.user('ada', {token, transports})]);
      clients.push([`socket.io-client 2.5 (${transports})`, await stage.oldUser('ada', {token, transports})]);
    }
    await comeBack(stage, clients.map(([title, user]) => ({
      title, inbox: user.inbox, connected: () => user.connected(), isBack: (item) => item.event === 'connect',
    })));
  }),

  killedWebSocketNode: (stage) => killed(stage, 'websocket'),
  killedUpgradedNode: (stage) => killed(stage, 'polling,websocket'),

  /** The server is killed and started again: both come back by themselves, the work is there. */
  async serverRestart(stage) {
    const {server} = stage;
    const adaToken = await server.userToken('ada');
    const ids = await look(stage, adaToken);
    const ada = await (await stage.user('ada', {token: adaToken})).connected();
    const token = await server.nodeToken(1);
    const node = await stage.node(1, {token});
    await node.connected();
    await node.inbox.event('sync');
    const task = await newTask(stage, adaToken, ids.collaboration('red'), [ids.organization('Alpha')], 'patient');
    await node.inbox.event('new_task');

    for (const signal of ['SIGKILL', 'SIGTERM']) {
      const fromUser = ada.inbox.items.length;
      const fromNode = node.inbox.items.length;
      const end = await server.stop(signal);
      if (signal === 'SIGTERM') {
        assert.deepEqual(end, {code: 0, signal: null});
      }
      await ada.inbox.event('disconnect', 10000, fromUser);
      await server.start();
      await ada.inbox.event('connect', 20000, fromUser);
      await node.inbox.event('sync', 20000, fromNode);
      // Who came back first is chance, so the user may have missed the event: the state is what counts.
      const again = await look(stage, adaToken);
      assert.equal(again.node('alpha-red').status, 'online');
      stage.say(`both came back by themselves after ${signal}`);

      const run = await openRun(stage, token, ids.node('alpha-red').id, task.id);
      assert.equal(run.status, 'pending');
    }

    // What is acknowledged last is there too, and events flow as before.
    const second = await newTask(stage, adaToken, ids.collaboration('red'), [ids.organization('Alpha')], 'after');
    await node.inbox.wait((item) => item.event === 'new_task' && item.args[0].id === second.id, 'the new task');
  },

  /** SIGTERM: everybody is told, the process ends by itself with 0. */
  async drain(stage) {
    const ada = await (await stage.user('ada')).connected();
    const node = await stage.node(1, {transports: 'websocket'});
    await node.connected();
    const end = await stage.server.stop('SIGTERM');
    assert.deepEqual(end, {code: 0, signal: null});
    await ada.inbox.event('disconnect');
    stage.say('drained with exit code 0');
  },
};
