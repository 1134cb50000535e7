// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert');

const byName = (list, name) => list.data.find((item) => item.name === name);

/** Ids of the federation as the API tells them. */
async function look(stage, token) {
  const {server} = stage;
  const organizations = await server.request('GET', '/api/organization?per_page=100', {token});
  const collaborations = await server.request('GET', '/api/collaboration?per_page=100', {token});
  const nodes = await server.request('GET', '/api/node?per_page=100', {token});
  return {
    organization: (name) => byName(organizations, name).id,
    collaboration: (name) => byName(collaborations, name).id,
    node: (name) => byName(nodes, name),
  };
}

function newTask(stage, token, collaboration, organizations, name = 'average') {
  return stage.server.request('POST', '/api/task', {
    token,
    expect: 201,
    body: {
      name,
      image: 'harbor.example.org/average:1',
      description: 'mean age',
      collaboration_id: collaboration,
      organizations: organizations.map((id) => ({id, input: 'eyJtZXRob2QiOiAibWVhbiJ9'})),
      databases: [{label: 'default'}],
    },
  });
}

/** What a node does first with its part of a task. */
async function openRun(stage, token, nodeId, taskId) {
  const runs = await stage.server.request('GET',
    `/api/run?state=open&node_id=${nodeId}&task_id=${taskId}&include=task`, {token});
  assert.equal(runs.data.length, 1);
  return runs.data[0];
}

module.exports = {look, newTask, openRun};
