// SPDX-License-Identifier: Apache-2.0
// Runs in the browser: sends long texts of characters of two and four octets, each set off by zero
// to three octets so that every cut falls everywhere in a character, and wants each back as it was.
// The browser cuts its messages into frames where it likes. Posts {ok, texts, octets, error}.
'use strict';

const sizes = [200_000, 700_000, 4_000_000];
const alphabets = ['é', '\u{1F600}', 'é\u{1F680}'];
const outstanding = 3;
const encoder = new TextEncoder();

function* texts() {
  for (const size of sizes) {
    for (const alphabet of alphabets) {
      for (let offset = 0; offset < 4; ++offset) {
        yield 'x'.repeat(offset) + alphabet.repeat(Math.floor(size / encoder.encode(alphabet).length));
      }
    }
  }
}

/** Sends every text with a few under way at once; `echo` gives a promise of what came back. */
async function exchange(title, echo) {
  const done = {texts: 0, octets: 0};
  const source = texts();
  const worker = async () => {
    for (const text of source) {
      const answer = await echo(text);
      const sent = encoder.encode(text);
      const got = encoder.encode(answer);
      if (answer !== text || got.length !== sent.length) {
        throw new Error(`${title}: ${sent.length} octets sent, ${got.length} came back, and not the same`);
      }
      done.texts += 1;
      done.octets += sent.length;
    }
  };
  await Promise.all(Array.from({length: outstanding}, worker));
  return done;
}

/** Answers come in the order of the questions, or something is lost. */
async function overWebSocket(url) {
  const socket = new WebSocket(url);
  const waiting = [];
  const failed = new Promise((_, reject) => {
    socket.onclose = (event) => reject(new Error(`WebSocket closed: ${event.code} ${event.reason}`));
  });
  failed.catch(() => {});
  await Promise.race([failed, new Promise((resolve) => { socket.onopen = resolve; })]);
  socket.onmessage = (event) => waiting.shift()(event.data);
  const done = await exchange('WebSocket', (text) => Promise.race([failed, new Promise((resolve) => {
    waiting.push(resolve);
    socket.send(text);
  })]));
  socket.onclose = null;
  socket.close();
  return done;
}

async function overSocketIo(url, transports) {
  const socket = io(url, {transports, forceNew: true, reconnection: false});
  const failed = new Promise((_, reject) => {
    socket.on('disconnect', (reason) => reject(new Error(`${transports}: disconnected: ${reason}`)));
    socket.on('connect_error', (error) => reject(new Error(`${transports}: ${error.message}`)));
  });
  failed.catch(() => {});
  const done = await exchange(`socket.io by ${transports}`, (text) => Promise.race([failed,
    socket.timeout(60000).emitWithAck('message-with-ack', text)]));
  socket.off('disconnect');
  socket.close();
  return done;
}

async function main() {
  const {webSocket, socketIo} = await (await fetch('/servers')).json();
  return {
    webSocket: await overWebSocket(webSocket),
    'socket.io by websocket': await overSocketIo(socketIo, ['websocket']),
    'socket.io by polling': await overSocketIo(socketIo, ['polling']),
  };
}

main().then((done) => ({done}), (error) => ({error: String(error.stack ?? error)}))
  .then((result) => fetch('/result', {method: 'POST', body: JSON.stringify(result)}));
