# SPDX-License-Identifier: Apache-2.0
"""Clients: three Socket.IO connections (python3-socketio, npm's socket.io-client, and one written from
the protocol), a data station, a user who only listens, and one who creates tasks."""
import asyncio
import base64
import json
import os
import random
import shutil
import time
import urllib.parse

import aiohttp
import socketio

from gatehouse import Api, Lost, Refused

NAMESPACE = "/tasks"


class LibraryLink:
    """python3-socketio; polling first, then WebSocket.

    Debian's python3-engineio 4.3.4 does not survive a silence in the middle of its upgrade: it waits
    without end, or stays `connected` with nobody reading (the client with threads too, where a dump
    of a station that was away showed its read loop ended and the state `connected`). A real station
    then has to be restarted, which is what ends run() here."""

    def __init__(self, url, token, on_event):
        self.url, self.token, self.on_event = url, token, on_event
        self.client = None

    async def run(self):
        """From connecting to the end of the connection. The owner calls again to reconnect."""
        client = socketio.AsyncClient(reconnection=False, request_timeout=5)
        self.client = client
        ended = asyncio.Event()

        class Events(socketio.AsyncClientNamespace):
            async def trigger_event(events, event, *args):
                if event == "disconnect":
                    ended.set()
                elif event != "connect":
                    self.on_event(event, args)
        client.register_namespace(Events(NAMESPACE))
        connecting = asyncio.ensure_future(client.connect(
            self.url(), headers={"Authorization": f"Bearer {self.token}"},
            namespaces=[NAMESPACE], wait_timeout=5))
        try:
            await asyncio.wait([connecting], timeout=10)
            if not connecting.done():
                raise asyncio.TimeoutError
            connecting.result()
            self.on_event("connect", ())
            told = asyncio.ensure_future(ended.wait())
            await asyncio.wait([told, client.eio.read_loop_task], return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
        finally:
            # Given up as a process that ends gives it up, in whatever state it is; disconnect() may
            # wait for a peer that is gone.
            self.client = None
            for task in (connecting, client.eio.read_loop_task, client.eio.write_loop_task):
                if task:
                    task.cancel()
            if client.eio.http and not client.eio.http.closed:
                await client.eio.http.close()

    async def emit(self, event, data=None):
        if self.client:
            await self.client.emit(event, data, namespace=NAMESPACE)


class PlainLink:
    """Engine.IO 4 and Socket.IO 5 by WebSocket alone, from the protocol. Takes the server's silence
    for an end after pingInterval + pingTimeout, as the protocol wants."""

    def __init__(self, url, token, on_event):
        self.url, self.token, self.on_event = url, token, on_event
        self.socket = None
        self.pinged = 0.0  # when the server's last ping came, or the connection was opened
        self.reads = asyncio.Event()
        self.reads.set()  # cleared: reads nothing, as a client that is stuck

    async def run(self):
        async with aiohttp.ClientSession() as session:
            headers = {"Authorization": f"Bearer {self.token}"}
            self.socket = await asyncio.wait_for(session.ws_connect(
                self.url() + "/socket.io/?EIO=4&transport=websocket", headers=headers,
                autoping=True, max_msg_size=0, compress=0), 5)
            try:
                patience = 10
                while True:
                    await self.reads.wait()
                    message = await asyncio.wait_for(self.socket.receive(), patience)
                    if message.type != aiohttp.WSMsgType.TEXT:
                        return
                    packet = message.data
                    if packet[0] in "02":
                        self.pinged = time.monotonic()
                    if packet[0] == "0":
                        opened = json.loads(packet[1:])
                        patience = (opened["pingInterval"] + opened["pingTimeout"]) / 1000
                        await self.socket.send_str(f"40{NAMESPACE},")
                    elif packet[0] == "2":
                        await self.socket.send_str("3")
                    elif packet.startswith(f"40{NAMESPACE},"):
                        self.on_event("connect", ())
                    elif packet.startswith(f"42{NAMESPACE},"):
                        event, *args = json.loads(packet[len(f"42{NAMESPACE},"):])
                        self.on_event(event, args)
                    elif packet[0] == "1" or packet.startswith("41") or packet.startswith("44"):
                        return
            finally:
                socket, self.socket = self.socket, None
                transport = socket._response.connection and socket._response.connection.transport
                if transport:
                    transport.abort()  # a closing handshake with a dead peer would only take time

    async def emit(self, event, data=None):
        if self.socket and not self.socket.closed:
            await self.socket.send_str(
                f"42{NAMESPACE}," + json.dumps([event] if data is None else [event, data]))


class QuietLink:
    """Only stays connected, and looks at nothing but the server's pings: for scenarios in which very
    many are told of each other, and one process plays them all."""

    PING = bytes([0x81, 1]) + b"2"

    def __init__(self, url, token, on_event):
        self.url, self.token, self.on_event = url, token, on_event

    @staticmethod
    def frame(text):
        """A masked text frame (RFC 6455 section 5.2); the mask is zero."""
        return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode()

    async def run(self):
        address = urllib.parse.urlsplit(self.url())
        reader, writer = await asyncio.wait_for(asyncio.open_connection(address.hostname, address.port), 5)
        try:
            writer.write((f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address.netloc}\r\n"
                          "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                          f"Authorization: Bearer {self.token}\r\n\r\n").encode())
            writer.write(self.frame(f"40{NAMESPACE},"))
            octets = b""
            while f"40{NAMESPACE},{{".encode() not in octets:
                more = await asyncio.wait_for(reader.read(65536), 10)
                if not more:
                    return
                octets += more
            self.on_event("connect", ())
            patience = 60
            while octets := await asyncio.wait_for(reader.read(65536), patience):
                if self.PING in octets:
                    writer.write(self.frame("3"))
        finally:
            writer.transport.abort()


HERE = os.path.dirname(os.path.abspath(__file__))
NODE_MODULES = os.path.join(HERE, "..", "..", "build", "clients", "node_modules")


class NpmLink:
    """npm's socket.io-client in a process of its own; polling first, then WebSocket. Reconnects by
    itself, so run() ends only with the process."""

    def __init__(self, url, token, on_event):
        self.url, self.token, self.on_event = url, token, on_event
        self.process = None

    @staticmethod
    def is_installed():
        return shutil.which("node") and os.path.isdir(os.path.join(NODE_MODULES, "socket.io-client"))

    async def run(self):
        process = await asyncio.create_subprocess_exec(
            "node", os.path.join(HERE, "npmlink.js"), stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, limit=1 << 24, env={**os.environ, "NODE_PATH": NODE_MODULES})
        try:
            self.say(process, {"url": self.url(), "token": self.token})
            self.process = process
            async for line in process.stdout:
                what = json.loads(line)
                self.on_event(what["event"], what["args"])
        finally:
            self.process = None
            if process.returncode is None:
                process.kill()
            await process.wait()

    @staticmethod
    def say(process, what):
        process.stdin.write(json.dumps(what).encode() + b"\n")

    async def emit(self, event, data=None):
        if self.process and self.process.returncode is None:
            self.say(self.process, {"emit": event} if data is None else {"emit": event, "data": data})


class Client:
    """Somebody who stays connected: reconnects for ever, 0.1 to 1 s after each end."""

    def __init__(self, name, server_url, token, link, seed):
        self.name = name
        self.random = random.Random(f"{seed}/{name}")
        self.link = link(server_url, token, self._on_event)
        self.is_connected = False
        self.connects = 0
        self.connected_at = 0.0
        self.faults = []
        self.task = None
        self.jobs = set()

    def start(self):
        self.task = asyncio.ensure_future(self._stay())

    async def _stay(self):
        while True:
            try:
                await self.link.run()
            except Exception as fault:  # python-engineio lets out TypeError and others when cut off
                self.faults = self.faults[-20:] + [repr(fault)]
            finally:
                self.is_connected = False
            await asyncio.sleep(self.random.uniform(0.1, min(1.0, 0.2 * 2 ** min(len(self.faults), 3))))

    def _on_event(self, event, args):
        if event == "connect":
            self.is_connected = True
            self.connects += 1
            self.connected_at = time.monotonic()
            self.faults = []
        elif event in ("disconnect", "connect_error"):  # of a library that comes back by itself
            self.is_connected = False
            self.faults = self.faults[-20:] + [f"{event}: {args[0] if args else ''}"]
            return
        self.handle(event, args)

    def handle(self, event, args):
        pass

    def spawn(self, work):
        job = asyncio.ensure_future(work)
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)
        job.add_done_callback(lambda done: done.cancelled() or done.result())
        return job

    async def stop(self):
        """As a process that is killed: nothing is said to anybody. Cancelled again until it has
        ended: wait_for() of Python 3.11 loses a cancellation that comes together with its result."""
        jobs = {job for job in [self.task, *self.jobs] if job}
        while jobs:
            for job in jobs:
                job.cancel()
            _, jobs = await asyncio.wait(jobs, timeout=0.5)


class Watcher(Client):
    """A user who writes down every event that is not only text."""

    def __init__(self, name, server_url, token, ledger, seed, link=PlainLink):
        super().__init__(name, server_url, token, link, seed)
        self.ledger = ledger
        self.events = []

    def handle(self, event, args):
        if event != "message":
            self.events.append((time.monotonic(), event, args[0] if args else None))
            self.ledger.write("heard", who=self.name, connection=self.connects, event=event,
                              data=args[0] if args else None)


def result_of(run_id):
    return base64.b64encode(f"result of {run_id}".encode()).decode()


class Node(Client):
    """A data station as federation.md has it: asks for its open runs at every `sync`, for those of a
    task at every `new_task`, and works on each until it is finished or killed. Runs of tasks called
    `endless…` are worked on until they are killed."""

    def __init__(self, name, identity, server_url, token, ledger, seed, link=PlainLink):
        super().__init__(name, server_url, token, link, seed)
        self.identity = identity
        self.api = Api(server_url, token)
        self.ledger = ledger
        self.working = {}
        self.finished = set()
        self.found = None  # called with each run the node sees for the first time
        self.may_work = asyncio.Event()
        self.may_work.set()
        self.pause = 0.0

    def handle(self, event, args):
        if event == "sync":
            self.spawn(self.fetch(f"/api/run?state=open&node_id={self.identity}&include=task"))
        elif event in ("new_task", "new_task_update"):
            self.spawn(self.fetch(
                f"/api/run?state=open&node_id={self.identity}&task_id={args[0]['id']}&include=task"))
        elif event == "kill_containers" and "kill_list" in args[0]:
            for entry in args[0]["kill_list"]:
                job = self.working.get(entry["run_id"])
                self.ledger.write("heard", who=self.name, connection=self.connects, event="kill",
                                  data=entry["run_id"])
                if job:
                    job.cancel()

    async def fetch(self, path):
        while True:
            try:
                runs = await self.api.all(path)
                break
            except (Lost, Refused):
                await asyncio.sleep(self.random.uniform(0.05, 0.2))
        for run in runs:
            if run["id"] in self.working or run["id"] in self.finished:
                continue
            self.ledger.write("heard", who=self.name, connection=self.connects, event="run",
                              data=run["id"])
            if self.found:
                self.found(run)
            job = self.spawn(self.work(run))
            self.working[run["id"]] = job
            job.add_done_callback(lambda _, number=run["id"]: self.working.pop(number, None))

    async def work(self, run):
        await self.may_work.wait()
        endless = run["task"]["name"].startswith("endless")
        now = "2026-03-01T12:00:00.000000+00:00"
        part = {"run_id": run["id"], "task_id": run["task"]["id"], "node_id": self.identity,
                "collaboration_id": run["task"]["collaboration"]["id"],
                "organization_id": run["organization"]["id"], "parent_id": None}
        if not await self.change(run["id"], "started", {"started_at": now}):
            return
        if not await self.change(run["id"], "active", {"status": "active"}):
            return
        await self.tell(part, "active")
        if endless:
            await asyncio.Event().wait()
        await asyncio.sleep(self.pause)
        await self.tell(part, "completed")
        await self.change(run["id"], "completed", {
            "status": "completed", "finished_at": now, "result": result_of(run["id"]), "log": "done"})
        self.finished.add(run["id"])

    async def tell(self, part, status):
        try:
            await self.link.emit("algorithm_status_change", {**part, "status": status})
        except (ConnectionError, RuntimeError, aiohttp.ClientError, socketio.exceptions.SocketIOError):
            pass  # only told, never what counts: the change itself goes by HTTP

    async def change(self, run_id, name, body):
        """Repeats until the server has said yes (true) or that the run is over (false)."""
        key = f"run {run_id} {name}"
        while True:
            self.ledger.write("try", key=key, what="status", run=run_id, status=name, who=self.name)
            try:
                await self.api.call("PATCH", f"/api/run/{run_id}", body)
                self.ledger.write("ack", key=key)
                return True
            except Lost:
                self.ledger.write("unknown", key=key)
            except Refused as refusal:
                self.ledger.write(refusal.verdict, key=key, status=refusal.status)
                if refusal.status == 400:  # finished already: killed, or by a try without an answer
                    return False
            await asyncio.sleep(self.random.uniform(0.02, 0.1))

    async def stop(self):
        await super().stop()
        await self.api.close()


class Researcher:
    """Creates tasks one after the other, kills those it called endless. An operation that got no
    answer is repeated under the same key until it has one."""

    def __init__(self, name, server_url, token, ledger, seed, collaboration, organizations):
        self.name = name
        self.api = Api(server_url, token)
        self.ledger = ledger
        self.random = random.Random(f"{seed}/{name}")
        self.collaboration = collaboration
        self.organizations = organizations
        self.count = 0
        self.pause = (0.0, 0.02)
        self.endless = 0.2  # share of tasks that are to be killed
        self.may_begin = asyncio.Event()
        self.may_begin.set()
        self.task = None
        self.idle = asyncio.Event()

    def start(self):
        self.task = asyncio.ensure_future(self._work())

    async def _work(self):
        while True:
            if not self.may_begin.is_set():
                self.idle.set()
                await self.may_begin.wait()
                self.idle.clear()
            await self.one()
            await asyncio.sleep(self.random.uniform(*self.pause))

    async def one(self):
        self.count += 1
        kind = "endless" if self.random.random() < self.endless else "task"
        name = f"{kind} {self.name} {self.count}"
        chosen = self.random.sample(self.organizations, self.random.randint(1, len(self.organizations)))
        task = await self.insist(name, "task", "/api/task", self.body(name, chosen), runs=len(chosen))
        if task and kind == "endless":
            await self.insist(f"kill {name}", "kill", "/api/kill/task", {"id": task["id"]}, task=task["id"])
        return task

    def body(self, name, organizations=None):
        return {"name": name, "image": "harbor.example.org/average:1", "collaboration_id": self.collaboration,
                "organizations": [{"id": one, "input": "e30="} for one in organizations or self.organizations],
                "databases": [{"label": "d"}]}

    async def insist(self, key, what, path, body, **more):
        while True:
            self.ledger.write("try", key=key, what=what, who=self.name, **more)
            try:
                answer = await self.api.call("POST", path, body, key=key)
                self.ledger.write("ack", key=key, answer={"id": answer.get("id")})
                return answer
            except Lost:
                self.ledger.write("unknown", key=key)
            except Refused as refusal:
                self.ledger.write(refusal.verdict, key=key, status=refusal.status, body=refusal.body)
                if refusal.status < 500:
                    return None
            await asyncio.sleep(self.random.uniform(0.02, 0.1))

    async def rest(self):
        """Begins nothing new; returns when what was begun is done."""
        self.may_begin.clear()
        if self.task is None:
            return
        await self.idle.wait()

    def go_on(self):
        self.idle.clear()
        self.may_begin.set()

    async def stop(self):
        if self.task:
            self.task.cancel()
            try:
                await self.task
            except asyncio.CancelledError:
                pass
        await self.api.close()
