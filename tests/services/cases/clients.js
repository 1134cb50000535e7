// SPDX-License-Identifier: Apache-2.0
// Clients of the services profile.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');

const types = ['file-list-request', 'file-join', 'file-content-request', 'cursor-move', 'client-disconnect'];
const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** CPU seconds the server has used so far. */
function cpuSeconds(stage) {
  const fields = fs.readFileSync(`/proc/${stage.server.child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The login is answered, and what follows it without waiting is stamped with the name already. */
async function loginAndStamp(stage) {
  const service = await stage.service(types);
  for (const library of ['ws', 'ws-8']) {
    const seen = service.inbox.items.length;
    const editor = await stage.editor({library});
    editor.send('login-request', {username: `bob ${library}`});
    editor.send('file-list-request', {}, {sender: 'service.Filesystem', uuid: 'mine', response_uuid: 'x', pref_dest: 'y'});
    const login = await editor.message('login-response');
    assert.deepStrictEqual(login.content, {succeed: true, new_username: `bob ${library}`});
    assert.deepStrictEqual(Object.keys(login), ['type', 'uuid', 'response_uuid', 'sender', 'pref_dest', 'content']);
    assert.match(login.uuid, uuid4);
    assert.strictEqual(login.sender, 'service.WSServer');
    const request = await service.got('file-list-request', 10000, seen);
    assert.deepStrictEqual(request.sender, [editor.address, `bob ${library}`]);
    assert.match(request.uuid, uuid4);
    assert.strictEqual(request.response_uuid, null);
    assert.strictEqual(request.pref_dest, null);
    assert.deepStrictEqual(request.content, {});
  }
  const nobody = await stage.editor();
  const seen = service.inbox.items.length;
  nobody.send('file-join', {file_path: 'a'});
  assert.deepStrictEqual((await service.got('file-join', 10000, seen)).sender, [nobody.address, null]);
}

async function uniqueNames(stage) {
  const login = async (editor, content) => {
    const from = editor.inbox.items.length;
    editor.send('login-request', content);
    return (await editor.message('login-response', 10000, from)).content;
  };
  const first = await stage.editor();
  const second = await stage.editor();
  assert.deepStrictEqual(await login(first, {username: 'bob'}), {succeed: true, new_username: 'bob'});
  assert.deepStrictEqual(await login(second, {username: 'bob'}), {succeed: true, new_username: 'bob_1'});
  assert.strictEqual((await login(first, {username: 'other'})).succeed, false);
  const literal = await stage.editor();
  assert.deepStrictEqual(await login(literal, {username: 'bob_1'}), {succeed: true, new_username: 'bob_1_1'});
  for (const content of [{}, {username: 7}, {username: ''}, {username: 'x'.repeat(65)}, {username: 'a\u0000b'},
    {username: 'a\u202eb'}, {username: 'service.Filesystem'}, [], 'bob', null]) {
    const editor = await stage.editor();
    assert.strictEqual((await login(editor, content)).succeed, false, JSON.stringify(content));
    assert.deepStrictEqual(await login(editor, {username: 'ok'}), {succeed: true, new_username: 'ok'});
    editor.socket.close();
    await editor.closed();
  }
  first.socket.close();
  await first.closed();
  const third = await stage.editor();
  assert.deepStrictEqual(await login(third, {username: 'bob'}), {succeed: true, new_username: 'bob'});
}

/** By address, to one alone, the whole envelope as the service wrote it. */
async function answersByAddress(stage) {
  const service = await stage.service(types);
  const first = await stage.editorNamed('bob');
  const second = await stage.editorNamed('eve');
  first.send('file-list-request', {});
  const request = await service.got('file-list-request');
  service.sendTo([request.sender[0]], 'file-list-response', {root_tree: ['a', 'b']});
  const answer = await first.message('file-list-response');
  assert.deepStrictEqual(answer.content, {root_tree: ['a', 'b']});
  assert.strictEqual(answer.sender, 'service.Filesystem');
  assert.strictEqual(answer.response_uuid, null);
  assert.strictEqual(answer.pref_dest, null);
  assert.match(answer.uuid, uuid4);
  service.sendTo([second.address], 'end', {});
  await second.message('end');
  assert.strictEqual(second.messages('file-list-response').length, 0);
  // A list of both kinds, somebody twice, somebody unknown, nonsense: whoever is there gets it once.
  service.sendTo(['bob', first.address, [second.address, 'eve'], ['127.0.0.1', 1], 'ghost', 7, null, {}], 'mixed', {});
  service.sendTo(['bob', 'eve'], 'last', {});
  for (const editor of [first, second]) {
    await editor.message('last');
    assert.strictEqual(editor.messages('mixed').length, 1);
  }
  service.sendTo([], 'nobody', {});
  await stage.server.metric('gatehouse_services_unknown_recipients_total', (value) => value === 5);
}

async function namesInOrder(stage) {
  const service = await stage.service(types);
  const bob = await stage.editorNamed('bob');
  const second = await stage.editorNamed('bob');
  const asleep = await stage.editorNamed('asleep');
  asleep.pause();
  service.tell({op: 'count', from: 0, to: 1000, recipients: ['bob', 'bob_1', 'ghost', 'asleep'], type: 'file-delta-broadcast'});
  for (const editor of [bob, second]) {
    await editor.inbox.wait((item) => item.message?.content?.number === 999, 'the last number', 20000);
    assert.deepStrictEqual(editor.messages('file-delta-broadcast').map((message) => message.content.number),
      Array.from({length: 1000}, (_, number) => number));
  }
}

/** What one client sends keeps its order through bus and service, whatever the types. */
async function orderThroughTheBus(stage) {
  const service = await stage.service(types);
  const editor = await stage.editorNamed('bob');
  for (let number = 0; number < 300; number++) {
    editor.send(number % 2 ? 'file-content-request' : 'file-join', {number});
  }
  await service.inbox.wait((item) => item.message?.content?.number === 299, 'the last message');
  assert.deepStrictEqual(service.all().map((message) => message.content.number),
    Array.from({length: 300}, (_, number) => number));
}

async function clientList(stage) {
  const service = await stage.service(types);
  const editors = [];
  for (const name of ['a', 'b', 'c']) {
    editors.push(await stage.editorNamed(name));
  }
  const answer = await service.answered({op: 'clients'});
  assert.deepStrictEqual(answer.clients, editors.map((editor) => editor.address));
  service.sendTo(answer.clients, 'to-all', {});
  await Promise.all(editors.map((editor) => editor.message('to-all')));
  const whole = await service.answered({op: 'ask', type: 'client-list-request', timeout: 5});
  assert.strictEqual(whole.message.sender, 'service.WSServer');
  assert.deepStrictEqual(whole.message.content.clients.map(([, name]) => name), ['a', 'b', 'c']);
}

async function refusedTypes(stage) {
  const service = await stage.service('all');
  const bystander = await stage.editorNamed('bystander');
  const bob = await stage.editorNamed('bob');
  const reserved = ['client-disconnect', 'client-list-request', 'client-kick', 'service-register',
    'file-list-response', 'login-response', 'cursor-move-broadcast'];
  for (const type of reserved) {
    bob.send(type, {address: bystander.address, username: 'bystander', targets: ['bystander']});
  }
  bob.send('never heard of', {});
  bob.send('not on the list', {});
  bob.send('unknown-type', {});
  await bob.inbox.wait((item) => bob.messages('error-response').length === reserved.length + 3, 'refusals');
  bob.send('net-send', {response_addrs: ['bystander'], msg: {type: 'x'}});
  const close = await bob.closed();
  assert.strictEqual(close.code, 1008);
  assert.strictEqual(close.reason, 'reserved type');
  bystander.send('file-list-request', {});
  await service.got('file-list-request');
  assert.deepStrictEqual(service.all().map((message) => message.type).filter((type) => type !== 'client-disconnect'),
    ['file-list-request']);
  assert.deepStrictEqual(service.all('client-disconnect').map((message) => message.content.username), ['bob']);
  assert.strictEqual(bystander.messages('x').length, 0);
  await stage.server.metric('gatehouse_services_refusals_total\\{what="reserved-type"\\}', (value) => value === reserved.length);
  await stage.server.metric('gatehouse_services_refusals_total\\{what="type"\\}', (value) => value === 1);
  await stage.server.metric('gatehouse_services_refusals_total\\{what="net-send"\\}', (value) => value === 1);
}
refusedTypes.configuration = `
[[listener]]
name = "clients"
listen = "127.0.0.1:0"
profile = "services"
[[listener]]
name = "backends"
path = "/service"
profile = "backends"
[services]
allowed_types = ["file-*", "cursor-move"]
`;

async function badFrames(stage) {
  const service = await stage.service(types);
  const bob = await stage.editorNamed('bob');
  const bad = ["{'a':1}", '[]', '7', 'null', '"x"', '', '{"type":"file-join"}', '{"content":{}}',
    '{"type":7,"content":{}}', '{"type":"file-join","type":"x","content":{}}', '{"type":"a b","content":1}',
    '{"type":"file-join","content":' + '['.repeat(100) + ']'.repeat(100) + '}'];
  bob.send('file-join', {number: 0});
  for (const text of bad) {
    bob.raw(text);
  }
  bob.send('file-join', {number: 1});
  await service.inbox.wait((item) => item.message?.content?.number === 1, 'the message behind');
  assert.deepStrictEqual(service.all('file-join').map((message) => message.content.number), [0, 1]);
  await bob.inbox.wait(() => bob.messages('error-response').length === bad.length, 'an answer to each');
  for (const answer of bob.messages('error-response')) {
    assert.ok(answer.content.message.length > 0);
    assert.strictEqual(answer.content.error_code, 0);
  }
  await stage.server.metric('gatehouse_services_refusals_total\\{what="malformed"\\}', (value) => value === bad.length);
  const binary = await stage.editor();
  binary.socket.send(Buffer.from('{}'));
  const close = await binary.closed();
  assert.strictEqual(close.code, 1003);
}

/** A project in one frame, while the others' cursors go on: of 60 MiB, and the longest one the original client takes. */
async function largeAnswers(stage) {
  const large = await stage.service(['file-project-request'], {name: 'Filesystem', token: stage.token()});
  const small = await stage.service(['cursor-move'], {name: 'Cursors', token: stage.token()});
  const bob = await stage.editorNamed('bob');
  const others = [await stage.editorNamed('ann'), await stage.editorNamed('eve')];
  for (const octets of [60 << 20, (100 << 20) - 4096]) {
    await largeAnswer(stage, {octets, large, small, bob, others});
  }
}

async function largeAnswer(stage, {octets, large, small, bob, others}) {
  const seenByBob = bob.inbox.items.length;
  large.tell({op: 'project', octets, recipients: ['bob']});
  const whole = bob.message('file-project-response', 60000, seenByBob);
  let isThere = false;
  whole.then(() => { isThere = true; }, () => { isThere = true; });
  let worst = 0;
  let rounds = 0;
  while (!isThere) {
    const from = others[1].inbox.items.length;
    const seen = small.inbox.items.length;
    const began = performance.now();
    others[0].send('cursor-move', {rounds});
    await small.got('cursor-move', 10000, seen);
    small.sendTo(['eve'], 'cursor-move-broadcast', {rounds});
    await others[1].message('cursor-move-broadcast', 10000, from);
    worst = Math.max(worst, performance.now() - began);
    rounds++;
  }
  const answer = await whole;
  assert.strictEqual(answer.content.data.length, octets);
  assert.match(answer.content.data.slice(0, 1000), /^[A-Za-z0-9+/]+$/);
  stage.say(`${octets >> 20} MiB: ${rounds} cursors meanwhile, the slowest there and back in ${worst.toFixed(0)} ms`);
  assert.ok(rounds > 5, `${rounds} cursors`);
  assert.ok(worst < 3000, `${worst} ms`);
}

/** A reset ends the client once, frees its name, and costs nobody else anything. */
async function resetClient(stage) {
  const service = await stage.service(types);
  const bob = await stage.editorNamed('bob');
  const other = await stage.editorNamed('other');
  const address = bob.address;
  bob.reset();
  const gone = await service.got('client-disconnect');
  assert.deepStrictEqual(gone.content, {address, username: 'bob'});
  assert.strictEqual(gone.sender, 'service.WSServer');
  service.sendTo([address, 'bob', 'other'], 'after', {});
  await other.message('after');
  const again = await stage.editorNamed('bob');
  assert.strictEqual((await again.message('login-response')).content.new_username, 'bob');
  again.socket.close();
  await again.closed();
  await service.inbox.wait(() => service.all('client-disconnect').length === 2, 'the second end');
  const anonymous = await stage.editor();
  anonymous.socket.terminate();
  await service.inbox.wait(() => service.all('client-disconnect').length === 3, 'the third end');
  assert.deepStrictEqual(service.all('client-disconnect').map((message) => message.content.username),
    ['bob', 'bob', null]);
}

/** Any path, no subprotocol, no extension; origins as configured. */
async function anyPathNoExtensions(stage) {
  for (const target of ['/', '/x', '/x/y?z=1', '/socket.io/', '/api/node']) {
    const editor = await stage.editor({target});
    assert.strictEqual(editor.upgrade['sec-websocket-extensions'], undefined);
    assert.strictEqual(editor.upgrade['sec-websocket-protocol'], undefined);
  }
  await assert.rejects(stage.editor({headers: {Origin: 'https://evil.example'}}), /403/);
  const page = await fetch(stage.url('clients').replace('ws:', 'http:'));
  assert.strictEqual(page.status, 426);
  assert.strictEqual((await fetch(`${stage.server.url}/healthz`)).status, 200);
}

/** The server pings; at SIGTERM everybody is told. */
async function drainAndPing(stage) {
  const editor = await stage.editorNamed('bob');
  await editor.inbox.event('ping');
  const deaf = await stage.editorNamed('deaf');
  deaf.pause();
  await stage.server.metric('gatehouse_listener_closed_total\\{listener="clients",reason="ping-timeout"\\}',
    (value) => value === 1);
  assert.ok(!editor.inbox.has('close'));
  const end = await stage.server.stop();
  assert.strictEqual(end.code, 0);
  const close = await editor.closed();
  assert.strictEqual(close.code, 1001);
  assert.strictEqual(close.reason, 'server shutting down');
}
drainAndPing.configuration = `
[[listener]]
name = "clients"
listen = "127.0.0.1:0"
profile = "services"
ping_interval = "300ms"
ping_timeout = "500ms"
`;

/** A server that goes down closes its clients first: the services hear of each, behind what it sent. */
async function drainTellsServices(stage) {
  const service = await stage.service(types);
  const editors = [];
  for (let number = 0; number < 5; number++) {
    editors.push(await stage.editorNamed(`bob${number}`));
  }
  for (const editor of editors) {
    editor.send('file-join', {});
  }
  await service.inbox.wait(() => service.all('file-join').length === 5, 'what was sent');
  const end = await stage.server.stop();
  assert.strictEqual(end.code, 0);
  await service.inbox.wait(() => service.all('client-disconnect').length === 5, 'the end of each');
}

/** Each bound, with its outcome and its number. */
async function limits(stage) {
  const metric = (name, labels) => stage.server.metric(
    `gatehouse_listener_${name}\\{listener="clients",${labels}\\}`, (value) => value >= 1);
  const bob = await stage.editorNamed('bob');
  bob.send('file-join', 'x'.repeat(2048));
  assert.strictEqual((await bob.closed()).code, 1009);
  await metric('closed_total', 'reason="protocol"');

  const chatty = await stage.editor();
  for (let number = 0; number < 200; number++) {
    chatty.send('file-join', {number});
  }
  const limited = await chatty.closed();
  assert.strictEqual(limited.code, 4029);
  await metric('closed_total', 'reason="message-rate"');

  const service = await stage.service([]);
  const slow = await stage.editorNamed('slow');
  slow.pause();
  service.tell({op: 'count', from: 0, to: 60000, recipients: ['slow'], type: 'file-delta-broadcast'});
  await metric('closed_total', 'reason="slow-consumer"');

  const most = [];
  for (let count = 0; count < 5; count++) {
    most.push(await stage.editor());
  }
  await assert.rejects(stage.editor(), /429/);
  await metric('refusals_total', 'what="address"');
}
limits.configuration = `
[[listener]]
name = "clients"
listen = "127.0.0.1:0"
profile = "services"
message_size = "1KiB"
byte_burst = "1MiB"
queue_size = "256KiB"
message_rate = 10
message_burst = 50
sessions_per_address = 5
[[listener]]
name = "backends"
path = "/service"
profile = "backends"
`;

module.exports = {
  loginAndStamp, uniqueNames, answersByAddress, namesInOrder, orderThroughTheBus, clientList, refusedTypes,
  badFrames, largeAnswers, resetClient, anyPathNoExtensions, drainAndPing, drainTellsServices, limits, cpuSeconds, types,
};
