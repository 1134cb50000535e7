// SPDX-License-Identifier: Apache-2.0
// One connection of npm's socket.io-client that reconnects by itself. Reads {url, token} and then {emit, data}, writes
// {event, args} of all that happens: JSON, one object a line. Ends with its standard input.
'use strict';

const readline = require('node:readline');
const {io} = require('socket.io-client');

const say = (event, ...args) => process.stdout.write(`${JSON.stringify({event, args})}\n`);
let socket;

function connect({url, token}) {
  socket = io(`${url}/tasks`, {
    extraHeaders: {Authorization: `Bearer ${token}`},
    reconnectionDelay: 100,
    reconnectionDelayMax: 1000,
    timeout: 5000,
  });
  socket.on('connect', () => say('connect'));
  socket.on('disconnect', (reason) => say('disconnect', reason));
  socket.on('connect_error', (error) => say('connect_error', error.message));
  socket.onAny(say);
}

readline.createInterface({input: process.stdin})
  .on('line', (line) => {
    const wish = JSON.parse(line);
    if (wish.url) {
      connect(wish);
    } else if ('data' in wish) {
      socket.emit(wish.emit, wish.data);
    } else {
      socket.emit(wish.emit);
    }
  })
  .on('close', () => process.exit());
