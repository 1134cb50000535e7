// SPDX-License-Identifier: Apache-2.0
// An example configuration, as it is in examples/: check-config accepts it, the server starts with it, and the clients it
// is for connect and get something. node run.js SERVER EXAMPLE
// Needs NODE_PATH to lead to the clients of scripts/clients.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const {Inbox} = require('../interop/lib/inbox');
const {Server} = require('../interop/lib/server');
const {Editor} = require('../services/lib/editor');

const [binary, name] = process.argv.slice(2);
const secret = 'a secret of the REST API, long enough';

/** A login of the dashboard's REST API. */
function login() {
  const part = (value) => Buffer.from(value).toString('base64url');
  const signed = `${part('{"alg":"HS256","typ":"JWT"}')}.${part(`{"access_token":"a","expires_in":600,"issued_at":"${
    new Date().toISOString().replace('Z', '')}","id":214037134477230080,"permissions":274}`)}`;
  return `${signed}.${crypto.createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** A station of the federation comes in with its token. */
async function station(server) {
  const io = require('socket.io-client');
  const inbox = new Inbox('station');
  const socket = io(`${server.url}/tasks`, {transports: ['websocket'],
    extraHeaders: {Authorization: `Bearer ${server.mint('node', 1)}`}});
  socket.on('connect', () => inbox.add({event: 'connect'}));
  socket.on('connect_error', (error) => inbox.add({event: 'connect_error', detail: error.message}));
  await inbox.event('connect');
  await server.metric('gatehouse_nodes_online', (value) => value === 1);
  socket.close();
}

/** A browser of the dashboard before its login: the services are away, and it is told so. */
async function browser(server) {
  const io = require('socket.io-client-2-3');
  const inbox = new Inbox('browser');
  const headers = {Origin: 'https://archit.us', Cookie: `token=${login()}`};
  const socket = io(server.url, {forceNew: true, extraHeaders: headers,
    transportOptions: {polling: {extraHeaders: headers}, websocket: {extraHeaders: headers}}});
  for (const event of ['connect', 'connect_error']) {
    socket.on(event, () => inbox.add({event}));
  }
  socket.on('pool_response', (answer) => inbox.add({event: 'pool_response', answer}));
  await inbox.event('connect');
  socket.emit('pool_all_request', {type: 'guild', _id: 3});
  const {answer} = await inbox.event('pool_response');
  assert.deepEqual(answer, {_id: 3, finished: true, data: [], nonexistant: []});
  socket.close();
}

/** The same of 2023, on a plain WebSocket. */
async function plainBrowser(server) {
  const WebSocket = require('ws-8');
  const inbox = new Inbox('plain browser');
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/authenticated`,
    {headers: {Origin: 'https://archit.us', Cookie: `token=${login()}`}});
  socket.on('open', () => inbox.add({event: 'open'}));
  socket.on('message', (data) => inbox.add({event: 'frame', frame: JSON.parse(String(data))}));
  socket.on('error', (error) => inbox.add({event: 'error', detail: error.message}));
  await inbox.event('open');
  socket.send('{"_event":"pool_all_request","type":"partial_guild","_seq":5}');
  const {frame} = await inbox.wait((item) => item.frame?._event === 'pool_response', 'pool_response');
  assert.deepEqual(frame, {_event: 'pool_response', seq: 5, finished: true, data: [], nonexistent: []});
  socket.close();
}

/** An editor logs in. */
async function editor(server) {
  const made = await new Editor(server.listeners.clients).opened();
  made.send('login-request', {username: 'bob'});
  const {message} = await made.inbox.wait((item) => item.message?.type === 'login-response', 'login-response');
  assert.deepEqual(message.content, {succeed: true, new_username: 'bob'});
  made.socket.close();
}

const clients = {
  federation: [station], dashboard: [browser, plainBrowser], services: [editor], all: [station, browser],
};

async function main() {
  const server = new Server(binary);
  const folder = path.join(__dirname, '../../examples', name);
  const file = path.join(server.folder, 'gatehouse.toml');
  // Ports that other programs may have; the files it names.
  fs.writeFileSync(file, fs.readFileSync(path.join(folder, 'gatehouse.toml'), 'utf8').replace('127.0.0.1:12345', '127.0.0.1:0'));
  fs.writeFileSync(path.join(server.folder, 'architus.key'), secret, {mode: 0o600});
  try {
    server.run('check-config', file);
    server.args = ['--config', file];
    if (clients[name].includes(station)) {
      server.import(path.join(__dirname, '../interop/federation.json'));
    }
    await server.start();
    for (const client of clients[name]) {
      await client(server);
      console.log(`PASS ${name} ${client.name}`);
    }
    return 0;
  } catch (error) {
    console.error(`FAIL ${name}: ${error.stack}\n--- server log\n${server.log}`);
    return 1;
  } finally {
    await server.dispose();
  }
}

main().then((code) => process.exit(code), (error) => {
  console.error(error);
  process.exit(1);
});
