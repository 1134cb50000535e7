// SPDX-License-Identifier: Apache-2.0
'use strict';

const {Inbox} = require('./inbox');
const {talkTo} = require('./program');

/** A private RabbitMQ for all scenarios of this process: the program test-broker. */
class Broker {
  /** Null when RabbitMQ is not installed; the program has said so. */
  static async start(program) {
    const broker = new Broker();
    broker.inbox = new Inbox('broker');
    broker.child = talkTo(program, [], (item) => broker.inbox.add(item), (text) => process.stderr.write(text));
    const first = await broker.inbox.wait(() => true, 'start', 120000);
    if (first.code === 77) {
      return null;
    }
    if (!first.url) {
      throw new Error(`the broker ended with ${first.code}`);
    }
    broker.url = first.url;
    return broker;
  }

  /** kill, freeze, thaw, start or stop; returns when it is done. */
  async tell(wish) {
    const from = this.inbox.items.length;
    this.child.stdin.write(`${wish}\n`);
    const {done} = await this.inbox.wait((item) => 'done' in item, wish, 120000, from);
    if (!done) {
      throw new Error(`the broker did not ${wish}`);
    }
  }

  async end() {
    this.child.stdin.end();
    await this.child.gone;
  }
}

module.exports = {Broker};
