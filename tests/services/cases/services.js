// SPDX-License-Identifier: Apache-2.0
// Services behind the services profile.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const {Editor} = require('../lib/editor');
const {PythonService} = require('../lib/pythonservice');
const {services} = require('../lib/stage');
const {cpuSeconds, types} = require('./clients');

/** What comes while no service is there waits, in order, then dies; waiting costs nothing. */
async function serviceRestart(stage) {
  const bob = await stage.editorNamed('bob');
  for (let number = 0; number < 20; number++) {
    bob.send(number % 2 ? 'file-content-request' : 'file-join', {number});
  }
  await stage.server.metric('gatehouse_services_held', (value) => value === 20);
  const service = await stage.service(types);
  await service.inbox.wait(() => service.all().length === 20, 'what waited');
  assert.deepStrictEqual(service.all().map((message) => message.content.number),
    Array.from({length: 20}, (_, index) => index));

  await service.kill();
  await stage.server.metric('gatehouse_services_connected', (value) => value === 0);
  bob.send('file-join', {number: 100});
  const second = await stage.service(types);
  assert.strictEqual((await second.got('file-join')).content.number, 100);

  await second.kill();
  await stage.server.metric('gatehouse_services_connected', (value) => value === 0);
  // Types nobody will ever want, many of them: the clients hear of it, the processor does not.
  const before = cpuSeconds(stage);
  for (let number = 0; number < 500; number++) {
    bob.send(`nobody-wants-${number % 50}`, {number});
  }
  await stage.server.metric('gatehouse_services_held', (value) => value === 500);
  const start = cpuSeconds(stage);
  const began = performance.now();
  // Nothing asks meanwhile: the word of their end comes by itself.
  await bob.inbox.wait(() => bob.messages('error-response').length === 500, 'word of each', 20000);
  const used = cpuSeconds(stage) - start;
  const waited = (performance.now() - began) / 1000;
  stage.say(`500 messages waiting: ${used.toFixed(2)} s of CPU in ${waited.toFixed(1)} s, `
    + `${(start - before).toFixed(2)} s to take them`);
  assert.ok(used < 0.15 * waited, `${used} s of CPU in ${waited} s`);
  await stage.server.metric('gatehouse_services_held_total\\{outcome="dead"\\}', (value) => value === 500);
  assert.match(bob.messages('error-response')[0].content.message, /no service/);
  await stage.server.metric('gatehouse_services_held', (value) => value === 0);
}

/**
 * The broker goes, then the server is killed with what it has taken; both come back before the service does. In the
 * database it waits, and is there in order.
 */
async function outboxOverARestart(stage) {
  const service = await stage.service(types);
  const bob = await stage.editorNamed('bob');
  bob.send('file-join', {number: 0});
  await service.got('file-join');
  await stage.broker.tell('stop');
  await stage.server.metric('gatehouse_bus_up', (value) => value === 0);
  for (let number = 1; number <= 20; number++) {
    bob.send(number % 2 ? 'file-content-request' : 'file-join', {number});
  }
  await stage.server.metric('gatehouse_bus_outbox', (value) => value === 20);
  await service.kill();
  await stage.server.stop('SIGKILL');
  await stage.broker.tell('start');
  await stage.server.start();
  await stage.server.metric('gatehouse_bus_up', (value) => value === 1);
  // Others work meanwhile, and by then all of it has been tried.
  const other = await stage.service(['cursor-move'], {name: 'Cursors', token: stage.token()});
  const eve = await stage.editorNamed('eve');
  for (let number = 0; number < 20; number++) {
    eve.send('cursor-move', {number});
    await other.inbox.wait(() => other.all('cursor-move').length === number + 1, 'a cursor');
  }
  // The last of them may be heard before its confirm is here.
  await stage.server.metric('gatehouse_bus_outbox', (value) => value === 20);
  const again = await stage.service(types);
  await again.inbox.wait(() => again.all().filter((message) => message.sender[1] === 'bob').length === 20, 'what waited');
  assert.deepStrictEqual(again.all().filter((message) => message.sender[1] === 'bob').map((message) => message.content.number),
    Array.from({length: 20}, (_, index) => index + 1));
  await stage.server.metric('gatehouse_bus_outbox', (value) => value === 0);
  await stage.server.metric('gatehouse_bus_dropped_total\\{reason="dead_letter"\\}', (value) => value === 0);
}
outboxOverARestart.needsBroker = true;
outboxOverARestart.configuration = `${services}
[bus]
node_name = "house"
`;

