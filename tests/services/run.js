// SPDX-License-Identifier: Apache-2.0
// Runs one scenario against the real server: node run.js SERVER PYTHON SCENARIO
// Needs NODE_PATH to lead to ws and websocket-ts (scripts/clients installs them).
'use strict';

const {Stage} = require('./lib/stage');

const [binary, python, name] = process.argv.slice(2);
const scenarios = {
  ...require('./cases/clients'),
  ...require('./cases/services'),
  ...require('./cases/flat'),
};

async function main() {
  const scenario = scenarios[name];
  if (!scenario) {
    console.error(`unknown scenario ${name}; there are:\n${Object.keys(scenarios).join('\n')}`);
    return 2;
  }
  const stage = new Stage(binary, python, scenario.configuration);
  let code = 0;
  try {
    await stage.open();
    await scenario(stage);
    console.log(`PASS ${name}`);
  } catch (error) {
    console.error(`FAIL ${name}: ${error.stack}\n--- server log\n${stage.server.log}`);
    code = 1;
  }
  await stage.close();
  return code;
}

main().then((code) => process.exit(code), (error) => {
  console.error(error);
  process.exit(1);
});
