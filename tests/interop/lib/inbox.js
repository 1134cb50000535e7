// SPDX-License-Identifier: Apache-2.0
'use strict';

/** What has happened, in order, and a bounded wait for what shall happen. */
class Inbox {
  constructor(name) {
    this.name = name;
    this.items = [];
    this.waiting = [];
  }

  add(item) {
    this.items.push({...item, at: performance.now()});
    this.waiting = this.waiting.filter((waiter) => !waiter());
  }

  /** The first item from `from` on that matches; rejects after `ms`. */
  wait(matches, what, ms = 10000, from = 0) {
    return new Promise((resolve, reject) => {
      let next = from;
      const look = () => {
        for (; next < this.items.length; next++) {
          if (matches(this.items[next])) {
            clearTimeout(timer);
            resolve(this.items[next]);
            return true;
          }
        }
        return false;
      };
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((waiter) => waiter !== look);
        const seen = this.items.slice(-12).map((item) => JSON.stringify(item)).join('\n    ');
        reject(new Error(`${this.name}: no ${what} within ${ms} ms; the last of ${this.items.length}:\n    ${seen}`));
      }, ms);
      if (!look()) {
        this.waiting.push(look);
      }
    });
  }

  event(name, ms = 10000, from = 0) {
    return this.wait((item) => item.event === name, `event ${name}`, ms, from);
  }

  has(name) {
    return this.items.some((item) => item.event === name);
  }

  names() {
    return this.items.filter((item) => item.event).map((item) => item.event);
  }
}

module.exports = {Inbox};
