// SPDX-License-Identifier: Apache-2.0
'use strict';

const {Inbox} = require('../interop/lib/inbox');
const {talkTo} = require('../interop/lib/program');

/** Many watchers of one guild in a program of their own (watchers.cpp); what it says is in the inbox. */
class Watchers {
  constructor(url, {count, token, guild, events}) {
    this.inbox = new Inbox('watchers');
    this.child = talkTo(process.env.GATEHOUSE_WATCHERS, [new URL(url).port, count, token, guild, events].map(String),
      (line) => this.inbox.add(line), (text) => process.stderr.write(text));
  }

  tell(line) {
    this.child.stdin.write(`${line}\n`);
  }

  close() {
    this.child.kill('SIGKILL');
  }
}

module.exports = {Watchers};
