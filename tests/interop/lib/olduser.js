// SPDX-License-Identifier: Apache-2.0
'use strict';

const {Inbox} = require('./inbox');
const {SocketUser} = require('./socketuser');

/** npm names of the clients of Socket.IO 2, which speak Engine.IO 3. */
const versions = {'2.5': 'socket.io-client-2', '2.3': 'socket.io-client-2-3'};

/** A socket.io-client of Socket.IO 2 that keeps everything it hears. */
class OldUser extends SocketUser {
  constructor(name, url, {version = '2.5', token, query, namespace = '/tasks', transports} = {}) {
    super(`${name} (${version})`);
    const io = require(versions[version]);
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
}

module.exports = {OldUser};
