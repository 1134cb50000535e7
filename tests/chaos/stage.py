# SPDX-License-Identifier: Apache-2.0
"""What every scenario needs: a server, its clients, a ledger, a seed, and a verdict at the end."""
import asyncio
import glob
import os
import random
import re
import shutil
import tempfile
import time

import checker
from clients import LibraryLink, Node, NpmLink, PlainLink, Researcher, Watcher, result_of
from gatehouse import Api, Server
from ledger import Ledger
from proxy import Proxy


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


class Skipped(Exception):
    """This machine cannot do what the scenario needs."""


class Stage:
    def __init__(self, options):
        self.options = options
        self.rounds = options.rounds
        self.seed = options.seed
        self.random = random.Random(options.seed)
        self.folder = tempfile.mkdtemp(prefix="gatehouse-chaos-")
        self.ledger_path = os.path.join(self.folder, "ledger")
        self.ledger = Ledger(self.ledger_path)
        self.server = None
        self.servers = []
        self.nodes, self.watchers, self.researchers, self.apis = [], [], [], []
        self.collaboration_of = {}
        self.faults = []
        self.figures = {}
        self.closers = []
        self.is_closing = False

    # What is said to people.

    def say(self, text):
        print(text, flush=True)

    def fault(self, text):
        self.faults.append(text)
        if len(self.faults) <= 20:
            print(f"FAULT {text}", flush=True)

    def expect(self, holds, text):
        if not holds:
            self.fault(text)

    def judge(self, faults):
        for text in faults:
            self.fault(text)

    def figure(self, name, value):
        self.figures[name] = value

    # Server and clients.

    def new_server(self, **more):
        server = Server(self.options.binary, tempfile.mkdtemp(dir=self.folder), **more)
        self.servers.append(server)
        if self.server is None:
            self.server = server
        return server

    async def start(self, **more):
        """`organizations`, `settings`, `prefix` of the server; see Server."""
        server = self.new_server(**more)
        server.set_up()
        await server.start()
        await self.look(server)
        return server

    async def look(self, server):
        """Learns the ids from the API, as clients would."""
        user = self.api("user", 0)
        self.collaboration = (await user.call("GET", "/api/collaboration"))["data"][0]["id"]
        self.organization_ids = sorted(
            one["id"] for one in await user.all("/api/organization"))
        nodes = await user.all("/api/node")
        self.node_ids = {one["name"]: one["id"] for one in nodes}

    async def proxy(self):
        proxy = await Proxy(lambda: self.server.port).start()
        self.closers.append(proxy.close)
        return proxy

    def api(self, kind, number, **more):
        api = Api(lambda: self.server.url, self.server.mint(kind, number), **more)
        self.apis.append(api)
        return api

    def url(self):
        return self.server.url

    def node(self, number, link=PlainLink, url=None):
        name = f"node{number}"
        node = Node(name, self.node_ids[name], url or self.url, self.server.mint("node", number),
                    self.ledger, self.seed, link)
        self.nodes.append(node)
        self.collaboration_of[name] = self.collaboration
        return node

    def watcher(self, number, collaboration=None, url=None, link=PlainLink):
        name = f"watcher{number}"
        watcher = Watcher(name, url or self.url, self.server.mint("user", number), self.ledger,
                          self.seed, link)
        self.watchers.append(watcher)
        self.collaboration_of[name] = collaboration or self.collaboration
        return watcher

    def researcher(self, number, organizations=None):
        name = f"researcher{number}"
        researcher = Researcher(
            name, self.url, self.server.mint("user", number % (self.server.organizations - 1)),
            self.ledger, self.seed, self.collaboration, organizations or self.organization_ids)
        self.researchers.append(researcher)
        self.collaboration_of[name] = self.collaboration
        return researcher

    def npm(self):
        """npm's client, or the one from the protocol where it is not installed."""
        if NpmLink.is_installed():
            return NpmLink
        if not self.figures.get("npm's client"):
            self.figure("npm's client", "not installed (scripts/clients), the one from the protocol in its place")
        return PlainLink

    def everybody(self):
        """Three stations of the collaboration red, one with each client, a user of either
        collaboration who listens, and three who work."""
        for number, link in enumerate((LibraryLink, PlainLink, self.npm())):
            self.node(number, link)
        self.watcher(0, link=self.npm())
        # The one of blue hears nothing at all, whatever happens in red.
        self.watcher(self.server.organizations - 1, collaboration=-1)
        for number in range(3):
            self.researcher(number, self.organization_ids[:3])
        for client in [*self.nodes, *self.watchers, *self.researchers]:
            client.start()

    def say_clients(self):
        """Every station has worked, every listener of red has heard, whatever client it is."""
        for node in self.nodes:
            self.figure(f"{node.name} ({type(node.link).__name__})",
                        f"{len(node.finished)} runs done, {node.connects} connects")
            self.expect(node.finished, f"{node.name} ({type(node.link).__name__}) has done nothing")
        for watcher in self.watchers:
            if self.collaboration_of[watcher.name] != self.collaboration:
                continue
            self.figure(f"{watcher.name} ({type(watcher.link).__name__})",
                        f"{len(watcher.events)} events heard, {watcher.connects} connects")
            self.expect(watcher.events, f"{watcher.name} ({type(watcher.link).__name__}) has heard nothing")

    def starved(self):
        """Seconds that the server, this process and npm's clients were ready to run and got no
        processor, so far. On a machine that has too much to do, times say more about it than about the
        server."""
        total = 0.0
        others = [one.link.process.pid for one in (*self.nodes, *self.watchers)
                  if isinstance(one.link, NpmLink) and one.link.process]
        for pid in ("self", self.server.process.pid, *others):
            for thread in glob.glob(f"/proc/{pid}/task/*/schedstat"):
                try:
                    with open(thread, encoding="ascii") as file:
                        total += int(file.read().split()[1]) / 1e9
                except OSError:
                    pass  # a thread that has ended meanwhile
        return total

    # Waiting.

    async def until(self, holds, what, seconds=30):
        """Seconds it took; a fault when it never came."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            value = holds()
            if asyncio.iscoroutine(value):
                value = await value
            if value:
                return time.monotonic() - began
            await asyncio.sleep(0.01)
        self.fault(f"{what}: not within {seconds} s")
        return float(seconds)

    async def come_to_rest(self, seconds=60):
        """Nothing new begins, what was begun is finished, everybody is connected."""
        for researcher in self.researchers:
            await asyncio.wait_for(researcher.rest(), seconds)
        for client in [*self.nodes, *self.watchers]:
            await self.until(lambda: client.is_connected, f"{client.name} is back", seconds)
        user = self.api("user", 0, timeout=30)
        async def no_open_runs():
            return not await user.all("/api/run?state=open")
        return await self.until(no_open_runs, "all runs are finished", seconds)

    async def say_turns(self, api):
        """How often, since its start, answers of the storage held the server's loop, and for how long."""
        async with api.session.get(self.server.url + "/metrics") as response:
            text = await response.text()
        for name, what in (("", "times without a processor included"), ("cpu_", "of CPU")):
            counts = dict(re.findall(
                rf'^gatehouse_store_loop_turn_{name}seconds_bucket\{{le="([^"]+)"\}} (\d+)', text, re.M))
            total = int(counts["+Inf"])
            self.figure(f"turns of the loop with answers of the storage, {what}",
                        f"{total}, longer than 2.5 ms {total - int(counts['0.0025'])}, "
                        f"longer than 5 ms {total - int(counts['0.005'])}")

    async def check_at_rest(self):
        """The whole verdict: events, API, and the database after the server has ended."""
        self.ledger.write("rest")
        user = self.api("user", 0, timeout=30)
        await self.say_turns(user)
        copy = self.server.copy_of_database()
        self.judge(await checker.check_api(user, copy))
        self.judge(checker.check_events(self.ledger_path, self.collaboration_of))
        code = await self.server.stop()
        self.expect(code == 0, f"the server ended with {code} at SIGTERM: {self.server.log_tail(500)}")
        self.judge(checker.check_database(self.server.data, self.ledger_path, result_of))
        verdict = self.server.run("db", "check", check=False)
        self.expect(verdict.returncode == 0, f"db check: {verdict.stdout}{verdict.stderr}")

    async def close(self):
        self.is_closing = True
        for client in [*self.researchers, *self.nodes, *self.watchers]:
            await client.stop()
        for api in self.apis:
            await api.close()
        for closer in self.closers:
            await closer()
        for server in self.servers:
            await server.dispose()
        self.ledger.close()
        if not self.faults and not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
