# SPDX-License-Identifier: Apache-2.0
# python-socketio as a back end uses it, told what to do by lines of JSON:
#   python emitter.py kombu|redis|aiopika URL CHANNEL
# "kombu" and "redis" are a process that only emits, unless a line asks for a whole server ("serve").
import asyncio
import json
import sys
import threading

import socketio

kind, url, channel = sys.argv[1:4]
saying = threading.Lock()


def say(what):
    """A line, whole: answers of clients come in threads of their own."""
    with saying:
        print(json.dumps(what), flush=True)


def data_of(wish):
    def walk(value):
        if isinstance(value, list):
            return [walk(one) for one in value]
        if isinstance(value, dict):
            if "hex" in value:
                return bytes.fromhex(value["hex"])
            return {key: walk(one) for key, one in value.items()}
        return value

    data = walk(wish.get("data"))
    return tuple(data) if wish.get("tuple") else data


def manager(write_only):
    if kind == "kombu":
        return socketio.KombuManager(url, channel=channel, write_only=write_only)
    return socketio.RedisManager(url, channel=channel, write_only=write_only)


def as_process():
    external = manager(True)
    server = None
    say({"ready": True, "version": getattr(socketio, "__version__", "")})
    for line in sys.stdin:
        wish = json.loads(line)
        namespace = wish.get("namespace", "/")
        if wish["do"] == "emit":
            external.emit(wish["event"], data_of(wish), namespace=namespace, room=wish.get("room"),
                          skip_sid=wish.get("skip_sid"))
        elif wish["do"] == "serve":
            server = socketio.Server(client_manager=manager(False), async_mode="threading")
            server.manager.initialize()
            server.manager_initialized = True
        elif wish["do"] == "ask":
            server.emit(wish["event"], data_of(wish), to=wish["room"],
                        callback=lambda *args: say({"answer": args}))
        elif wish["do"] == "disconnect":
            server.disconnect(wish["sid"], namespace=namespace)
        elif wish["do"] == "enter_room":
            external.enter_room(wish["sid"], namespace, wish["room"])
        elif wish["do"] == "leave_room":
            external.leave_room(wish["sid"], namespace, wish["room"])
        elif wish["do"] == "close_room":
            external.close_room(wish["room"], namespace)
        say({"done": True})


async def as_coroutine():
    external = socketio.AsyncAioPikaManager(url, channel=channel, write_only=True)
    say({"ready": True, "version": getattr(socketio, "__version__", "")})
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            break
        wish = json.loads(line)
        await external.emit(wish["event"], data_of(wish), namespace=wish.get("namespace", "/"),
                            room=wish.get("room"), skip_sid=wish.get("skip_sid"))
        say({"done": True})


if kind == "aiopika":
    asyncio.run(as_coroutine())
else:
    as_process()
