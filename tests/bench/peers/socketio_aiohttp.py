# SPDX-License-Identifier: Apache-2.0
"""The rooms fixture on Debian's python3-socketio over aiohttp."""

import socket
import sys

import socketio
from aiohttp import web

sio = socketio.AsyncServer(async_mode="aiohttp")
app = web.Application()
sio.attach(app)


@sio.event
async def join(sid, room):
    sio.enter_room(sid, room)
    return ()


@sio.event
async def pub(_sid, data):
    await sio.emit("msg", data, room="r")


@sio.event
async def x(_sid, _data):
    return ()


async def say_where(_app):
    print("listening on 127.0.0.1", listener.getsockname()[1], flush=True)


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
app.on_startup.append(say_where)
web.run_app(app, sock=listener, print=None)
