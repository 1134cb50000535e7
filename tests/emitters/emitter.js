// SPDX-License-Identifier: Apache-2.0
// @socket.io/redis-emitter, told what to do by lines of JSON: node emitter.js REDIS-URL
'use strict';

const readline = require('node:readline');
const {createClient} = require('redis');
const {Emitter} = require('@socket.io/redis-emitter');

const bytes = (value) => {
  if (Array.isArray(value)) {
    return value.map(bytes);
  }
  if (value !== null && typeof value === 'object') {
    return 'hex' in value ? Buffer.from(value.hex, 'hex')
      : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bytes(one)]));
  }
  return value;
};

(async () => {
  const redis = createClient({url: process.argv[2]});
  await redis.connect();
  const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
  const lines = readline.createInterface({input: process.stdin});
  say({ready: true});
  for await (const line of lines) {
    const wish = JSON.parse(line);
    let emitter = new Emitter(redis);
    emitter = wish.namespace ? emitter.of(wish.namespace) : emitter;
    emitter = wish.room ? emitter.to(wish.room) : emitter;
    emitter = wish.except ? emitter.except(wish.except) : emitter;
    if (wish.do === 'emit') {
      emitter.emit(wish.event, ...bytes(wish.args));
    } else if (wish.do === 'join') {
      emitter.socketsJoin(wish.target);
    } else if (wish.do === 'leave') {
      emitter.socketsLeave(wish.target);
    } else if (wish.do === 'disconnect') {
      emitter.disconnectSockets(wish.close);
    }
    await redis.ping();
    say({done: true});
  }
  process.exit(0);
})();
