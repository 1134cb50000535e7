// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert');
const {look, newTask, openRun} = require('../lib/federation');
const {ConsoleProbe, members} = require('../lib/consoleprobe');

const nodeRow = (seen, name) => seen.nodes.find((row) => row.Node === name);
const taskRow = (seen, id) => seen.tasks.find((row) => row.ID === id);
const clientRow = (seen, name) => seen.clients.find((row) => row.Client === name);
const says = (seen, category, text) => seen.log.some((line) => line.category === category && line.text.includes(text));

/** Rooms and clients as users of the collaboration come and go. */
async function comingAndGoing(stage, probe, room) {
  const ada = await (await stage.user('ada')).connected();
  await probe.until('ada in her room', (seen) => members(seen, room)?.join() === 'ada');
  const bob = await (await stage.user('bob', {transports: ['polling']})).connected();
  const {seen} = await probe.until('bob beside her', (one) => members(one, room)?.join() === 'ada,bob'
    && clientRow(one, 'bob'));
  assert.equal(clientRow(seen, 'bob').Transport, 'polling');
  bob.close();
  await probe.until('bob gone', (one) => members(one, room)?.join() === 'ada'
    && !clientRow(one, 'bob'));
  stage.say('users seen joining and leaving');
  return ada;
}

/** A task from its creation to its end, by a node that does what nodes do. */
async function workOnTask(stage, probe, {ids, userToken, nodeToken, node}) {
  const {server} = stage;
  const before = (await probe.look()).overview.tasksOpen;
  const red = ids.collaboration('red');
  const task = await newTask(stage, userToken, red, [ids.organization('Alpha')], 'watched');
  const runIs = (status) => (seen) => {
    const row = taskRow(seen, task.id);
    return row?.rows?.length === 1 && row.rows[0].Status === status && row.Task === 'watched';
  };
  await probe.until('the run pending', runIs('pending'));
  await probe.until('one open task more', (seen) => seen.overview.tasksOpen === before + 1);
  await node.inbox.event('new_task');

  const run = await openRun(stage, nodeToken, ids.node('alpha-red').id, task.id);
  const part = {
    run_id: run.id, task_id: task.id, collaboration_id: red,
    node_id: ids.node('alpha-red').id, organization_id: ids.organization('Alpha'), parent_id: null,
  };
  const patch = (body) => server.request('PATCH', `/api/run/${run.id}`, {token: nodeToken, body});
  await patch({started_at: new Date().toISOString(), status: 'active'});
  await node.emit('algorithm_status_change', {...part, status: 'active'});
  const {seen: active} = await probe.until('the run active', runIs('active'));
  assert.equal(taskRow(active, task.id)['Runs done'], '0 of 1');
  await patch({status: 'completed', finished_at: new Date().toISOString(), result: 'eyJtZWFuIjogNDJ9'});
  await node.emit('algorithm_status_change', {...part, status: 'completed'});
  const {seen: done} = await probe.until('the run completed', runIs('completed'));
  const row = taskRow(done, task.id);
  assert.equal(row.Status, 'completed');
  assert.equal(row['Runs done'], '1 of 1');
  assert.equal(row.Collaboration, 'red');
  assert.equal(row['Started by'], 'ada');
  assert.equal(row.rows[0].Task, 'Alpha');
  await probe.until('no open task more', (seen) => seen.overview.tasksOpen === before);
  stage.say('task seen pending, active, completed');
  return task;
}

/** What the console shows while the server is away, and once it is back. */
async function restart(stage, probe, {task, ada, room}) {
  const {server} = stage;
  const life = (await probe.look()).startedAt;
  const from = probe.inbox.items.length;
  const fromUser = ada.inbox.items.length;
  await server.stop('SIGKILL');
  await probe.inbox.event('lost', 5000, from);
  await server.start();
  await ada.inbox.event('connect', 20000, fromUser);
  await probe.inbox.event('live', 20000, from);
  const {seen} = await probe.until('data of the new server', (one) => one.state === 'live'
    && one.startedAt > life && members(one, room)?.join() === 'ada', 10000);
  assert.equal(taskRow(seen, task.id).Status, 'completed');
  assert.notEqual(nodeRow(seen, 'alpha-red').State, 'online');
  stage.say('lost with the server, live again with fresh data');
}

module.exports = {
  /** The models behind the console's pages against real clients at work. */
  async consoleModels(stage) {
    const {server} = stage;
    const probe = stage.client(new ConsoleProbe(process.env.GATEHOUSE_CONSOLE_PROBE, server));
    const userToken = await server.userToken('ada');
    const ids = await look(stage, userToken);
    const room = `collaboration_${ids.collaboration('red')}`;
    const {seen: empty} = await probe.until('a whole snapshot',
      (one) => one.state === 'live' && one.overview.samples > 0, 10000);
    assert.equal(empty.admin, 'admin');
    assert.equal(empty.nodes.length, 3);
    assert.equal(nodeRow(empty, 'alpha-red').State, 'never seen');
    assert.equal(members(empty, room), null);
    assert.deepEqual(empty.tasks, []);

    const ada = await comingAndGoing(stage, probe, room);
    const nodeToken = await server.nodeToken(1);
    const node = await stage.node(1, {token: nodeToken});
    await node.connected();
    await node.inbox.event('sync');
    await probe.until('the node online and in its room', (one) => nodeRow(one, 'alpha-red').State === 'online'
      && members(one, room)?.join() === 'ada,alpha-red' && one.overview.nodesOnline === 1);
    stage.say('node seen online');

    const task = await workOnTask(stage, probe, {ids, userToken, nodeToken, node});
    await probe.until('log lines of what happened', (one) => says(one, 'room', 'Node <alpha-red> joined room')
      && says(one, 'task', `New task ${task.id} "watched" by <ada>`)
      && says(one, 'task', 'on node <alpha-red> has the status completed'));

    node.kill();
    const {seen: killed, took} = await probe.until('the killed node offline and out of the room',
      (one) => nodeRow(one, 'alpha-red').State === 'offline' && members(one, room)?.join() === 'ada');
    stage.say(`node seen offline ${took.toFixed(0)} ms after kill -9`);
    assert.ok(took < 1500, `${took} ms`);
    assert.equal(nodeRow(killed, 'alpha-red').Drops, 1);

    await restart(stage, probe, {task, ada, room});
    const last = await probe.look();
    assert.equal(last.gaps, 0);
    assert.ok(!JSON.stringify(last).includes('strayParent'));
    assert.equal(await probe.quit(), 0);
  },
};
