// SPDX-License-Identifier: Apache-2.0
// An unmodified socket.io-client; says what happens to it as lines of JSON: node client.js URL
'use strict';

const {io} = require('socket.io-client');

const socket = io(process.argv[2], {transports: ['websocket']});
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const plain = (value) => {
  if (Buffer.isBuffer(value)) {
    return {hex: value.toString('hex')};
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
  }
  return value;
};

socket.on('connect', () => say({connected: socket.id}));
socket.on('disconnect', (reason) => say({disconnected: reason}));
socket.onAny((event, ...args) => {
  const answer = typeof args[args.length - 1] === 'function' ? args.pop() : null;
  say({event, args: plain(args)});
  if (answer) {
    answer('answer', {to: event});
  }
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
