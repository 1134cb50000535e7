// SPDX-License-Identifier: Apache-2.0
// Runs scenarios and ends the process: 0 all passed, 1 one failed, 2 there is none of that name, 77 the broker that is
// asked for is not installed.
'use strict';

const {Broker} = require('../interop/lib/broker');

async function passes(name, scenario, stage) {
  const started = performance.now();
  let isGood = true;
  try {
    await stage.open();
    await scenario(stage);
    console.log(`PASS ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    console.error(`FAIL ${name}: ${error.stack}\n--- server log\n${stage.log}`);
    isGood = false;
  }
  await stage.close();
  return isGood;
}

async function played(scenarios, names, stageOf) {
  const isOverBroker = process.env.GATEHOUSE_TEST_BUS === 'rabbitmq';
  const possible = Object.keys(scenarios).filter((name) => isOverBroker || !scenarios[name].needsBroker);
  const wanted = names[0] === 'all' ? possible : names;
  const unknown = wanted.filter((name) => !possible.includes(name));
  if (unknown.length > 0 || wanted.length === 0) {
    console.error(`unknown: ${unknown}; there are:\n${possible.join('\n')}`);
    return 2;
  }
  const broker = isOverBroker ? await Broker.start(process.env.GATEHOUSE_TEST_BROKER) : undefined;
  if (isOverBroker && !broker) {
    return 77;
  }
  let code = 0;
  for (const name of wanted) {
    const scenario = scenarios[name];
    code = await passes(name, scenario, stageOf(scenario, broker)) ? code : 1;
  }
  await broker?.end();
  return code;
}

/**
 * `names` are keys of `scenarios`, or "all". `stageOf(scenario, broker)` makes who plays in one: open(), close(), and log,
 * what the server said, which is shown when the scenario fails. With GATEHOUSE_TEST_BUS=rabbitmq a real broker (the program
 * of GATEHOUSE_TEST_BROKER) is there for all of them; scenarios with `needsBroker` exist only then.
 */
function play(scenarios, names, stageOf) {
  played(scenarios, names, stageOf).then((code) => process.exit(code), (error) => {
    console.error(error);
    process.exit(1);
  });
}

module.exports = {play};
