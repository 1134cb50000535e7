// SPDX-License-Identifier: Apache-2.0
'use strict';

const {Inbox} = require('../interop/lib/inbox');

const versions = {'2.3': 'socket.io-client-2-3', '2.5': 'socket.io-client-2'};

/** An unmodified socket.io-client 2 with a cookie, and every raw packet it was sent. */
class Browser {
  constructor(url, {version = '2.3', cookie, query, transports, origin = 'https://archit.us'} = {}) {
    const io = require(versions[version]);
    const headers = {Origin: origin, ...(cookie ? {Cookie: `_ga=1; token=${cookie}`} : {})};
    this.inbox = new Inbox(`browser ${version}`);
    this.raw = [];
    this.socket = io(url, {
      forceNew: true, transports, query, reconnectionDelay: 100, reconnectionDelayMax: 300,
      extraHeaders: headers,
      transportOptions: {polling: {extraHeaders: headers}, websocket: {extraHeaders: headers}},
    });
    const socket = this.socket;
    for (const event of ['disconnect', 'connect_error', 'reconnect']) {
      socket.on(event, (detail) => this.inbox.add({event, detail: detail?.message ?? detail}));
    }
    socket.on('connect', () => this.inbox.add({event: 'connect', sid: socket.id}));
    const onevent = socket.onevent;
    socket.onevent = (packet) => {
      const [event, ...args] = packet.data;
      this.inbox.add({event: `got ${event}`, args});
      onevent.call(socket, packet);
    };
    const watchEngine = () => {
      const engine = socket.io.engine;
      if (engine && engine !== this.engine) {
        this.engine = engine;
        engine.on('data', (data) => this.raw.push(data));
        engine.on('upgrade', () => this.inbox.add({event: 'upgrade'}));
      }
    };
    watchEngine();
    socket.io.on('open', watchEngine);
    socket.io.on('reconnect_attempt', () => setImmediate(watchEngine));
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  /** The first `count` events of a name from `from` on. */
  async got(event, {from = 0, count = 1, ms = 10000} = {}) {
    const items = () => this.inbox.items.slice(from).filter((item) => item.event === `got ${event}`);
    await this.inbox.wait(() => items().length >= count, `${count} × ${event}`, ms, from);
    return items().slice(0, count).map((item) => item.args[0]);
  }

  mark() {
    return this.inbox.items.length;
  }

  names(from = 0) {
    return this.inbox.items.slice(from).map((item) => item.event).filter((event) => event.startsWith('got '));
  }

  connected(from = 0) {
    return this.inbox.event('connect', 10000, from);
  }

  close() {
    this.socket.close();
  }
}

module.exports = {Browser};
