// SPDX-License-Identifier: Apache-2.0
// Runs one scenario against the real server: node run.js SERVER PYTHON SCENARIO
// Needs NODE_PATH to lead to socket.io-client (scripts/clients installs it).
'use strict';

const path = require('node:path');
const {Server} = require('./lib/server');
const {User} = require('./lib/user');
const {OldUser} = require('./lib/olduser');
const {PythonNode} = require('./lib/pythonnode');
const {play} = require('../support/play');

const [binary, python, name] = process.argv.slice(2);
const scenarios = {
  ...require('./cases/connecting'),
  ...require('./cases/working'),
  ...require('./cases/failing'),
  ...require('./cases/administering'),
  ...require('./cases/readme'),
  ...require('./cases/simulating'),
  ...require('./cases/watching'),
  ...require('./cases/oldclients'),
  ...require('./cases/recovering'),
};

/**
 * A server with the federation of federation.json, and whoever connects to it. A scenario may name
 * arguments for it (serverArgs), or have a server of its own (needsNoServer).
 */
class Stage {
  constructor(scenario) {
    this.server = new Server(binary);
    this.server.args = scenario.serverArgs ?? [];
    this.clients = [];
    this.needsNoServer = scenario.needsNoServer;
  }

  get log() {
    return this.server.log;
  }

  async open() {
    if (this.needsNoServer) {
      return;
    }
    this.server.import(path.join(__dirname, 'federation.json'));
    await this.server.start();
  }

  async user(username, options = {}) {
    const token = options.token ?? await this.server.userToken(username);
    return this.client(new User(username, this.server.url, {...options, token}));
  }

  async oldUser(username, options = {}) {
    const token = options.token ?? await this.server.userToken(username);
    return this.client(new OldUser(username, this.server.url, {...options, token}));
  }

  /** Somebody who connects without a token of a user. */
  client(user) {
    this.clients.push(user);
    return user;
  }

  async node(number, options = {}) {
    const token = options.token ?? await this.server.nodeToken(number);
    return this.python(`node ${number}`, {...options, token});
  }

  python(title, options) {
    const node = new PythonNode(title, this.server, python, options);
    this.clients.push(node);
    return node;
  }

  say(text) {
    console.log(`  ${text}`);
  }

  async close() {
    for (const client of this.clients) {
      await (client.dispose ? client.dispose() : client.close());
    }
    await this.server.dispose();
  }
}

play(scenarios, [name], (scenario) => new Stage(scenario));
