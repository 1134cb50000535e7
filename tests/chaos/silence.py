# SPDX-License-Identifier: Apache-2.0
"""Peers that stop without a word, and clocks that lie: R9 to R13, R23 of the test plan."""
import asyncio
import glob
import os
import signal
import socket
import sqlite3
import sys
import time

from clients import QuietLink
from gatehouse import Refused
from stage import Skipped, percentile

INTERVAL, TIMEOUT = 1.0, 2.0


def heartbeat(interval, timeout):
    return f"limits.ping_interval={int(interval * 1000)}ms", f"limits.ping_timeout={int(timeout * 1000)}ms"


HEARTBEAT = heartbeat(INTERVAL, TIMEOUT)
OFFLINE_WITHIN = INTERVAL + TIMEOUT + 1.0


def rss(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def told(watcher, event, since):
    """name of a node -> when the watcher heard it."""
    return {data["name"]: at for at, name, data in watcher.events if name == event and at >= since}


async def everybody_connects(stage, seconds=60):
    for client in [*stage.nodes, *stage.watchers]:
        await stage.until(lambda: client.is_connected, f"{client.name} connects", seconds)


async def quiet(watcher, seconds=1.0):
    """Until it has heard nothing for that long: this process has caught up with what it was told."""
    while not watcher.events or time.monotonic() - watcher.events[-1][0] < seconds:
        await asyncio.sleep(0.05)


async def r9(stage):
    """The cable of many stations is pulled at once: everything stays ESTABLISHED, nothing arrives."""
    count = stage.rounds
    # Each of them is told of all others, by one process that plays them all and their cable.
    interval, timeout = (INTERVAL, TIMEOUT) if count <= 100 else (10.0, 20.0)
    within = interval + timeout + 1.0
    await stage.start(organizations=count + 1, settings=heartbeat(interval, timeout))
    watcher = stage.watcher(0)
    watcher.start()
    proxy = await stage.proxy()
    for number in range(count):
        node = stage.node(number, QuietLink, url=proxy.url)
        node.start()
        await stage.until(lambda: node.is_connected, f"{node.name} connects", 60)
    await quiet(watcher)
    began, starved = time.monotonic(), stage.starved()
    proxy.silence()
    await stage.until(lambda: len(told(watcher, "node-offline", began)) == count, "all are told offline",
                      within + 30)
    starved = stage.starved() - starved
    times = [at - began for at in told(watcher, "node-offline", began).values()]
    stage.figure("stations", count)
    stage.figure("told offline after", f"median {percentile(times, 0.5):.2f} s, last {max(times, default=0):.2f} s"
                                       f" (heartbeat {interval:g} s + {timeout:g} s)")
    stage.expect(all(one <= within + starved for one in times),
                 f"the last was told after {max(times, default=0):.1f} s")
    status = {one["name"]: one["status"] for one in await stage.api("user", 0).all("/api/node")}
    stage.expect(all(status[node.name] == "offline" for node in stage.nodes), f"the API tells otherwise: {status}")
    proxy.heal()
    await everybody_connects(stage, 120)


async def r10(stage):
    """Old and new socket of one station: the end of the old one, which nobody hears of for a while,
    changes nothing; what was created in between reaches the new one."""
    await stage.start(settings=HEARTBEAT)
    watcher, researcher = stage.watcher(0), stage.researcher(0, stage.organization_ids[:1])
    researcher.endless = 0.0
    watcher.start()
    proxy = await stage.proxy()
    user = stage.api("user", 0)
    for number in range(stage.rounds):
        old = stage.node(0, url=proxy.url)
        old.api.base = stage.url
        old.start()
        await stage.until(lambda: old.is_connected, "the old one connects")
        halves = proxy.half_open()
        await old.stop()
        stage.nodes.remove(old)
        lost = await researcher.one()  # told to the socket that is dead
        began = time.monotonic()
        new = stage.node(0)
        new.start()
        await stage.until(lambda: len(new.finished) == 1, "what the dead socket was told is done by the new one", 10)
        await asyncio.sleep(max(0.0, OFFLINE_WITHIN - (time.monotonic() - began)))  # the old one's end
        stage.expect(not told(watcher, "node-offline", began), f"round {number}: told offline by the old socket")
        status = {one["name"]: one["status"] for one in await user.all("/api/node")}
        stage.expect(status["node0"] == "online", f"round {number}: {status['node0']} after the old socket's end")
        task = await researcher.one()
        await stage.until(lambda: len(new.finished) == 2, f"tasks {lost['id']}, {task['id']} are done by the new one", 10)
        for pair in halves:
            pair.end(reset=True)
        await new.stop()
        stage.nodes.remove(new)
        await stage.until(lambda: told(watcher, "node-offline", began), "the new one's own end is told", 10)
    stage.figure("overlaps", stage.rounds)
    await stage.check_at_rest()


async def r11(stage):
    """A client process is frozen (SIGSTOP) while its rooms go on talking."""
    await stage.start(settings=(*HEARTBEAT, "limits.queue_size=256KiB"))
    watcher, talker = stage.watcher(0), stage.node(1)
    watcher.start()
    talker.start()
    await everybody_connects(stage)
    token = os.path.join(stage.folder, "token")
    with open(token, "w", encoding="ascii") as file:
        file.write(stage.server.mint("node", 0))
    program = os.path.join(os.path.dirname(__file__), "..", "interop", "node.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, program, "--url", stage.server.url, "--token-file", token,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        await stage.until(lambda: "node0" in told(watcher, "node-online", 0), "the client process connects")
        run = await a_run(stage, talker)
        base = rss(stage.server.pid)
        began, starved = time.monotonic(), stage.starved()
        process.send_signal(signal.SIGSTOP)
        most, sent = base, 0
        while not told(watcher, "node-offline", began) and time.monotonic() - began < 60:
            await talker.link.emit("algorithm_log", {**run, "log": "x" * 1024})
            sent += 1
            most = max(most, rss(stage.server.pid))
            await asyncio.sleep(0.002)
        starved = stage.starved() - starved
        took = told(watcher, "node-offline", began).get("node0", began + 60) - began
    finally:
        process.kill()
        await process.wait()
    stage.expect(took <= OFFLINE_WITHIN + starved, f"told offline after {took:.1f} s")
    stage.expect(most - base <= 4 << 20 or stage.server.has_address_sanitizer, f"the server grew by {(most - base) >> 10} KiB")
    stage.figure("told offline after", f"{took:.2f} s")
    stage.figure("events of 1 KiB sent to its room meanwhile", sent)
    stage.figure("server's memory grew by at most", f"{(most - base) >> 10} KiB")


async def a_run(stage, node):
    """A run of the station's own, which stays open."""
    number = stage.node_ids[node.name] - min(stage.node_ids.values())
    researcher = stage.researcher(0, [stage.organization_ids[number]])
    node.may_work.clear()
    task = await researcher.api.call("POST", "/api/task", researcher.body("endless talk"))
    runs = await node.api.all(f"/api/run?state=open&node_id={node.identity}&task_id={task['id']}")
    return {"run_id": runs[0]["id"], "task_id": task["id"], "collaboration_id": stage.collaboration}


async def r12(stage):
    """The server is frozen for longer than a client may take for a pong, and goes on: nobody who is
    still there may be dropped for what the server itself has slept through."""
    interval, timeout = (25.0, 60.0) if stage.options.long else (2.0, 4.0)
    frozen = timeout + 0.25 * interval if not stage.options.long else 60.0
    await stage.start(organizations=22, settings=(
        f"limits.ping_interval={int(interval * 1000)}ms", f"limits.ping_timeout={int(timeout * 1000)}ms"))
    for number in range(20):
        stage.node(number).start()
    watcher = stage.watcher(0)
    watcher.start()
    await everybody_connects(stage)
    clients = [*stage.nodes, watcher]
    for number in range(stage.rounds):
        # Clients wait for pingInterval + pingTimeout themselves: all have to have heard a ping lately.
        await stage.until(lambda: all(time.monotonic() - one.link.pinged < 0.4 * interval for one in clients),
                          "all have had a ping lately", 3 * interval + 10)
        stage.server.signal(signal.SIGSTOP)
        await asyncio.sleep(frozen)
        stage.server.signal(signal.SIGCONT)
        began = time.monotonic()
        await stage.until(lambda: all(one.link.pinged > began for one in clients), "all are pinged again",
                          2 * (interval + timeout))
        await asyncio.sleep(timeout)
        dropped = [one.name for one in clients if one.connects > 1]
        stage.expect(not dropped, f"round {number}: dropped: {dropped}")
    stage.figure("clients", len(clients))
    stage.figure("frozen", f"{stage.rounds} times {frozen:g} s (heartbeat {interval:g} s + {timeout:g} s)")


async def r13(stage):
    """One reader stops among many: it is closed as slow, the others notice nothing."""
    readers, pause = (100, 0.01) if stage.options.long else (15, 0.02)
    await stage.start(organizations=readers + 3, settings=("limits.queue_size=128KiB", "http.send_buffer=16KiB"))
    for number in range(readers):
        stage.watcher(number).start()
    talker = stage.node(readers + 1)
    talker.start()
    await everybody_connects(stage)
    run = await a_run(stage, talker)
    stuck, *others = stage.watchers

    async def talk(seconds):
        """Latencies of the others."""
        for one in stage.watchers:
            one.events.clear()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and (stuck.is_connected or seconds < 5):
            await talker.link.emit("algorithm_log", {**run, "log": f"{time.monotonic()} " + "x" * 1024})
            await asyncio.sleep(pause)
        await asyncio.sleep(0.5)
        return [at - float(data["log"].split()[0]) for one in others
                for at, event, data in one.events if event == "algorithm_log"]
    undisturbed = await talk(4)
    base = rss(stage.server.pid)
    handle = stuck.link.socket._response.connection.transport.get_extra_info("socket")
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.link.socket._response.connection.transport.pause_reading()
    stuck.link.reads.clear()
    closed_before = await slow_closes(stage)
    began = time.monotonic()
    talking = asyncio.ensure_future(talk(30))
    closed = await stage.until(lambda: has_slow_close(stage, closed_before), "the stuck reader is closed as slow", 30)
    grew = rss(stage.server.pid) - base
    stuck.is_connected = False  # ends the talking
    disturbed = await talking
    before, during = percentile(undisturbed, 0.99), percentile(disturbed, 0.99)
    stage.expect(undisturbed and disturbed, "nothing was heard")
    stage.expect(all(one.connects == 1 for one in others), "others lost their connection")
    stage.expect(closed <= 10 + stage.starved(), f"closed after {closed:.1f} s")
    stage.expect(grew <= 2 << 20 or stage.server.has_address_sanitizer, f"the server grew by {grew >> 10} KiB")
    # Ten milliseconds are what a busy machine does by itself.
    stage.expect(during <= 2 * before + 0.01 + stage.starved() / 10, f"p99 {before * 1000:.1f} ms, then {during * 1000:.1f} ms")
    stage.figure("readers", f"{readers}, {1 / pause:.0f} events of 1 KiB a second")
    stage.figure("p99 of the others, before and during", f"{before * 1000:.1f} ms, {during * 1000:.1f} ms")
    stage.figure("closed as slow after", f"{closed:.1f} s")
    stage.figure("server's memory grew by", f"{grew >> 10} KiB")
    stuck.link.reads.set()


async def slow_closes(stage):
    """From /metrics, which a stuck client cannot tell."""
    async with stage.apis[0].session.get(stage.server.url + "/metrics") as response:
        for line in (await response.text()).splitlines():
            if line.startswith("gatehouse_slow_consumers_total "):
                return float(line.split()[1])
    raise AssertionError("the metric is not there")


async def has_slow_close(stage, before):
    return await slow_closes(stage) > before


LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


async def r23(stage):
    """The server's wall clock is set forward, back, and runs ten times too fast. Nobody is dropped,
    what is stored keeps its order, and no token lives longer than it was made for."""
    library = glob.glob(LIBRARY)
    if not library:
        raise Skipped("libfaketime is not installed (Debian package faketime)")
    clock = os.path.join(stage.folder, "clock")

    def set_clock(text):
        with open(clock + ".new", "w", encoding="ascii") as file:
            file.write(text + "\n")
        os.replace(clock + ".new", clock)
    set_clock("+0")
    server = stage.new_server()
    if server.has_address_sanitizer:
        raise Skipped("libfaketime cannot be loaded before AddressSanitizer")
    server.set_up()
    server.environment = {**server.environment, "LD_PRELOAD": library[0], "FAKETIME_TIMESTAMP_FILE": clock,
                          "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    await server.start()
    del server.environment["LD_PRELOAD"]  # tokens are made at the true time
    await stage.look(server)
    stage.everybody()
    await everybody_connects(stage)
    clients = [*stage.nodes, *stage.watchers]
    for text, seconds in (("+1h", 2), ("+0", 2), ("-1h", 2), ("+0 x10", 2), ("+0", 1)):
        set_clock(text)
        await asyncio.sleep(seconds)
    stage.expect([one.connects for one in clients] == [1] * len(clients),
                 f"dropped: {[one.name for one in clients if one.connects > 1]}")
    await stage.come_to_rest()
    await stage.check_at_rest()
    connection = sqlite3.connect(server.database)
    created = [row[0] for row in connection.execute("SELECT created_at FROM task ORDER BY id")]
    connection.close()
    back = sum(later < earlier for earlier, later in zip(created, created[1:]))
    stage.expect(back == 0, f"{back} tasks are older than the one before them")
    stage.figure("clock", "1 h forward, right, 1 h back, ten times too fast, right")
    stage.figure("clients dropped", sum(one.connects - 1 for one in clients))
    stage.figure("tasks, and how many are older than the one before", f"{len(created)}, {back}")

    # A server of its own, whose clock is set back while a token is about to end.
    set_clock("+0")
    server = stage.new_server()
    server.set_up()
    server.environment["LD_PRELOAD"] = library[0]
    server.environment |= {"FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1",
                           "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    server.settings.append("auth.leeway=0ms")
    await server.start()
    del server.environment["LD_PRELOAD"]
    stage.server = server
    short = stage.api("user", 0)
    short.token = server.mint("user", 0, "--ttl", "4")
    until = time.monotonic() + 4
    await short.call("GET", "/api/task")
    set_clock("-1h")
    while time.monotonic() < until + 1:
        try:
            await short.call("GET", "/api/task")
            outlived = time.monotonic() - until
        except Refused:
            outlived = 0.0
        await asyncio.sleep(0.1)
    stage.expect(outlived == 0.0, "a token outlived its end after the clock was set back")
    stage.figure("tokens that outlived their end", int(outlived > 0))
