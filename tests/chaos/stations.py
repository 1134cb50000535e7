# SPDX-License-Identifier: Apache-2.0
"""Stations that come and go: R4, R5 of the test plan."""
import asyncio
import time

from clients import LibraryLink, NpmLink, PlainLink
from ledger import Operations

INTERVAL, TIMEOUT = 1.0, 3.0
HEARTBEAT = (f"limits.ping_interval={int(INTERVAL * 1000)}ms", f"limits.ping_timeout={int(TIMEOUT * 1000)}ms")
# Until the end is noticed, and the longest pause before the client tries again.
BACK_WITHIN = INTERVAL + TIMEOUT + 1.0
# Some time for a machine that does other things too; and the libraries' own waits when the fault hits
# their connecting (python-socketio: handshake 5 s, upgrade 10 s; socket.io-client: 5 s).
SLACK = {PlainLink: 2.5, LibraryLink: 12.5, NpmLink: 7.5}


async def r4(stage):
    """A station is killed between being told of a run and taking it; how long until the next
    incarnation is told of it, counted from its connect."""
    await stage.start()
    researcher = stage.researcher(0, stage.organization_ids[:1])
    researcher.endless = 0.0
    stage.watcher(0).start()
    delays = []
    killed = stage.node(0)
    for number in range(stage.rounds):
        killed.may_work.clear()
        told = asyncio.Event()
        killed.found = lambda _: told.set()
        if killed.task is None:
            killed.start()
        task = await researcher.one()
        await asyncio.wait_for(told.wait(), 10)
        await killed.stop()
        stage.nodes.remove(killed)

        killed = stage.node(0)
        found = []
        killed.found = lambda run: run["task"]["id"] == task["id"] and found.append(time.monotonic())
        killed.start()
        await stage.until(lambda: found, f"round {number}: the run is told again")
        delays.append(found[0] - killed.connected_at)
        await stage.until(lambda: len(killed.finished) == 1, "the run is done")
    stage.figure("stations killed", stage.rounds)
    stage.figure("run told again after connect, longest", f"{max(delays) * 1000:.0f} ms")
    stage.expect(max(delays) <= 1.0, f"a run was told again after {max(delays):.2f} s only")
    await stage.come_to_rest()
    await stage.check_at_rest()


async def flap(stage, node, proxy, faults, back):
    """One fault of the network, and the time until the station is back after it was healed."""
    kind = stage.random.choice(["reset", "finish", "silence", "long silence", "half open",
                                "while connecting"])
    before = node.connects
    halves = []
    if kind == "reset":
        proxy.reset()
    elif kind == "finish":
        proxy.finish()
    elif kind == "half open":
        halves = proxy.half_open()
    elif kind == "while connecting":
        # Hits the handshake, the upgrade or the CONNECT of the next connection.
        proxy.reset()
        await stage.until(lambda: proxy.pairs, "the next connection begins")
        await asyncio.sleep(stage.random.uniform(0.0, 0.06))
        proxy.silence()
        await asyncio.sleep(stage.random.uniform(0.05, 2 * (INTERVAL + TIMEOUT)))
        proxy.heal()
    else:
        proxy.silence()
        longest = (INTERVAL + TIMEOUT) * (0.7 if kind == "silence" else 2)
        await asyncio.sleep(stage.random.uniform(0.05, longest))
        proxy.heal()
    began, starved = time.monotonic(), stage.starved()
    # After a short silence it may never have been away; what counts then is that it still answers.
    await asyncio.sleep(0.05)
    limit = BACK_WITHIN + SLACK[type(node.link)]
    away = await stage.until(
        lambda: node.is_connected and (node.connects > before or time.monotonic() - began > BACK_WITHIN),
        f"{node.name} ({type(node.link).__name__}) back after {kind}: {node.faults}", 60)
    if node.connects > before:
        back.setdefault(kind, []).append(away)
        starved = stage.starved() - starved
        stage.expect(away <= limit + starved, f"{node.name} ({type(node.link).__name__}) was away for {away:.1f} s "
                                    f"after {kind}, {starved:.1f} s without a processor: {node.faults}")
    for pair in halves:
        pair.end(reset=True)
    faults.append(kind)


async def r5(stage):
    """Stations flap: RST, FIN, silences shorter and longer than the heartbeat, half-open connections,
    silences in the middle of the next connect, mixed, while tasks come all the time."""
    await stage.start(settings=HEARTBEAT, organizations=6)
    stage.watcher(0, link=stage.npm()).start()
    proxies = {}
    for number, link in enumerate([PlainLink, LibraryLink, stage.npm(), LibraryLink]):
        proxy = await stage.proxy()
        node = stage.node(number, link, proxy.url)
        node.api.timeout = 3
        proxies[node] = proxy
        node.start()
    for node in stage.nodes:
        await stage.until(lambda: node.is_connected, f"{node.name} connects")
    for number in range(2):
        researcher = stage.researcher(number, stage.organization_ids[:4])
        researcher.pause = (0.05, 0.3)
        researcher.start()

    flaps, back = [], {}

    async def keep_flapping(node):
        while len(flaps) < stage.rounds:
            await flap(stage, node, proxies[node], flaps, back)
            await asyncio.sleep(stage.random.uniform(0.0, 0.5))
    await asyncio.gather(*[keep_flapping(node) for node in stage.nodes])

    await stage.come_to_rest()
    await asyncio.sleep(INTERVAL + TIMEOUT + 1)  # the last half-open ones are noticed
    api = stage.api("user", 0)
    status = {one["name"]: one["status"] for one in await api.all("/api/node")}
    for node in stage.nodes:
        stage.expect(status[node.name] == "online", f"{node.name} is {status[node.name]} at rest")
    watcher = stage.watchers[0]
    # Its ping may go unanswered where its process gets no processor for so long.
    stage.expect(watcher.connects == 1 or stage.starved() > INTERVAL + TIMEOUT, f"the listener's own connection broke {watcher.connects - 1} times")
    state = {}
    for line in Operations(stage.ledger_path).heard:
        if line["event"] in ("node-online", "node-offline"):
            name = (line["connection"], line["data"]["name"])
            stage.expect(state.get(name) != line["event"], f"{line['event']} told twice about {name[1]}")
            state[name] = line["event"]
    for (connection, name), last in state.items():
        if connection < watcher.connects:
            continue
        stage.expect(last == "node-online", f"the last word about {name} was {last}")
    stage.figure("seconds without a processor, all threads", f"{stage.starved():.1f}")
    stage.say_clients()
    stage.figure("flaps", len(flaps))
    stage.figure("reconnects", sum(node.connects - 1 for node in stage.nodes))
    for kind, times in sorted(back.items()):
        stage.figure(f"away after {kind}", f"median {sorted(times)[len(times) // 2]:.2f} s, longest {max(times):.2f} s")
    stage.figure("tasks", len([1 for one in Operations(stage.ledger_path).of("task") if one["acked"]]))
    await stage.check_at_rest()
