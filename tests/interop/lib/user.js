// SPDX-License-Identifier: Apache-2.0
'use strict';

const {io} = require('socket.io-client');
const {SocketUser} = require('./socketuser');

/** A researcher's socket.io-client that keeps everything it hears. */
class User extends SocketUser {
  constructor(name, url, {token, auth, namespace = '/tasks', transports, parser, likeBrowser} = {}) {
    super(name);
    const extraHeaders = token ? {Authorization: `Bearer ${token}`} : undefined;
    this.socket = io(url + namespace, {
      transports,
      ...(parser ? {parser} : {}),
      auth,
      // Browsers put headers of a page's choice on polling requests only.
      ...(likeBrowser ? {withCredentials: true, transportOptions: {polling: {extraHeaders}}} : {extraHeaders}),
      reconnectionDelay: 200,
      reconnectionDelayMax: 500,
      forceNew: true,
    });
    this.socket.on('connect', () => this.inbox.add({event: 'connect', sid: this.socket.id}));
    this.socket.on('disconnect', (reason) => this.inbox.add({event: 'disconnect', reason}));
    this.socket.on('connect_error', (error) => {
      this.inbox.add({event: 'connect_error', message: error.message, data: error.data});
    });
    this.socket.onAny((event, ...args) => this.inbox.add({event, args}));
  }

  /** Emits and waits for the acknowledgement; resolves with its arguments. */
  call(event, ...args) {
    return new Promise((resolve, reject) => {
      this.socket.timeout(10000).emit(event, ...args, (error, ...answer) => {
        if (error) {
          reject(new Error(`${this.inbox.name}: ${event} was not acknowledged`));
        } else {
          resolve(answer);
        }
      });
    });
  }

  /** Returns when everything the server has sent so far is here: enters one more namespace. */
  fence() {
    const other = this.socket.io.socket('/');
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.inbox.name}: no fence within 10 s`)), 10000);
      other.once('connect', () => {
        clearTimeout(timer);
        other.disconnect();
        resolve();
      });
      other.connect();
    });
  }
}

module.exports = {User};
