// SPDX-License-Identifier: Apache-2.0
// The rooms fixture on Node's `socket.io`.
"use strict";
const http = require("http");
const { Server } = require("socket.io");

const server = http.createServer();
const io = new Server(server, { perMessageDeflate: false, serveClient: false });
io.on("connection", (socket) => {
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("pub", (data) => io.to("r").emit("msg", data));
  socket.on("x", (data, done) => done());
});
server.listen(Number(process.argv[2]), "127.0.0.1", 4096, () =>
  console.log(`listening on 127.0.0.1 ${server.address().port}`));
