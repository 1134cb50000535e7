// SPDX-License-Identifier: Apache-2.0
'use strict';

const {spawn} = require('node:child_process');

/** A program that says lines of JSON, without our configuration in its environment; `hear` gets each line, and its exit. */
function talkTo(program, args, hear, log) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_')));
  const child = spawn(program, args, {stdio: ['pipe', 'pipe', 'pipe'], env});
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('{')) {
        hear(JSON.parse(line));
      } else { // "ready http://…", as `gatehouse serve` says it
        const [event, url] = line.split(' ');
        hear({event, url});
      }
    }
  });
  child.stderr.setEncoding('utf8').on('data', log);
  child.stdin.on('error', () => {});
  child.gone = new Promise((resolve) => child.on('exit', (code) => {
    hear({event: 'exit', code});
    resolve(code);
  }));
  return child;
}

module.exports = {talkTo};
