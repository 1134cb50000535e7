// SPDX-License-Identifier: Apache-2.0
'use strict';

const {spawn} = require('node:child_process');
const path = require('node:path');
const {Inbox} = require('../../interop/lib/inbox');

/** fakeservice.py in a process of its own: it says what it gets and sends what it is told. */
class PythonService {
  constructor(stage, wanted, {name = 'Filesystem', token, url, queues = []} = {}) {
    this.inbox = new Inbox(`service ${name}`);
    const child = spawn(stage.python, [path.join(__dirname, '..', 'fakeservice.py'),
      url ?? stage.url('backends'), name, JSON.stringify(wanted), JSON.stringify(queues)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {...process.env, SERVICE_TOKEN: token ?? stage.token()},
    });
    this.child = child;
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        this.inbox.add(JSON.parse(line));
      }
    });
    this.exited = new Promise((resolve) => { child.on('exit', resolve); });
    child.stdin.on('error', () => {});
  }

  registered(ms = 15000, from = 0) {
    return this.inbox.event('registered', ms, from);
  }

  tell(command) {
    this.child.stdin.write(JSON.stringify(command) + '\n');
  }

  put(type, content, more = {}) {
    this.tell({op: 'put', message: {type, content, ...more}});
  }

  sendTo(recipients, type, content) {
    this.tell({op: 'send', recipients, type, content});
  }

  async got(type, ms = 10000, from = 0) {
    const item = await this.inbox.wait(
      (entry) => entry.event === 'message' && entry.message.type === type, `message ${type}`, ms, from);
    return item.message;
  }

  all(type) {
    return this.inbox.items.filter(
      (item) => item.event === 'message' && (!type || item.message.type === type)).map((item) => item.message);
  }

  /** Returns when everything sent to it before has been reported. */
  async answered(command, ms = 10000) {
    const mark = this.inbox.items.length;
    this.tell(command);
    return this.inbox.event('answer', ms, mark);
  }

  async kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    await this.exited;
  }

  async dispose() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await this.kill();
    }
  }
}

module.exports = {PythonService};
