// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert');
const {spawn} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const {Inbox} = require('../lib/inbox');

const demo = path.join(__dirname, '..', '..', '..', 'resources', 'demo', 'federation.json');

module.exports = {
  /** `gatehouse simulate` keeps a federation at work and ends cleanly when it is told to. */
  async simulate(stage) {
    const {server} = stage;
    await server.stop();
    server.import(demo);
    await server.start();
    const token = server.mint('admin', 1);
    const {User} = require('../lib/user');
    const admin = await stage.client(new User('admin', server.url,
      {namespace: '/gh-admin', auth: {token}, transports: ['websocket']})).connected();
    const [nodes] = await admin.call('subscribe', {topic: 'nodes'});
    assert.equal(nodes.items.filter((node) => /-(cardiac|lung)$/.test(node.name)).length, 7);
    await admin.call('subscribe', {topic: 'tasks'});

    const out = new Inbox('simulate');
    const child = spawn(server.binary, ['simulate', '--server', server.url, '--nodes', '7', '--users', '9',
      '--tasks-per-minute', '240', '--chaos'], {stdio: ['ignore', 'pipe', 'inherit']});
    child.stdout.setEncoding('utf8').on('data', (line) => out.add({line}));
    child.on('exit', (code, signal) => out.add({event: 'exit', code, signal}));
    stage.clients.push({close: () => child.kill('SIGKILL')});

    const online = new Set();
    const statuses = new Set();
    const all = () => {
      for (const item of admin.inbox.items.filter((one) => one.event === 'change')) {
        for (const {item: changed} of item.args[0].changes.filter((one) => one.op === 'put')) {
          if (item.args[0].topic === 'nodes' && changed.online) {
            online.add(changed.name);
          } else if (item.args[0].topic === 'tasks') {
            changed.runs.forEach((run) => statuses.add(run.status));
          }
        }
      }
      return online.size === 7 && ['pending', 'active', 'completed'].every((status) => statuses.has(status));
    };
    await admin.inbox.wait(all, 'seven nodes online and a run completed', 60000);
    stage.say(`runs seen as ${[...statuses].join(', ')}`);

    child.kill('SIGINT');
    const end = await out.event('exit', 10000);
    assert.deepEqual([end.code, end.signal], [0, null]);
    const summary = out.items.map((item) => item.line ?? '').join('');
    assert.match(summary, /nodes \d\/7 users 9\/9 tasks [1-9]/);
    stage.say(summary.trim().split('\n').pop());
  },

  /** A federation of any size can be made, imported and played. */
  async simulateMadeFederation(stage) {
    const {server} = stage;
    await server.stop();
    const file = path.join(server.folder, 'made.json');
    server.run('simulate', '--make-identities', file, '--nodes', '25', '--users', '12');
    assert.equal(fs.statSync(file).mode & 0o077, 0, 'its secrets are for nobody else');
    server.import(file);
    await server.start();
    const out = new Inbox('simulate');
    const child = spawn(server.binary, ['simulate', '--server', server.url, '--identities', file, '--nodes', '25',
      '--users', '12', '--tasks-per-minute', '600', '--for', '8'], {stdio: ['ignore', 'pipe', 'inherit']});
    child.stdout.setEncoding('utf8').on('data', (line) => out.add({line}));
    child.on('exit', (code) => out.add({event: 'exit', code}));
    stage.clients.push({close: () => child.kill('SIGKILL')});
    const end = await out.event('exit', 30000);
    assert.equal(end.code, 0);
    const summary = out.items.map((item) => item.line ?? '').join('').trim().split('\n').pop();
    assert.match(summary, /nodes 25\/25 users 12\/12 tasks [1-9]/);
    stage.say(summary);
  },
};
