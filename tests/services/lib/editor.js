// SPDX-License-Identifier: Apache-2.0
'use strict';

const crypto = require('node:crypto');
const {Inbox} = require('../../interop/lib/inbox');

/** A client as the original editor is one: ws without compression, version 4 UUIDs. */
class Editor {
  constructor(url, {library = 'ws', headers = {}} = {}) {
    const WebSocket = require(library);
    this.inbox = new Inbox(`editor at ${url}`);
    this.socket = new WebSocket(url, {perMessageDeflate: false, maxPayload: 100 << 20, headers});
    this.socket.on('upgrade', (response) => { this.upgrade = response.headers; });
    this.socket.on('open', () => this.inbox.add({event: 'open'}));
    this.socket.on('error', (error) => this.inbox.add({event: 'error', text: error.message}));
    this.socket.on('unexpected-response', (request, response) => {
      this.inbox.add({event: 'refused', status: response.statusCode});
      response.resume();
    });
    this.socket.on('ping', () => this.inbox.add({event: 'ping'}));
    this.socket.on('close', (code, reason) => {
      this.inbox.add({event: 'close', code, reason: String(reason)});
    });
    this.socket.on('message', (data) => {
      const text = typeof data === 'string' ? data : data.toString('utf8');
      this.inbox.add({event: 'message', octets: text.length, message: JSON.parse(text)});
    });
  }

  async opened() {
    const first = await this.inbox.wait(
      (item) => ['open', 'refused', 'error'].includes(item.event), 'opening');
    if (first.event !== 'open') {
      throw new Error(`not opened: ${JSON.stringify(first)}`);
    }
    return this;
  }

  /** The own address as the server sees it. */
  get address() {
    const socket = this.socket._socket;
    return [socket.localAddress, socket.localPort];
  }

  send(type, content, more = {}) {
    this.socket.send(JSON.stringify({
      type, uuid: crypto.randomUUID(), sender: 'CLIENT', pref_def: null, content, ...more,
    }));
  }

  raw(text) {
    this.socket.send(text);
  }

  /** The first message of that type from `from` on. */
  async message(type, ms = 10000, from = 0) {
    const item = await this.inbox.wait(
      (entry) => entry.event === 'message' && entry.message.type === type, `message ${type}`, ms, from);
    return item.message;
  }

  messages(type) {
    return this.inbox.items.filter(
      (item) => item.event === 'message' && (!type || item.message.type === type)).map((item) => item.message);
  }

  closed(ms = 10000) {
    return this.inbox.event('close', ms);
  }

  /** Cuts the connection with a reset, as a machine that is switched off does. */
  reset() {
    this.socket._socket.resetAndDestroy();
  }

  pause() {
    this.socket._socket.pause();
  }

  async dispose() {
    this.socket.on('error', () => {});
    this.socket.terminate();
  }
}

module.exports = {Editor};
