// SPDX-License-Identifier: Apache-2.0
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const {Server} = require('../../interop/lib/server');
const {Editor} = require('./editor');
const {PythonService} = require('./pythonservice');

const services = `
[[listener]]
name = "clients"
listen = "127.0.0.1:0"
profile = "services"
origins = []

[[listener]]
name = "backends"
path = "/service"
profile = "backends"

[services]
hold_time = "10s"
`;

/** A server with the services profile, or with the tables a scenario brings, and who is there. */
class Stage {
  constructor(binary, python, configuration = services, broker = undefined) {
    this.python = python;
    this.broker = broker;
    this.server = new Server(binary);
    this.folder = this.server.folder;
    this.file = path.join(this.folder, 'gatehouse.toml');
    fs.writeFileSync(this.file, typeof configuration === 'function' ? configuration(this.folder) : configuration);
    this.server.args = ['--config', this.file];
    if (broker) {
      // The queues of servers that were killed stay bound for a while: an exchange for each of them.
      this.server.args.push('--set', `bus.url=${broker.url}`, '--set', 'bus.presence_period=200ms',
        '--set', `bus.exchange=${path.basename(this.folder)}`);
    }
    this.guests = [];
  }

  get log() {
    return this.server.log;
  }

  async open() {
    await this.server.start();
  }

  /** Where a listener of the configuration is: "ws://127.0.0.1:1234/". */
  url(name, target = '') {
    const found = this.server.listeners[name];
    if (!found) {
      throw new Error(`no listener ${name} among ${JSON.stringify(this.server.listeners)}`);
    }
    return target === '' ? found : new URL(target, found).href;
  }

  token(name = 'fake', ...more) {
    return this.server.mint('service', 1, '--name', name, ...more);
  }

  /** A client of the services profile, connected. */
  async editor(options = {}) {
    const editor = new Editor(this.url('clients', options.target ?? '/'), options);
    this.guests.push(editor);
    return editor.opened();
  }

  async editorNamed(name, options = {}) {
    const editor = await this.editor(options);
    editor.send('login-request', {username: name});
    await editor.message('login-response');
    return editor;
  }

  /** A service in Python, registered. */
  async service(wanted, options = {}) {
    const service = new PythonService(this, wanted, options);
    this.guests.push(service);
    await service.registered();
    return service;
  }

  say(text) {
    console.log(`  ${text}`);
  }

  async close() {
    for (const guest of this.guests) {
      await guest.dispose();
    }
    await this.server.dispose();
  }
}

module.exports = {Stage, services};
