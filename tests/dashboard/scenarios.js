// SPDX-License-Identifier: Apache-2.0
// What browsers of a dashboard do, with socket.io-client 2.3 and 2.5 as they are published.
'use strict';

const assert = require('node:assert');
const http = require('node:http');
const {forged, mint} = require('./host');
const {Inbox} = require('../interop/lib/inbox');

const anna = '214037134477230080';
const berta = '109462069484486656';
const guild = '607637793107345431';
const other = '436189230390050826';
const versions = ['2.3', '2.5'];

const shardOf = (id) => Number((BigInt(id) >> 22n) % 2n);
const ok = (resp) => ({resp, sc: 200});

/** Two shards that know one guild each; `more` adds to what they answer by method. */
async function shards(host, more = {}) {
  const members = {member: true, admin: false, permissions: 274};
  const methods = {
    is_member: () => ok(members),
    users_guilds: (call, shard) => ok([{id: shard === shardOf(guild) ? guild : other, name: `of ${shard}`}]),
    handle_mock_user_action: (call) => ok({guildId: call.kwargs.guildId,
      actions: [{action: call.kwargs.action, messageId: call.kwargs.messageId, emoji: call.kwargs.emoji}]}),
    pool_all_request: () => ok({data: [{id: anna, name: 'anna'}]}),
    ...more,
  };
  for (const shard of [0, 1]) {
    await host.serve(`shard_rpc_${shard}`, (call, line) => (methods[call.method]
      ? methods[call.method](call, shard, line) : ok({message: 'No such method'})));
  }
}

/** A bare HTTP request; resolves with status, headers and body. */
function ask(url, {method = 'GET', path, headers = {}, body} = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, {method, headers, agent: false}, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => { text += part; });
      response.on('end', () => resolve({status: response.statusCode, headers: response.headers, body: text}));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Engine.IO 3: each packet behind its length in UTF-16 code units. */
const frame = (...packets) => packets.map((packet) => `${packet.length}:${packet}`).join('');
function unframe(body) {
  const packets = [];
  for (let at = 0; at < body.length;) {
    const colon = body.indexOf(':', at);
    const length = Number(body.slice(at, colon));
    packets.push(body.slice(colon + 1, colon + 1 + length));
    at = colon + 1 + length;
  }
  return packets;
}

const openPath = '/socket.io/?EIO=3&transport=polling&t=1';

async function openByHand(host, headers = {}) {
  const answer = await ask(host.url, {path: openPath, headers: {Origin: 'https://archit.us', ...headers}});
  assert.equal(answer.status, 200);
  const [open, connect] = unframe(answer.body);
  const {sid} = JSON.parse(open.slice(1));
  const path = `${openPath}&sid=${sid}`;
  return {sid, open, connect, answer, path,
    post: (...packets) => ask(host.url, {method: 'POST', path, body: frame(...packets),
      headers: {Origin: 'https://archit.us', 'Content-Type': 'text/plain;charset=UTF-8'}}),
    poll: async () => {
      const polled = await ask(host.url, {path, headers: {Origin: 'https://archit.us'}});
      return polled.status === 200 ? unframe(polled.body) : polled.status;
    }};
}

/** Polls until a packet matches. */
async function pollUntil(session, matches) {
  const seen = [];
  for (let i = 0; i < 50; i++) {
    const packets = await session.poll();
    assert.ok(Array.isArray(packets), `poll answered ${packets}`);
    seen.push(...packets);
    if (seen.some(matches)) {
      return seen;
    }
  }
  throw new Error(`never came; seen ${JSON.stringify(seen)}`);
}

