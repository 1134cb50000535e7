// SPDX-License-Identifier: Apache-2.0
'use strict';

const {spawn} = require('node:child_process');
const {Inbox} = require('./inbox');

/** tests/conformance's server with a fixture, in a process of its own. */
class Fixture {
  constructor(name) {
    this.name = name;
    this.port = 0;
    this.child = null;
  }

  /** Starts on a free port, or on the port of the last start. */
  async start() {
    const binary = process.env.GATEHOUSE_CONFORMANCE_SERVER;
    this.child = spawn(binary, ['--fixture', this.name, '--listen', `127.0.0.1:${this.port}`],
      {stdio: ['ignore', 'pipe', 'inherit']});
    const lines = new Inbox(`fixture ${this.name}`);
    this.child.stdout.setEncoding('utf8').on('data', (text) => lines.add({event: text.split(' ')[0], line: text.trim()}));
    this.exited = new Promise((resolve) => {
      const end = (reason) => {
        lines.add({event: 'exit', reason});
        resolve();
      };
      this.child.on('exit', end);
      this.child.on('error', (error) => end(error.message));
    });
    const first = await lines.wait((item) => ['listening', 'exit'].includes(item.event), 'listening line', 30000);
    if (first.event === 'exit') {
      throw new Error(`${binary} ended: ${first.reason}`);
    }
    this.port = Number(first.line.split(' ').pop());
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  async stop() {
    this.child?.kill('SIGKILL');
    await this.exited;
    this.child = null;
  }

  async dispose() {
    if (this.child) {
      await this.stop();
    }
  }
}

module.exports = {Fixture};
