// SPDX-License-Identifier: Apache-2.0
'use strict';

const {Inbox} = require('./inbox');

/** What npm clients of every version have in common: a socket, and an inbox of what it hears. */
class SocketUser {
  constructor(name) {
    this.inbox = new Inbox(name);
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

  close() {
    this.socket.disconnect();
  }
}

module.exports = {SocketUser};
