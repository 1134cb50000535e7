// SPDX-License-Identifier: Apache-2.0
'use strict';

const {spawn} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const {Inbox} = require('./inbox');

let count = 0;

/** A data station: python3-socketio in a process of its own. */
class PythonNode {
  constructor(name, server, python, {token, auth, namespace = '/tasks', transports = 'polling,websocket'}) {
    this.inbox = new Inbox(name);
    const args = [path.join(__dirname, '..', 'node.py'), '--url', server.url,
      '--namespace', namespace, '--transports', transports];
    const secret = (option, text) => {
      const file = path.join(server.folder, `client-${++count}`);
      fs.writeFileSync(file, text, {mode: 0o600});
      args.push(option, file);
    };
    if (token) {
      secret('--token-file', token);
    }
    if (auth) {
      secret('--auth-file', JSON.stringify(auth));
    }
    this.child = spawn(python, args, {stdio: ['pipe', 'pipe', 'pipe']});
    this.errors = '';
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.errors += text; });
    this.child.stdin.on('error', () => {});
    readline.createInterface({input: this.child.stdout}).on('line', (line) => this.inbox.add(JSON.parse(line)));
    this.exited = new Promise((resolve) => {
      this.child.on('exit', (code, signal) => {
        this.inbox.add({exited: true, code, signal, errors: this.errors.slice(-2000)});
        resolve();
      });
    });
  }

  async connected() {
    const item = await this.inbox.wait((one) => one.ready || one.failed || one.exited, 'connection', 20000);
    if (!item.ready) {
      throw new Error(`${this.inbox.name}: ${JSON.stringify(item)}`);
    }
    return item;
  }

  send(command) {
    this.child.stdin.write(JSON.stringify(command) + '\n');
  }

  async emit(event, data) {
    const from = this.inbox.items.length;
    this.send({emit: event, data});
    await this.inbox.wait((item) => item.emitted === event, `emit of ${event}`, 10000, from);
  }

  async call(event, data) {
    const from = this.inbox.items.length;
    this.send({call: event, data});
    return (await this.inbox.wait((item) => 'answer' in item, `answer to ${event}`, 15000, from)).answer;
  }

  async transport() {
    const from = this.inbox.items.length;
    this.send({transport: true});
    return (await this.inbox.wait((item) => item.transport && !item.event, 'transport', 5000, from)).transport;
  }

  /** As a crash or an out-of-memory kill does it: no goodbye of any kind. */
  kill() {
    this.child.kill('SIGKILL');
  }

  async dispose() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
    }
    await this.exited;
  }
}

module.exports = {PythonNode};
