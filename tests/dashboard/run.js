// SPDX-License-Identifier: Apache-2.0
// Runs scenarios: node run.js SCENARIO… | all
// GATEHOUSE_TEST_BUS=rabbitmq puts a real broker between the server and its services; else the bus is in-process. The
// programs are those of GATEHOUSE_BUSHOST, GATEHOUSE_BINARY, GATEHOUSE_WATCHERS and GATEHOUSE_TEST_BROKER. Needs NODE_PATH to lead to
// socket.io-client 2 (scripts/clients installs it). Exit code 77: the broker is not installed.
'use strict';

const {Host, mint} = require('./host');
const {Browser} = require('./browser');
const {Watchers} = require('./watchers');
const scenarios = require('./scenarios');
const {play} = require('../support/play');

const programs = {bushost: process.env.GATEHOUSE_BUSHOST, gatehouse: process.env.GATEHOUSE_BINARY};

class Stage {
  constructor(scenario, broker) {
    this.host = new Host({...programs, broker}, scenario);
    this.browsers = [];
  }

  get log() {
    return this.host.log;
  }

  async open() {
    await this.host.start();
  }

  browser(options = {}) {
    const browser = new Browser((options.server ?? this.host).url, options);
    this.browsers.push(browser);
    return browser;
  }

  /** One with a login. */
  member(options = {}) {
    return this.browser({...options, cookie: options.cookie ?? mint(options)});
  }

  /** With a login each. */
  watchers(count, guild, events) {
    const watchers = new Watchers(this.host.url, {count, token: mint(), guild, events});
    this.browsers.push(watchers);
    return watchers;
  }

  async close() {
    for (const browser of this.browsers) {
      browser.close();
    }
    await this.host.dispose();
  }
}

play(scenarios, process.argv.slice(2), (scenario, broker) => new Stage(scenario, broker));
