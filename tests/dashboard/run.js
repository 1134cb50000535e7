// SPDX-License-Identifier: Apache-2.0
// Runs one scenario: node run.js BUSHOST SCENARIO
// Needs NODE_PATH to lead to socket.io-client 2 (scripts/clients installs it).
'use strict';

const {Host, mint} = require('./host');
const {Browser} = require('./browser');
const scenarios = require('./scenarios');

const [binary, name] = process.argv.slice(2);

class Stage {
  constructor(scenario) {
    this.host = new Host(binary, scenario);
    this.browsers = [];
  }

  browser(options = {}) {
    const browser = new Browser(this.host.url, options);
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

async function main() {
  const scenario = scenarios[name];
  if (!scenario) {
    console.error(`unknown scenario ${name}; there are:\n${Object.keys(scenarios).join('\n')}`);
    return 2;
  }
  const stage = new Stage(scenario);
  let code = 0;
  try {
    await stage.host.start();
    await scenario(stage);
    console.log(`PASS ${name}`);
  } catch (error) {
    console.error(`FAIL ${name}: ${error.stack}\n--- server log\n${stage.host.log}`);
    code = 1;
  }
  await stage.close();
  return code;
}

main().then((code) => process.exit(code), (error) => {
  console.error(error);
  process.exit(1);
});
