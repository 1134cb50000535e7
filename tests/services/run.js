// SPDX-License-Identifier: Apache-2.0
// Runs scenarios against the real server: node run.js SERVER PYTHON SCENARIO…
// GATEHOUSE_TEST_BUS=rabbitmq lets its bus be a real broker (the program of GATEHOUSE_TEST_BROKER); else it is
// in-process. Needs NODE_PATH to lead to ws and websocket-ts (scripts/clients installs them). Exit code 77: the broker is
// not installed.
'use strict';

const {Stage} = require('./lib/stage');
const {play} = require('../support/play');

const [binary, python, ...names] = process.argv.slice(2);
const scenarios = {
  ...require('./cases/clients'),
  ...require('./cases/services'),
  ...require('./cases/flat'),
};

play(scenarios, names,
  (scenario, broker) => new Stage(binary, python, scenario.configuration, broker));
