// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert');
const {look, newTask, openRun} = require('../lib/federation');

async function work(stage, transports) {
  const {server} = stage;
  const adaToken = await server.userToken('ada');
  const ids = await look(stage, adaToken);
  const ada = await (await stage.user('ada', {token: adaToken, transports})).connected();
  const bob = await (await stage.user('bob', {transports})).connected();
  const gusToken = await server.userToken('gus');
  const gus = await (await stage.user('gus', {token: gusToken, transports})).connected();
  const token = await server.nodeToken(1);
  const node = await stage.node(1, {token, transports: transports.join(',')});
  await node.connected();
  await node.inbox.event('sync');

  const red = ids.collaboration('red');
  const task = await newTask(stage, adaToken, red, [ids.organization('Alpha')]);
  const told = await node.inbox.event('new_task');
  assert.deepEqual(told.args, [{id: task.id, parent_id: null}]);
  for (const user of [ada, bob]) {
    assert.deepEqual((await user.inbox.event('new_task')).args, told.args);
  }
  stage.say('new_task reached the node and the collaboration');

  const nodeId = ids.node('alpha-red').id;
  const run = await openRun(stage, token, nodeId, task.id);
  assert.equal(run.status, 'pending');
  assert.equal(run.task.image, 'harbor.example.org/average:1');
  const part = {
    run_id: run.id, task_id: task.id, collaboration_id: red,
    node_id: nodeId, organization_id: ids.organization('Alpha'), parent_id: null,
  };
  const patch = (body) => server.request('PATCH', `/api/run/${run.id}`, {token, body});
  await patch({started_at: new Date().toISOString()});
  await patch({status: 'active'});
  await node.emit('algorithm_status_change', {...part, status: 'active'});
  const lines = ['reading patients', 'größer als 3 → 12 rows', 'done \u{1f600}'];
  for (const log of lines) {
    await node.emit('algorithm_log', {run_id: run.id, task_id: task.id, collaboration_id: red, log});
  }
  await node.emit('algorithm_status_change', {...part, status: 'completed'});
  await patch({status: 'completed', finished_at: new Date().toISOString(), result: 'eyJtZWFuIjogNDJ9', log: lines.join('\n')});

  for (const user of [ada, bob]) {
    const isStatus = (status) => (item) => item.event === 'algorithm_status_change' && item.args[0].status === status;
    const active = await user.inbox.wait(isStatus('active'), 'status active');
    assert.deepEqual(active.args[0], {...part, status: 'active', job_id: task.job_id});
    await user.inbox.wait(isStatus('completed'), 'status completed');
    await user.inbox.wait((item) => item.event === 'algorithm_log' && item.args[0].log === lines[2], 'last log line');
    const logs = user.inbox.items.filter((item) => item.event === 'algorithm_log').map((item) => item.args[0].log);
    assert.deepEqual(logs, lines);
  }
  stage.say('status and log lines reached both users of the collaboration, in order');

  // gus is in another collaboration. What he hears of his own task is a fence: anything of the
  // first one would have come before it.
  await newTask(stage, gusToken, (await look(stage, gusToken)).collaboration('blue'),
    [(await look(stage, gusToken)).organization('Gamma')], 'fence');
  await gus.inbox.event('new_task');
  const leaked = gus.inbox.names().filter((event) => !['connect', 'message', 'new_task'].includes(event));
  assert.deepEqual(leaked, []);
  assert.equal(gus.inbox.items.filter((item) => item.event === 'new_task').length, 1);
  stage.say('nobody of the other collaboration heard of it');

  const stored = await server.request('GET', `/api/task/${task.id}`, {token: adaToken});
  assert.equal(stored.status, 'completed');
}

module.exports = {
  taskByWebSocket: (stage) => work(stage, ['websocket']),
  taskByUpgrade: (stage) => work(stage, ['polling', 'websocket']),
  taskByPolling: (stage) => work(stage, ['polling']),

  /** What vantage6's web interface does: the token is on polling requests only, then it upgrades. */
  async userInterface(stage) {
    const {server} = stage;
    const adaToken = await server.userToken('ada');
    const ids = await look(stage, adaToken);
    const page = await (await stage.user('ada', {token: adaToken, likeBrowser: true})).connected();
    await page.upgraded();
    const nodeToken = await server.nodeToken(1);
    const node = await stage.node(1, {token: nodeToken});
    await node.connected();
    const online = await page.inbox.event('node-online');
    assert.deepEqual(online.args, [{id: ids.node('alpha-red').id, name: 'alpha-red', org_id: ids.organization('Alpha')}]);

    const red = ids.collaboration('red');
    const task = await newTask(stage, adaToken, red, [ids.organization('Alpha')], 'seen in the interface');
    assert.deepEqual((await page.inbox.event('new_task')).args, [{id: task.id, parent_id: null}]);
    const run = await openRun(stage, nodeToken, ids.node('alpha-red').id, task.id);
    const part = {run_id: run.id, task_id: task.id, collaboration_id: red};
    await node.emit('algorithm_status_change', {...part, status: 'active'});
    await node.emit('algorithm_log', {...part, log: 'half way'});
    assert.equal((await page.inbox.event('algorithm_status_change')).args[0].status, 'active');
    assert.equal((await page.inbox.event('algorithm_log')).args[0].log, 'half way');
    node.kill();
    await page.inbox.event('node-offline');
    assert.equal(page.transport, 'websocket');
    stage.say('every event of the interface arrived over an upgraded connection');

    // Without a poll there is no header, and so nobody.
    const anonymous = await (await stage.user('ada', {token: adaToken, likeBrowser: true, transports: ['websocket']})).connected();
    const from = page.inbox.items.length;
    const second = await stage.node(1, {token: nodeToken});
    await second.connected();
    await page.inbox.event('node-online', 10000, from);
    await anonymous.fence();
    assert.deepEqual(anonymous.inbox.names().filter((name) => name !== 'connect'), []);
    stage.say('a WebSocket alone carries no token: connected, and nobody');
  },

  /** A user kills a task: the node is told, and the users hear that its run has ended. */
  async kill(stage) {
    const {server} = stage;
    const adaToken = await server.userToken('ada');
    const ids = await look(stage, adaToken);
    const ada = await (await stage.user('ada', {token: adaToken})).connected();
    const node = await stage.node(1);
    await node.connected();
    await node.inbox.event('sync');
    const alpha = ids.organization('Alpha');
    const red = ids.collaboration('red');
    const task = await newTask(stage, adaToken, red, [alpha], 'endless');
    await node.inbox.event('new_task');

    await server.request('POST', '/api/kill/task', {token: adaToken, body: {id: task.id}});
    const order = await node.inbox.event('kill_containers');
    const run = order.args[0].kill_list[0];
    assert.equal(order.args[0].collaboration_id, red);
    assert.deepEqual(run, {task_id: task.id, run_id: run.run_id, organization_id: alpha});
    const heard = await ada.inbox.event('algorithm_status_change');
    assert.equal(heard.args[0].status, 'killed by user');
    assert.equal(heard.args[0].run_id, run.run_id);
    await server.request('POST', '/api/kill/task', {token: adaToken, body: {id: task.id}, expect: 400});
    stage.say('kill_containers reached the node, the new status the user');
  },
};
