// SPDX-License-Identifier: Apache-2.0
'use strict';

const {spawn} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const {Inbox} = require('./inbox');

/** The console without its window: its connection and its page models in a process of their own. */
class ConsoleProbe {
  constructor(binary, server) {
    this.inbox = new Inbox('console');
    const file = path.join(server.folder, 'console-token');
    fs.writeFileSync(file, server.mint('admin', 1), {mode: 0o600});
    this.child = spawn(binary, [server.url, file], {stdio: ['pipe', 'pipe', 'inherit'], env: server.environment});
    this.child.stdin.on('error', () => {});
    readline.createInterface({input: this.child.stdout}).on('line', (line) => this.inbox.add(JSON.parse(line)));
    this.exited = new Promise((resolve) => {
      const end = (item) => {
        this.inbox.add({event: 'exit', ...item});
        resolve(item);
      };
      this.child.on('exit', (code, signal) => end({code, signal}));
      this.child.on('error', (error) => end({error: error.message}));
    });
  }

  /** What the models hold now. */
  async look() {
    const from = this.inbox.items.length;
    this.child.stdin.write('dump\n');
    const item = await this.inbox.wait((one) => one.dump || one.event === 'exit', 'dump', 5000, from);
    if (!item.dump) {
      throw new Error(`the console ended: ${JSON.stringify(item)}`);
    }
    this.inbox.items.splice(this.inbox.items.indexOf(item), 1);
    return item;
  }

  /** Looks until `holds` is true of what the models hold; returns that and how long it took. */
  async until(what, holds, ms = 5000) {
    const begin = performance.now();
    for (;;) {
      const seen = await this.look();
      const took = performance.now() - begin;
      if (holds(seen)) {
        return {seen, took};
      }
      if (took > ms) {
        const {log, ...rest} = seen;
        throw new Error(`the console does not show within ${ms} ms: ${what}\n`
          + `${JSON.stringify(rest, null, 1)}\nlast log lines:\n`
          + log.slice(-15).map((line) => `${line.level} ${line.category} ${line.text}`).join('\n'));
      }
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }

  async quit() {
    this.child.stdin.write('quit\n');
    return (await this.inbox.event('exit', 5000)).code;
  }

  async dispose() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
    }
    await this.exited;
  }
}

/** Names of those in a room as the tree of the Rooms page shows them; null: no such room. */
function members(seen, room, nsp = '/tasks') {
  const below = seen.rooms.find((one) => one.Room === nsp)?.rows ?? [];
  const found = below.find((one) => one.Room === room);
  return found ? (found.rows ?? []).map((one) => one.Room).sort() : null;
}

module.exports = {ConsoleProbe, members};