exports.handshake = async ({host}) => {
  const session = await openByHand(host, {Cookie: `token=${mint()}`});
  assert.equal(session.answer.headers['access-control-allow-origin'], 'https://archit.us');
  assert.equal(session.answer.headers['access-control-allow-credentials'], 'true');
  assert.match(session.open, /^0\{.*"upgrades":\["websocket"\]/);
  assert.equal(session.connect, '40');
  const before = await host.metric('gatehouse_sessions_opened_total');
  const foreign = await ask(host.url, {path: openPath, headers: {Origin: 'https://evil.example'}});
  assert.equal(foreign.status, 400);
  assert.equal(await host.metric('gatehouse_sessions_opened_total'), before);
};

exports.upgradeKeepsOrder = async (stage) => {
  await shards(stage.host);
  for (const version of versions) {
    const browser = stage.browser({version});
    const {sid} = await browser.connected();
    assert.equal(browser.socket.id, sid);
    let number = 0;
    const send = () => browser.emit('mock_user_event', {action: 3001, guildId: 19, messageId: number++});
    for (let i = 0; i < 20; i++) {
      send();
    }
    const timer = setInterval(send, 1);
    await browser.inbox.event('upgrade');
    clearInterval(timer);
    for (let i = 0; i < 20; i++) {
      send();
    }
    const answers = await browser.got('mock_bot_event', {count: number});
    assert.deepEqual(answers.map((answer) => answer.actions[0].messageId), [...Array(number).keys()]);
    assert.equal(browser.socket.io.engine.transport.name, 'websocket');
  }
};

exports.publicRequests = async (stage) => {
  await shards(stage.host);
  const bystander = stage.browser();
  await bystander.connected();
  // Two events in one body, the first one longer in octets than in UTF-16 code units.
  const session = await openByHand(stage.host);
  const event = (emoji) => `42["mock_user_event",{"action":3100,"guildId":19,"messageId":2,"emoji":"${emoji}"}]`;
  await session.post(event('\u{1f600}é'), event('b'));
  const packets = await pollUntil(session, (packet) => packet.includes('"emoji":"b"'));
  assert.deepEqual(packets.filter((packet) => packet.startsWith('42')).map((packet) => JSON.parse(packet.slice(2))), [
    ['mock_bot_event', {guildId: 19, actions: [{action: 3100, messageId: 2, emoji: '\u{1f600}é'}]}],
    ['mock_bot_event', {guildId: 19, actions: [{action: 3100, messageId: 2, emoji: 'b'}]}]]);
  const calls = stage.host.inbox.items.filter((item) => item.event === 'call');
  assert.deepEqual([calls[0].queue, calls[0].method, calls[0].args, calls[0].kwargs],
    ['shard_rpc_0', 'handle_mock_user_action', [], {action: 3100, emoji: '\u{1f600}é', guildId: 19, messageId: 2}]);
  assert.deepEqual(bystander.names(), []);
};

exports.allShards = async (stage) => {
  await shards(stage.host);
  for (const version of versions) {
    const browser = stage.member({version});
    await browser.connected();
    browser.emit('pool_all_request', {type: 'guild', _id: 3});
    const answers = await browser.got('pool_response', {count: 3});
    assert.deepEqual(answers.map((answer) => answer._id), [3, 3, 3]);
    assert.deepEqual(answers.map((answer) => answer.finished), [false, false, true]);
    assert.deepEqual(answers.flatMap((answer) => answer.data.map((each) => each.id)).sort(), [guild, other].sort());
    for (const call of stage.host.inbox.items.filter((item) => item.method === 'users_guilds')) {
      assert.ok(call.raw.includes(`"args":[${anna}]`), call.raw); // every digit
    }
  }
};

/** The client of today (Engine.IO 4, Socket.IO 5) beside the one of then: the same rules, rooms and answers. */
exports.modernClient = async (stage) => {
  const {host} = stage;
  await shards(host);
  const {io} = require('socket.io-client');
  const inbox = new Inbox('modern browser');
  const socket = io(host.url, {forceNew: true, extraHeaders: {Origin: 'https://archit.us', Cookie: `token=${mint()}`}});
  stage.browsers.push(socket);
  socket.on('connect', () => inbox.add({event: 'connect'}));
  socket.onAny((event, ...args) => inbox.add({event: `got ${event}`, args}));
  await inbox.event('connect');
  socket.emit('pool_all_request', {type: 'guild', _id: 3}, (last) => inbox.add({event: 'acknowledged', last}));
  const {last} = await inbox.event('acknowledged');
  assert.deepEqual(last, {_id: 3, finished: true, data: [], nonexistant: []});
  const answers = inbox.items.filter((item) => item.event === 'got pool_response').map((item) => item.args[0]);
  assert.deepEqual(answers.map((answer) => answer.finished), [false, false, true]);
  const old = stage.member({id: berta});
  await old.connected();
  old.emit('spectate', guild);
  socket.emit('spectate', {guild_id: guild});
  await inbox.event('got spectate_return');
  await until(() => host.metric('gatehouse_relay_joins_total'), 2);
  await bound(host, 2);
  host.publish('gateway.on_message', logEvent(guild));
  await old.got('log_pool');
  const heard = await inbox.event('got log_pool');
  assert.equal(heard.args[0].private, false);
};

exports.twoStages = async (stage) => {
  const {host} = stage;
  const waiting = [];
  await shards(host, {pool_request: (call, shard, line) => { waiting.push({call, line}); }});
  const browser = stage.member();
  await browser.connected();
  const request = (ids, _id) => browser.emit('pool_request', {type: 'member', guildId: guild, ids, _id});
  request([anna, '1111111111111'], 5);
  request([berta], 7);
  await host.inbox.wait(() => waiting.length === 2, 'two requests');
  host.answer(waiting[1].line.call, ok({data: [{id: berta}], nonexistant: []}));
  const [early] = await browser.got('pool_response');
  assert.deepEqual(early, {_id: 7, finished: true, data: [{id: berta}], nonexistant: []});
  host.answer(waiting[0].line.call, ok({data: [{id: anna}], nonexistant: ['1111111111111']}));
  await host.inbox.wait(() => waiting.length === 3, 'the second stage');
  assert.deepEqual([waiting[2].call.args[3], waiting[2].call.kwargs], [['1111111111111'], {fetch: true}]);
  host.answer(waiting[2].line.call, ok({data: [], nonexistant: ['1111111111111']}));
  const answers = await browser.got('pool_response', {count: 3});
  assert.deepEqual(answers.slice(1), [
    {_id: 5, finished: false, data: [{id: anna}], nonexistant: []},
    {_id: 5, finished: true, data: [], nonexistant: ['1111111111111']}]);
};

exports.unauthenticated = async (stage) => {
  await shards(stage.host);
  const good = mint();
  for (const [title, cookie] of [['none', undefined], ['ended', mint({seconds: -60})],
    ['signature', forged(good)], ['alg none', mint({alg: 'none'})],
    ['another secret', mint({key: 'somebody else entirely'})]]) {
    for (const version of versions) {
      const browser = stage.browser({version, cookie});
      await browser.connected();
      browser.emit('pool_all_request', {type: 'guild', _id: 3});
      const [error] = await browser.got('error');
      assert.equal(error.code, 401, title);
      browser.emit('mock_user_event', {action: 3001, guildId: 19, messageId: 2});
      await browser.got('mock_bot_event'); // still there
      assert.ok(!browser.names().includes('got pool_response'), title);
      browser.close();
    }
  }
};

exports.silentShard = async (stage) => {
  const {host} = stage;
  let late;
  await shards(host, {pool_all_request: (call, shard, line) => { late = line; }});
  const browser = stage.member();
  await browser.connected();
  browser.emit('pool_all_request', {type: 'member', guildId: guild, _id: 11});
  const [error] = await browser.got('error');
  assert.deepEqual([error.code, error._id], [500, 11]);
  assert.match(error.message, /^TimeoutError/);
  const [closing] = await browser.got('pool_response');
  assert.deepEqual(closing, {_id: 11, finished: true, data: [], nonexistant: []});
  const from = browser.mark();
  host.answer(late.call, ok({data: [{id: anna}]}));
  browser.emit('mock_user_event', {action: 3001, guildId: 19, messageId: 2});
  await browser.got('mock_bot_event', {from});
  assert.deepEqual(browser.names(from), ['got mock_bot_event']);
  assert.equal((await host.counters()).pendingRequests, 0);
  assert.equal(await host.metric('gatehouse_relay_requests_under_way'), 0);
};
// The example's five seconds are for people; the test need not wait for them.
exports.silentShard.routeTimeout = '400ms';

exports.nonceElevation = async (stage) => {
  const {host} = stage;
  await shards(host);
  assert.deepEqual(await host.call('gateway_rpc', 'register_nonce', [1923512129, mint()]), ok({message: 'registered'}));
  const [browser, thief] = [stage.browser(), stage.browser({version: '2.5'})];
  await Promise.all([browser.connected(), thief.connected()]);
  browser.emit('request_elevation', 1923512129);
  browser.emit('pool_all_request', {type: 'guild', _id: 3}); // at once
  assert.deepEqual(await browser.got('elevation_return'), [{message: 'success'}]);
  assert.equal((await browser.got('pool_response', {count: 3})).at(-1).finished, true);
  for (const again of [browser, thief]) {
    const from = again.mark();
    again.emit('request_elevation', 1923512129);
    const [answer] = await again.got('elevation_return', {from});
    assert.notEqual(answer.message, 'success');
  }
  // In the address, as the web app puts it.
  await host.call('gateway_rpc', 'register_nonce', [7, mint()]);
  const named = stage.browser({query: {nonce: 7}});
  await named.connected();
  named.emit('pool_all_request', {type: 'guild', _id: 5});
  await named.got('pool_response', {count: 3});
};

exports.documentedElevation = async (stage) => {
  await shards(stage.host);
  const browser = stage.browser();
  const {sid} = await browser.connected();
  browser.emit('request_elevation', {token: mint()});
  assert.deepEqual(await browser.got('request_elevation_return'), [{success: true, room: `${sid}_auth`}]);
  browser.emit('spectate', JSON.stringify({guild_id: guild, include_logs: true}));
  assert.deepEqual(await browser.got('spectate_return'), [{success: true, room: `guild_${guild}`}]);
  await bound(stage.host, 3);
  stage.host.publish(`${guild}_logs`, {private: false, n: 1});
  stage.host.publish(guild, {n: 2});
  assert.deepEqual(await browser.got('log_other'), [{private: false, n: 1}]);
  assert.deepEqual(await browser.got('log_pool'), [{n: 2}]);
  browser.emit('pool', {pool_type: 'member', guild_id: guild, _id: 1});
  assert.deepEqual((await browser.got('pool_response'))[0].data, [{id: anna, name: 'anna'}]);
};

/** The rest of what the documents say: interpret, single entities, searches in parts, online members. */
exports.documentedPools = async (stage) => {
  const {host} = stage;
  await shards(host, {
    interpret: (call) => ok({content: `echo: ${call.kwargs.content}`}),
    pool_request: (call) => ok({data: [{id: call.args[3][0]}], nonexistant: []}),
    pool_search: (call, shard, line) => {
      host.tell({op: 'part', call: line.call, body: JSON.stringify(ok({data: [{name: `${call.args[2]}1`}], finished: false}))});
      return ok({data: [{name: `${call.args[2]}2`}], finished: true});
    },
    pool_online_members: () => ok({data: [{id: berta}]}),
  });
  const visitor = stage.browser();
  await visitor.connected();
  visitor.emit('interpret', {guildId: 19, content: 'hello'});
  assert.deepEqual(await visitor.got('interpret_response'), [{content: 'echo: hello'}]);
  visitor.emit('free_elevation', {token: mint()});
  assert.equal((await visitor.got('error'))[0].code, 403);
  visitor.emit('pool', {pool_type: 'member', guild_id: guild, entity_id: anna, _id: 1});
  assert.equal((await visitor.got('error', {count: 2}))[1].code, 401);
  // A token of its own counts for the request that carries it, and for no other.
  visitor.emit('pool', {pool_type: 'member', guild_id: guild, entity_id: anna, _id: 3, token: mint()});
  assert.deepEqual(await visitor.got('pool_response'), [{_id: 3, finished: true, data: [{id: anna}], nonexistant: []}]);
  visitor.emit('pool', {pool_type: 'member', guild_id: guild, entity_id: anna, _id: 5});
  assert.equal((await visitor.got('error', {count: 3}))[2].code, 401);

  const browser = stage.member();
  await browser.connected();
  browser.emit('pool', {pool_type: 'member', guild_id: guild, search: 'an', _id: 7});
  assert.deepEqual(await browser.got('pool_response', {count: 2}), [
    {_id: 7, finished: false, data: [{name: 'an1'}], nonexistant: []},
    {_id: 7, finished: true, data: [{name: 'an2'}], nonexistant: []}]);
  browser.emit('pool', JSON.stringify({online: true, guild_id: guild, _id: 9}));
  assert.deepEqual((await browser.got('pool_response', {count: 3}))[2],
    {_id: 9, finished: true, data: [{id: berta}], nonexistant: []});
  browser.emit('spectate', {guild_id: guild, include_logs: true});
  await browser.got('spectate_return');
  await until(() => host.metric('gatehouse_relay_bound_topics'), 3);
  browser.emit('unspectate');
  await until(() => host.metric('gatehouse_relay_bound_topics'), 0);
};

const logEvent = (inGuild, more = '"private":false') => `{"id":721931023102935040,"guild_id":${inGuild},${more}}`;

exports.spectating = async (stage) => {
  const {host} = stage;
  let isMember = true;
  await shards(host, {is_member: (call) => ok({member: isMember && call.args[1] !== 5})});
  const browser = stage.member();
  await browser.connected();
  browser.emit('spectate', 607637793107345431n.toString()); // a text of digits
  await host.inbox.wait((item) => item.method === 'is_member', 'the question');
  await until(() => host.metric('gatehouse_relay_joins_total'), 1);
  await bound(host, 2);
  host.publish('gateway.on_message', logEvent(guild));
  await browser.got('log_pool');
  assert.ok(browser.raw.some((data) => data.includes(logEvent(guild))), 'every digit in the raw frame');

  // Another one: the first guild's events stop.
  const session = await openByHand(host, {Cookie: `token=${mint()}`});
  await session.post(`42["spectate",${guild}]`); // a bare integer above 2^53
  await until(() => host.metric('gatehouse_relay_joins_total'), 2);
  await session.post(`42["spectate",${other}]`);
  await until(() => host.metric('gatehouse_relay_joins_total'), 3);
  host.publish('gateway.on_message', logEvent(guild));
  host.publish('gateway.on_message', logEvent(other));
  const packets = await pollUntil(session, (packet) => packet.includes('log_pool'));
  assert.deepEqual(packets.filter((packet) => packet.includes('log_pool')), [`42["log_pool",${logEvent(other)}]`]);

  isMember = false;
  const stranger = stage.member({id: berta});
  await stranger.connected();
  stranger.emit('spectate', guild);
  const [error] = await stranger.got('error');
  assert.equal(error.code, 403);
  host.publish('gateway.on_message', logEvent(guild));
  await browser.got('log_pool', {count: 3});
  assert.ok(!stranger.names().includes('got log_pool'));
};

exports.privateLogs = async (stage) => {
  const {host} = stage;
  await shards(host);
  const plain = stage.member();
  const trusted = stage.member({id: berta, permissions: 274 | 4, version: '2.5'});
  for (const browser of [plain, trusted]) {
    await browser.connected();
    browser.emit('spectate', guild);
  }
  await until(() => host.metric('gatehouse_relay_joins_total'), 2);
  await bound(host, 2);
  host.publish('gateway.on_message', logEvent(guild, '"private":true'));
  host.publish('gateway.on_message', logEvent(guild));
  await trusted.got('log_pool', {count: 2});
  await plain.got('log_pool');
  assert.deepEqual((await plain.got('log_pool')).map((event) => event.private), [false]);
};

exports.forbidden = async (stage) => {
  await shards(stage.host, {is_member: () => ok({member: false, admin: false, permissions: 0})});
  for (const version of versions) {
    const browser = stage.member({version});
    await browser.connected();
    browser.emit('pool_all_request', {type: 'member', guildId: guild, _id: 13});
    const [error] = await browser.got('error');
    assert.deepEqual([error.code, error._id], [403, 13]);
    assert.equal((await browser.got('pool_response'))[0].finished, true);
  }
  assert.ok(!stage.host.inbox.items.some((item) => item.method === 'pool_all_request'));
};

exports.demotion = async (stage) => {
  const {host} = stage;
  await shards(host);
  const token = mint();
  const browser = stage.browser({cookie: token});
  await browser.connected();
  browser.emit('spectate', guild);
  await until(() => host.metric('gatehouse_relay_joins_total'), 1);
  await bound(host, 2);
  assert.deepEqual(await host.call('gateway_rpc', 'demote_connection', [token]), ok({message: 'demoted'}));
  const from = browser.mark();
  host.publish('gateway.on_message', logEvent(guild));
  browser.emit('pool_all_request', {type: 'guild', _id: 3});
  assert.equal((await browser.got('error', {from}))[0].code, 401);
  browser.emit('mock_user_event', {action: 3001, guildId: 19, messageId: 2});
  await browser.got('mock_bot_event', {from});
  assert.deepEqual(browser.names(from), ['got error', 'got mock_bot_event']);
  const again = stage.browser({cookie: token});
  await again.connected();
  again.emit('pool_all_request', {type: 'guild', _id: 3});
  assert.equal((await again.got('error'))[0].code, 401);
};

/** An administrator does the same by the session, and no other client of anybody hears of it. */
exports.adminDemotes = async (stage) => {
  const {host} = stage;
  await shards(host);
  const [browser, other] = [stage.member(), stage.member({id: berta})];
  for (const each of [browser, other]) {
    await each.connected();
    each.emit('spectate', guild);
  }
  await until(() => host.metric('gatehouse_relay_joins_total'), 2);
  await bound(host, 2);
  const {io} = require('socket.io-client');
  const admin = io(`${host.url}/gh-admin`, {forceNew: true, auth: {token: host.adminToken()}});
  stage.browsers.push(admin);
  const ask = (event, argument) => admin.timeout(10000).emitWithAck(event, argument);
  const {items} = await ask('subscribe', {topic: 'clients'});
  const client = items.find((item) => item.sockets.some((socket) => socket.socketId === browser.socket.id));
  assert.deepEqual([client.kind, client.id], ['user', Number(anna)]);
  assert.deepEqual(await ask('client:demote', {sessionId: client.sessionId, reason: 'stolen'}), {ok: true});
  const again = await ask('client:demote', {sessionId: client.sessionId, reason: 'stolen'});
  assert.equal(again.error.code, 'conflict');
  const from = browser.mark();
  host.publish('gateway.on_message', logEvent(guild));
  await other.got('log_pool');
  browser.emit('pool_all_request', {type: 'guild', _id: 3});
  assert.equal((await browser.got('error', {from}))[0].code, 401);
  assert.deepEqual(browser.names(from), ['got error']);
  await until(() => host.metric('gatehouse_relay_elevated_clients'), 1);
};

exports.heartbeat = async (stage) => {
  const {host} = stage;
  await shards(host);
  const session = await openByHand(host, {Cookie: `token=${mint()}`});
  await session.post('2');
  await pollUntil(session, (packet) => packet === '3');
  await session.post(`42["spectate",${guild}]`);
  await until(() => host.metric('gatehouse_relay_joins_total'), 1);
  await until(() => host.metric('gatehouse_relay_bound_topics'), 1);
  // Silence: dropped, rooms empty, nothing bound any more.
  await until(() => host.metric('gatehouse_relay_clients'), 0, 10000);
  assert.equal(await host.metric('gatehouse_relay_bound_topics'), 0);
  assert.equal(await session.poll(), 400);
};
exports.heartbeat.serverArgs = ['--set', 'limits.ping_interval=1s', '--set', 'limits.ping_timeout=1s'];

exports.restart = async (stage) => {
  const {host} = stage;
  await shards(host);
  for (const version of versions) {
    const browser = stage.member({version});
    const first = await browser.connected();
    await browser.inbox.event('upgrade');
    const from = browser.mark();
    await host.kill();
    await browser.inbox.event('disconnect', 10000, from);
    await host.start();
    await browser.inbox.event('reconnect', 10000, from);
    const second = await browser.connected(from);
    assert.notEqual(second.sid, first.sid);
    browser.emit('pool_all_request', {type: 'guild', _id: 3}); // elevated again by its cookie
    assert.equal((await browser.got('pool_response', {from, count: 3})).at(-1).finished, true);
    browser.close();
  }
};

exports.manyPacketsInOnePost = async (stage) => {
  await shards(stage.host);
  const session = await openByHand(stage.host);
  const answer = await session.post(...[...Array(40).keys()].map((n) =>
    `42["mock_user_event",{"action":3001,"guildId":19,"messageId":${n}}]`));
  assert.deepEqual([answer.status, answer.body], [200, 'ok']);
  const packets = await pollUntil(session, (packet) => packet.includes('"messageId":39'));
  assert.deepEqual(packets.filter((packet) => packet.startsWith('42'))
    .map((packet) => JSON.parse(packet.slice(2))[1].actions[0].messageId), [...Array(40).keys()]);
};

exports.cleanClose = async (stage) => {
  const {host} = stage;
  const session = await openByHand(host);
  const hanging = session.poll();
  assert.equal((await session.post('41')).body, 'ok');
  assert.equal((await session.post('1')).body, 'ok');
  assert.deepEqual(await hanging, ['6']);
  assert.equal(await session.poll(), 400);
  await until(() => host.metric('gatehouse_relay_clients'), 0);
  for (const version of versions) {
    const browser = stage.browser({version, transports: ['polling']});
    await browser.connected();
    await until(() => host.metric('gatehouse_relay_clients'), 1);
    browser.close();
    await until(() => host.metric('gatehouse_relay_clients'), 0);
  }
};

/** Two servers on one broker: what is said on the bus reaches the clients of both, and either knows the clients of both. */
exports.twoServers = async (stage) => {
  const {host} = stage;
  await shards(host);
  const second = await host.startAnother(['bus.node_name=b', 'bus.control_queue=house_b']);
  const [here, there] = [stage.member(), stage.member({server: second, id: berta, version: '2.5'})];
  for (const browser of [here, there]) {
    await browser.connected();
    browser.emit('spectate', guild);
  }
  await until(() => host.metric('gatehouse_relay_joins_total'), 1);
  await until(() => second.metric('gatehouse_relay_joins_total'), 1);

  // Both servers tell the same.
  const list = async (queue, method, kwargs = {}) => (await host.call(queue, method, [], kwargs)).resp;
  const watchers = async (queue) => (await list(queue, 'list_rooms')).rooms.find((room) => room.room === `guild_${guild}`);
  for (const queue of ['house_a', 'house_b']) {
    await until(async () => (await watchers(queue))?.clients ?? 0, 2);
    assert.deepEqual((await watchers(queue)).nodes, {a: 1, b: 1});
    const {clients, total} = await list(queue, 'list_clients', {room: `guild_${guild}`});
    assert.equal(total, 2);
    assert.deepEqual(clients.map((client) => [client.node, client.id, client.principal]).sort(),
      [['a', here.socket.id, `user:${anna}`], ['b', there.socket.id, `user:${berta}`]]);
  }
  assert.equal(await host.metric('gatehouse_cluster_nodes'), 2);

  // Published once, heard on both. Bound on both: the first line that arrives on each says so.
  const count = (browser) => browser.names().filter((name) => name === 'got log_pool').length;
  while (count(here) === 0 || count(there) === 0) {
    host.publish('gateway.on_message', logEvent(guild));
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }

  // Services reach clients wherever they are, by whichever server takes the call.
  const {clients} = await list('house_a', 'list_clients');
  const address = clients.find((client) => client.id === here.socket.id).address;
  const emit = (queue, event, kwargs) => host.call(queue, 'emit', [], {event, args: [{n: 1}], ...kwargs});
  assert.deepEqual(await emit('house_b', 'to_room', {rooms: [`guild_${guild}`]}), ok({message: 'done'}));
  assert.deepEqual(await here.got('to_room'), [{n: 1}]);
  assert.deepEqual(await there.got('to_room'), [{n: 1}]);
  await emit('house_a', 'to_principal', {principals: [`user:${berta}`]});
  await there.got('to_principal');
  // One client has rooms of its own: its id, and the one that says it is logged in.
  await emit('house_b', 'to_itself', {clients: [here.socket.id]});
  await emit('house_b', 'to_auth', {rooms: [`${here.socket.id}_auth`]});
  await emit('house_a', 'to_auth', {rooms: [`${there.socket.id}_auth`]});
  await Promise.all([here.got('to_itself'), here.got('to_auth'), there.got('to_auth')]);
  await emit('house_b', 'to_address', {addresses: [address]});
  await here.got('to_address');
  await emit('house_b', 'end', {everybody: true});
  await Promise.all([here.got('end'), there.got('end')]);
  assert.ok(!here.names().includes('got to_principal') && !there.names().includes('got to_address'));
  assert.ok(!there.names().includes('got to_itself'));

  // A nonce is good once, on whichever of them.
  await host.call('gateway_rpc', 'register_nonce', [4711, mint()]);
  const [early, late] = [stage.browser({server: second}), stage.browser()];
  await Promise.all([early.connected(), late.connected()]);
  await until(() => second.metric('gatehouse_relay_nonces'), 1);
  await until(() => host.metric('gatehouse_relay_nonces'), 1);
  early.emit('request_elevation', 4711);
  assert.deepEqual(await early.got('elevation_return'), [{message: 'success'}]);
  await until(() => host.metric('gatehouse_relay_nonces'), 0);
  late.emit('request_elevation', 4711);
  assert.notEqual((await late.got('elevation_return'))[0].message, 'success');

  // Redeemed on both in the same moment: one has it, or, when neither had heard of the other yet, none in the end.
  await host.call('gateway_rpc', 'register_nonce', [4712, mint({id: '78', seconds: 1700})]);
  const rivals = [stage.browser({server: second}), stage.browser()];
  // Upgraded: one that has not taken its answer when it is demoted is closed.
  await Promise.all(rivals.map((rival) => Promise.all([rival.connected(), rival.inbox.event('upgrade')])));
  await until(() => second.metric('gatehouse_relay_nonces'), 1);
  await until(() => host.metric('gatehouse_relay_nonces'), 1);
  rivals.forEach((rival) => rival.emit('request_elevation', 4712));
  const taken = (await Promise.all(rivals.map((rival) => rival.got('elevation_return'))))
    .filter(([answer]) => answer.message === 'success').length;
  assert.ok(taken >= 1);
  const holders = async () => (await list('house_a', 'list_clients')).clients.filter((client) => client.principal === 'user:78').length;
  await until(async () => (await holders()) === (taken === 2 ? 0 : 1), true);

  // Demoted by one call, wherever it is connected.
  const token = mint({id: '77', seconds: 1800});
  const twins = [stage.browser({cookie: token}), stage.browser({cookie: token, server: second})];
  await Promise.all(twins.map((twin) => twin.connected()));
  await host.call('gateway_rpc', 'demote_connection', [token]);
  await until(() => host.metric('gatehouse_relay_demotions_total'), 1);
  await until(() => second.metric('gatehouse_relay_demotions_total'), 1);
  for (const twin of twins) {
    twin.emit('pool_all_request', {type: 'guild', _id: 1});
    assert.equal((await twin.got('error'))[0].code, 401);
  }

  // Kicked by the other one.
  const from = there.mark();
  assert.equal((await host.call('house_a', 'kick', [], {clients: [there.socket.id]})).resp.clients, 1);
  await there.inbox.event('disconnect', 10000, from);
  await there.connected(from);
  there.emit('spectate', guild);
  await until(async () => (await watchers('house_a')).clients, 2);

  // Killed: its clients are gone for the first one; back: they are there again.
  await second.kill();
  await until(() => host.metric('gatehouse_cluster_lost_nodes_total'), 1);
  assert.equal((await watchers('house_a')).clients, 1);
  assert.deepEqual((await list('house_a', 'list_clients')).nodes.map((node) => node.node), ['a']);
  await second.start();
  await until(async () => (await list('house_a', 'list_clients')).total, 8); // everybody comes back by itself
  there.emit('spectate', guild);
  await until(async () => (await watchers('house_a')).clients, 2);
};
exports.twoServers.needsBroker = true;
exports.twoServers.settings = ['bus.node_name=a', 'bus.control_queue=house_a'];

/**
 * Log events to many watchers; one that does not read is told what it missed. tests/bench/livelogs.sh runs it with
 * WATCHERS=200 RATE=5000, which needs a machine with nothing else to do.
 */
exports.liveLogs = async (stage) => {
  const {host} = stage;
  await shards(host);
  const watcherCount = Number(process.env.WATCHERS ?? 40);
  const rate = Number(process.env.RATE ?? 2500);
  const count = rate * 4;
  const watchers = stage.watchers(watcherCount, guild, count);
  await watchers.inbox.event('watching', 20000);
  await until(() => host.metric('gatehouse_relay_joins_total'), watcherCount, 20000);
  await until(() => host.metric('gatehouse_relay_bound_topics'), 2, 20000);
  watchers.tell('pause');
  const started = performance.now();
  host.tell({op: 'burst', topic: 'gateway.on_message', count, rate,
    body: logEvent(guild, `"private":false,"n":%n,"text":"${'x'.repeat(160)}"`)});
  await host.inbox.event('burst-over', 40000);
  const published = performance.now() - started;
  const readers = await watchers.inbox.event('readers-over', 60000);
  const delivered = performance.now() - started;
  watchers.tell('resume');
  const slow = await watchers.inbox.event('slow-over', 60000);
  assert.deepEqual(readers.received, [count, count]);
  assert.deepEqual(readers.missed, [0, 0]);
  assert.equal(readers.disorder, 0);
  assert.equal(slow.disorder, 0);
  assert.ok(slow.missed[0] > 0);
  assert.equal(slow.received[0] + slow.missed[0], count, 'what is missing is what was said');
  console.log(`  ${count} events, ${(count * (watcherCount - 1) / delivered * 1000).toFixed(0)} deliveries/s; published in ` +
    `${published.toFixed(0)} ms, with the last of ${watcherCount - 1} watchers after ${delivered.toFixed(0)} ms; the slow one ` +
    `got ${slow.received[0]} and was told of ${slow.missed[0]} missed`);
};

/**
 * What is published from now on arrives. The broker is not to be asked: queues of servers that earlier scenarios killed
 * stay bound for a while.
 */
function bound(host, topics) {
  return until(() => host.metric('gatehouse_relay_bound_topics'), topics);
}

/** Asks again until the answer is that number or more; 0 is exactly 0. */
async function until(question, wanted, ms = 10000) {
  const give = performance.now() + ms;
  let answer;
  do {
    answer = await question();
    if (wanted === 0 ? answer === 0 : answer >= wanted) {
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  } while (performance.now() < give);
  throw new Error(`still ${answer} instead of ${wanted} after ${ms} ms`);
}
