// SPDX-License-Identifier: Apache-2.0
// Runs scenarios: node run.js SCENARIO… | all
// GATEHOUSE_TEST_BUS=rabbitmq puts a real broker between the server and its services; else the bus is in-process. The
// programs are those of GATEHOUSE_BUSHOST, GATEHOUSE_BINARY and GATEHOUSE_TEST_BROKER. Needs NODE_PATH to lead to
// socket.io-client 2 (scripts/clients installs it). Exit code 77: the broker is not installed.
'use strict';

const {Broker} = require('../interop/lib/broker');
const {Host, mint} = require('./host');
const {Browser} = require('./browser');
const scenarios = require('./scenarios');

const programs = {bushost: process.env.GATEHOUSE_BUSHOST, gatehouse: process.env.GATEHOUSE_BINARY};

class Stage {
  constructor(scenario) {
    this.host = new Host(programs, scenario);
    this.browsers = [];
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

  async close() {
    for (const browser of this.browsers) {
      browser.close();
    }
    await this.host.dispose();
  }
}

async function run(name) {
  const scenario = scenarios[name];
  const stage = new Stage(scenario);
  let isGood = true;
  const started = performance.now();
  try {
    await stage.host.start();
    await scenario(stage);
    console.log(`PASS ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    console.error(`FAIL ${name}: ${error.stack}\n--- server log\n${stage.host.log}`);
    isGood = false;
  }
  await stage.close();
  return isGood;
}

async function main() {
  const overBroker = process.env.GATEHOUSE_TEST_BUS === 'rabbitmq';
  const possible = Object.keys(scenarios).filter((name) => overBroker || !scenarios[name].needsBroker);
  const wanted = process.argv[2] === 'all' ? possible : process.argv.slice(2);
  const unknown = wanted.filter((name) => !possible.includes(name));
  if (unknown.length > 0 || wanted.length === 0) {
    console.error(`unknown: ${unknown}; there are:\n${possible.join('\n')}`);
    return 2;
  }
  if (overBroker) {
    programs.broker = await Broker.start(process.env.GATEHOUSE_TEST_BROKER);
    if (!programs.broker) {
      return 77;
    }
  }
  let code = 0;
  for (const name of wanted) {
    code = await run(name) ? code : 1;
  }
  await programs.broker?.end();
  return code;
}

main().then((code) => process.exit(code), (error) => {
  console.error(error);
  process.exit(1);
});
