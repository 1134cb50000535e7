// SPDX-License-Identifier: Apache-2.0
// Runs one scenario against the real server: node run.js SERVER PYTHON SCENARIO
// Needs NODE_PATH to lead to ws and websocket-ts (scripts/clients installs them).
'use strict';

const {Stage} = require('./lib/stage');
const {play} = require('../support/play');

const [binary, python, name] = process.argv.slice(2);
const scenarios = {
  ...require('./cases/clients'),
  ...require('./cases/services'),
  ...require('./cases/flat'),
};

play(scenarios, name, (scenario) => new Stage(binary, python, scenario.configuration));