/** Requests between services, by uuid; nobody else hears the answer. */
async function serviceToService(stage) {
  const asker = await stage.service(['other'], {name: 'Asker'});
  const bystander = await stage.service(['price-response'], {name: 'Bystander'});
  const answerer = await stage.service(['price-request'], {name: 'Answerer'});
  asker.tell({op: 'ask', type: 'price-request', content: {item: 1}, timeout: 8});
  const request = await answerer.got('price-request');
  assert.strictEqual(request.sender, 'service.Asker');
  answerer.put('price-response', {price: 2}, {response_uuid: request.uuid, sender: 'service.Forged'});
  const answer = (await asker.inbox.event('answer')).message;
  assert.deepStrictEqual(answer.content, {price: 2});
  assert.strictEqual(answer.sender, 'service.Answerer');
  // Those who want the type get it too, as they always did; one who asked and did not want it, once.
  assert.strictEqual((await bystander.got('price-response')).response_uuid, request.uuid);
  assert.strictEqual(asker.all('price-response').length, 0);
  const nobody = await asker.answered({op: 'ask', type: 'silence-request', timeout: 0.5});
  assert.match(nobody.timeout, /no answer within/);

  // One that starts late still gets what was asked before.
  asker.tell({op: 'ask', type: 'late-request', timeout: 8});
  await stage.server.metric('gatehouse_services_held', (value) => value >= 1);
  const late = await stage.service(['late-request'], {name: 'Late'});
  const held = await late.got('late-request');
  const mark = asker.inbox.items.length;
  late.put('late-response', {}, {response_uuid: held.uuid});
  assert.strictEqual((await asker.inbox.event('answer', 10000, mark)).message.type, 'late-response');

  // What only the server says, a service cannot.
  const watcher = await stage.service(['client-disconnect'], {name: 'Watcher'});
  answerer.put('client-disconnect', {address: ['1.2.3.4', 5], username: 'bob'});
  await answerer.got('error-response');
  const bob = await stage.editorNamed('bob');
  bob.socket.close();
  assert.strictEqual((await watcher.got('client-disconnect')).content.username, 'bob');
  assert.strictEqual(watcher.all('client-disconnect').length, 1);
}

async function backendsNeedTokens(stage) {
  const refusedWith = async (token) => {
    const guest = new Editor(stage.url('backends'), token ? {headers: {Authorization: `Bearer ${token}`}} : {});
    stage.guests.push(guest);
    const item = await guest.inbox.wait((entry) => ['open', 'refused'].includes(entry.event), 'an answer');
    return item.status ?? 101;
  };
  assert.strictEqual(await refusedWith(''), 401);
  assert.strictEqual(await refusedWith('nonsense'), 401);
  assert.strictEqual(await refusedWith(stage.server.mint('admin', 1)), 403);
  assert.strictEqual(await refusedWith(stage.token()), 101);

  const first = await stage.service(types, {name: 'Filesystem'});
  // The same service again, as after a lost connection: the newer one counts.
  const second = await stage.service(types, {name: 'Filesystem'});
  assert.strictEqual(await stage.server.metric('gatehouse_services_connected', (value) => value === 1), 1);
  await first.kill();
  const bob = await stage.editorNamed('bob');
  const seen = second.inbox.items.length;
  bob.send('file-join', {number: 1});
  await second.got('file-join', 10000, seen);
  // Somebody else's name is not to be had.
  const stranger = new PythonService(stage, types,
    {name: 'Filesystem', token: stage.server.mint('service', 2, '--name', 'stranger')});
  stage.guests.push(stranger);
  await stage.server.metric('gatehouse_services_refused_registrations_total', (value) => value >= 1);
  assert.ok(!stranger.inbox.has('registered'));
  await stranger.kill();

  // A token that ends, ends the connection.
  const brief = stage.token('brief', '--ttl', '3');
  const ending = new Editor(stage.url('backends'), {headers: {Authorization: `Bearer ${brief}`}});
  stage.guests.push(ending);
  await ending.opened();
  const close = await ending.closed(20000);
  assert.strictEqual(close.code, 4001);
  assert.strictEqual(close.reason, 'token expired');
}

