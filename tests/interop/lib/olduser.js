// SPDX-License-Identifier: Apache-2.0
'use strict';

const {Inbox} = require('./inbox');

/** npm names of the clients of Socket.IO 2, which speak Engine.IO 3. */
const versions = {'2.5': 'socket.io-client-2', '2.3': 'socket.io-client-2-3'};

/** A socket.io-client of Socket.IO 2 that keeps everything it hears. */
class OldUser {
  constructor(name, url, {version = '2.5', token, query, namespace = '/tasks', transports} = {}) {
    const io = require(versions[version]);
    this.inbox = new Inbox(`${name} (${version})`);
    this.socket = io(url + namespace, {
      transports,
      query,
      extraHeaders: token ? {Authorization: `Bearer ${token}`} : undefined,
      reconnectionDelay: 200,
      reconnectionDelayMax: 500,
      forceNew: true,
    });
    this.watch(this.socket);
  }

  watch(socket) {
    for (const event of ['disconnect', 'error', 'connect_error', 'reconnect', 'pong']) {
      socket.on(event, (detail) => this.inbox.add({event, detail: detail?.message ?? detail}));
    }
    socket.on('connect', () => this.inbox.add({event: 'connect', sid: socket.id}));
    // This client has no onAny: look at packets on their way to the handlers.
    const onevent = socket.onevent;
    socket.onevent = (packet) => {
      const [event, ...args] = packet.data;
      this.inbox.add({event, args});
      onevent.call(socket, packet);
    };
  }

  async connected() {
    await this.inbox.event('connect');
    return this;
  }

  get transport() {
    return this.socket.io.engine.transport.name;
  }

  /** Resolves once the connection is a WebSocket. */
  upgraded(ms = 10000) {
    const engine = this.socket.io.engine;
    if (engine.transport.name === 'websocket') {
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.inbox.name}: no upgrade within ${ms} ms`)), ms);
      engine.once('upgrade', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Emits and waits for the acknowledgement; resolves with its arguments. */
  call(event, ...args) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.inbox.name}: ${event} was not acknowledged`)), 10000);
      this.socket.emit(event, ...args, (...answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  /** Another namespace over the same connection; what it hears comes into an inbox of its own. */
  other(namespace, query) {
    const inbox = new Inbox(`${this.inbox.name} ${namespace}`);
    const user = Object.create(OldUser.prototype);
    user.inbox = inbox;
    user.socket = this.socket.io.socket(namespace, {query});
    user.watch(user.socket);
    return user;
  }

  close() {
    this.socket.disconnect();
  }
}

module.exports = {OldUser};
