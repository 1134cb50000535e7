// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert');
const {spawn} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const {Inbox} = require('../lib/inbox');

const root = path.join(__dirname, '..', '..', '..');

/** The programs of the README's tour, by file name, for another server address. */
function tour(url) {
  const text = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
  const programs = {};
  for (const [, name, code] of text.matchAll(/<!-- tour: (\S+) -->\n```\w+\n([\s\S]*?)\n```/g)) {
    programs[name] = code.replaceAll('http://127.0.0.1:7400', url);
  }
  return programs;
}

class Program {
  constructor(name, command, args, folder) {
    this.inbox = new Inbox(name);
    this.child = spawn(command, args, {cwd: folder, stdio: ['ignore', 'pipe', 'pipe']});
    for (const stream of [this.child.stdout, this.child.stderr]) {
      readline.createInterface({input: stream}).on('line', (line) => this.inbox.add({line}));
    }
    this.exited = new Promise((resolve) => { this.child.on('exit', resolve); });
  }

  line(pattern) {
    return this.inbox.wait((item) => pattern.test(item.line), `line ${pattern}`, 20000);
  }

  async dispose() {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

module.exports = {
  /** What the README tells newcomers to paste does what the README says. */
  async readmeTour(stage) {
    const {server} = stage;
    await server.stop();
    server.import(path.join(root, 'resources', 'demo', 'federation.json'));
    await server.start();
    const programs = tour(server.url);
    assert.deepEqual(Object.keys(programs), ['watch.mjs', 'node.py', 'task.py']);
    for (const [name, code] of Object.entries(programs)) {
      fs.writeFileSync(path.join(server.folder, name), code);
    }
    // As `npm install` would leave it; modules look there, not in NODE_PATH.
    fs.symlinkSync(process.env.NODE_PATH, path.join(server.folder, 'node_modules'));

    const start = (command, name) => {
      const program = new Program(name, command, [name], server.folder);
      stage.clients.push(program);
      return program;
    };
    const watch = start(process.execPath, 'watch.mjs');
    await watch.line(/^connected$/);
    const node = start('/usr/bin/python3', 'node.py');
    await node.line(/^online$/);
    await watch.line(/^node-online .*sjoberg-lung/);
    const task = start('/usr/bin/python3', 'task.py');
    await task.line(/^task \d+$/);
    await node.line(/^working on run \d+$/);
    await watch.line(/^algorithm_log .*hello from my node/);
    await watch.line(/^algorithm_status_change .*"status":"completed"/);
    stage.say('all three programs of the tour did what the README says');
  },
};