/** The service of examples/, on a real folder. */
async function exampleService(stage) {
  const folder = path.join(stage.folder, 'project');
  fs.mkdirSync(path.join(folder, 'sub'), {recursive: true});
  fs.writeFileSync(path.join(folder, 'a.txt'), 'text of a');
  fs.writeFileSync(path.join(folder, 'sub', 'b.txt'), 'text of b');
  const tokenFile = path.join(stage.folder, 'token');
  fs.writeFileSync(tokenFile, stage.token());
  const {spawn} = require('node:child_process');
  const script = path.join(__dirname, '..', '..', '..', 'examples', 'services', 'filesystem.py');
  const child = spawn(stage.python, [script, stage.url('backends'), tokenFile, folder], {stdio: 'ignore'});
  const exited = new Promise((resolve) => { child.on('exit', resolve); });
  try {
    await stage.server.metric('gatehouse_services_connected', (value) => value === 1);
    const bob = await stage.editorNamed('bob');
    const eve = await stage.editorNamed('eve');
    bob.send('file-list-request', {});
    assert.deepStrictEqual((await bob.message('file-list-response')).content, {root_tree: ['a.txt', 'sub/b.txt']});
    bob.send('file-join', {file_path: 'a.txt'});
    bob.send('file-content-request', {file_path: 'a.txt'});
    assert.deepStrictEqual((await bob.message('file-content-response')).content.block_list, [[0, 'text of a']]);
    bob.send('file-content-request', {file_path: '../token'});
    assert.strictEqual((await bob.message('error-response')).content.error_code, 1);
    eve.send('file-join', {file_path: 'a.txt'});
    await bob.inbox.wait((item) => item.message?.type === 'file-join-broadcast' && item.message.content.username === 'eve', 'eve joining');
    bob.send('cursor-move', {file_path: 'a.txt', offset: 3});
    assert.deepStrictEqual((await eve.message('cursor-move-broadcast')).content,
      {file_path: 'a.txt', offset: 3, username: 'bob'});
    bob.send('file-lock-request', {file_path: 'a.txt', piece_uuid: 'p'});
    assert.strictEqual((await bob.message('file-lock-response')).content.success, true);
    eve.send('file-lock-request', {file_path: 'a.txt', piece_uuid: 'p'});
    assert.strictEqual((await eve.message('file-lock-response')).content.success, false);
    bob.reset();
    const give = performance.now() + 10000;
    let success = false;
    while (!success && performance.now() < give) {
      const from = eve.inbox.items.length;
      eve.send('file-lock-request', {file_path: 'a.txt', piece_uuid: 'p'});
      success = (await eve.message('file-lock-response', 10000, from)).content.success;
    }
    assert.ok(success, 'the lock of one who has gone is free');
    eve.send('file-project-request', {});
    const project = Buffer.from((await eve.message('file-project-response')).content.data, 'base64');
    assert.ok(project.includes('text of b'));
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

async function kickAndConsole(stage) {
  const service = await stage.service(types);
  const bob = await stage.editorNamed('bob');
  const eve = await stage.editorNamed('eve');
  service.tell({op: 'kick', targets: ['bob', 'ghost', ['127.0.0.1', 1]]});
  const close = await bob.closed();
  assert.strictEqual(close.code, 4003);
  assert.strictEqual(close.reason, 'kicked');
  assert.strictEqual((await service.got('client-disconnect')).content.username, 'bob');
  assert.ok(!eve.inbox.has('close'));
  await stage.server.metric('gatehouse_services_kicks_total', (value) => value === 1);
}

module.exports = {serviceRestart, outboxOverARestart, serviceToService, backendsNeedTokens, exampleService, kickAndConsole};
