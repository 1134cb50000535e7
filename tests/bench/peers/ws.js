// SPDX-License-Identifier: Apache-2.0
// The byte stream of bench-reference on Node's `ws`, the frame of a message encoded per client.
"use strict";
const { WebSocketServer } = require("ws");

const members = new Set();
const server = new WebSocketServer({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
server.on("listening", () => console.log(`listening on 127.0.0.1 ${server.address().port}`));
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const text = data.toString();
    if (text.startsWith('42["pub",')) {
      const message = `42["msg",${text.slice(9)}`;
      for (const member of members) member.send(message);
    } else if (text.startsWith("42")) {
      const name = text.indexOf("[");
      if (text.startsWith('["join"', name)) members.add(socket);
      socket.send(`43${text.slice(2, name)}[]`);
    } else if (text === "40") {
      socket.send('40{"sid":"r"}');
    }
  });
  socket.on("close", () => members.delete(socket));
  socket.on("error", () => members.delete(socket));
  socket.send('0{"sid":"r","upgrades":[],"pingInterval":25000,"pingTimeout":60000,"maxPayload":1000000}');
});
