// SPDX-License-Identifier: Apache-2.0
// Runs one scenario against the real server: node run.js SERVER PYTHON SCENARIO
// Needs NODE_PATH to lead to socket.io-client (scripts/clients installs it).
'use strict';

const path = require('node:path');
const {Server} = require('./lib/server');
const {User} = require('./lib/user');
const {OldUser} = require('./lib/olduser');
const {PythonNode} = require('./lib/pythonnode');

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

async function main() {
  const scenario = scenarios[name];
  if (!scenario) {
    console.error(`unknown scenario ${name}; there are:\n${Object.keys(scenarios).join('\n')}`);
    return 2;
  }
  const stage = new Stage(scenario);
  let code = 0;
  try {
    await stage.open();
    await scenario(stage);
    console.log(`PASS ${name}`);
  } catch (error) {
    console.error(`FAIL ${name}: ${error.stack}\n--- server log\n${stage.server.log}`);
    code = 1;
  }
  await stage.close();
  return code;
}

main().then((code) => process.exit(code), (error) => {
  console.error(error);
  process.exit(1);
});
