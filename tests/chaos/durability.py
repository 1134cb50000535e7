# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged stays: R1 to R3, R17, R24 of the test plan."""
import asyncio
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import time

import checker
from gatehouse import Refused
from ledger import Ledger
from stage import Skipped, percentile


async def r1(stage):
    """kill -9 of the server under load, at random moments.

    After each kill the files on disk are copied and judged before the server sees them again: every
    write that was acknowledged until then has to be in them. At the end everything comes to rest and
    every run has to have reached its right end."""
    server = await stage.start()
    stage.everybody()
    restarts = []
    copied = 0
    for number in range(stage.rounds):
        await asyncio.sleep(stage.random.uniform(0.05, 0.8))
        await server.kill()
        stage.ledger.write("killed", round=number)
        copy = server.copy_of_database()
        stage.judge(f"round {number}: {text}" for text in checker.check_database(copy, stage.ledger_path))
        shutil.rmtree(copy)
        copied += 1
        restarts.append(await server.start())
        if (number + 1) % 20 == 0:
            stage.say(f"{number + 1} rounds, {len(stage.faults)} faults")
    await stage.come_to_rest()
    stage.say_clients()
    operations = checker.Operations(stage.ledger_path).by_key.values()
    stage.figure("rounds of kill -9", stage.rounds)
    stage.figure("writes acknowledged", sum(one["acked"] for one in operations))
    stage.figure("writes repeated after no answer", sum(one["unknown"] for one in operations))
    stage.figure("restart, median", f"{percentile(restarts, 0.5):.2f} s")
    stage.figure("restart, longest", f"{max(restarts):.2f} s")
    stage.expect(max(restarts) <= 3.0, f"a restart took {max(restarts):.2f} s")
    stage.expect(any(one["acked"] for one in operations), "nothing was acknowledged at all")
    await stage.check_at_rest()


async def r2(stage):
    """Flush before answer: what the server asks of the kernel, written down by strace. One client, one
    request at a time, so that every answer has its own flush before it."""
    if not shutil.which("strace") or await _strace_works() is False:
        raise Skipped("strace is missing or may not trace here")
    trace = os.path.join(stage.folder, "trace")
    await stage.start(prefix=["strace", "-f", "-y", "-qq", "-o", trace, "-e",
                              "trace=pwrite64,write,writev,sendto,sendmsg,fdatasync,fsync"])
    stage.watcher(0)  # has a name for the checker, stays away
    researcher = stage.researcher(0)
    researcher.endless = 0.0  # the audit of a kill is written on its own, after the answer
    node = stage.node(0)
    for _ in range(stage.rounds):
        task = await researcher.one()
        runs = await node.api.all(f"/api/run?state=open&node_id={node.identity}&task_id={task['id']}&include=task")
        for run in runs:
            await node.work(run)
    acks = sum(one["acked"] for one in checker.Operations(stage.ledger_path).by_key.values())
    await stage.server.stop()
    flushed, unflushed, writes = 0, 0, 0
    is_dirty, since_flush = False, False
    flushing = set()  # threads whose flush has begun
    with open(trace, encoding="utf-8", errors="replace") as file:
        for line in file:
            thread, call = line.split(None, 1)
            if "gatehouse.sqlite-wal" in call.split(",")[0] and call.startswith("pwrite64"):
                is_dirty, since_flush = True, True
                writes += 1
            elif "gatehouse.sqlite-wal" in call and call.startswith(("fdatasync", "fsync")):
                if "unfinished" in call:
                    flushing.add(thread)
                else:
                    is_dirty = False
            elif thread in flushing and "sync resumed" in call:
                flushing.discard(thread)
                is_dirty = False
            elif '"HTTP/1.1 20' in call:
                if is_dirty:
                    unflushed += 1
                elif since_flush:
                    flushed += 1
                since_flush = False
    stage.expect(unflushed == 0, f"{unflushed} answers left before their flush")
    stage.expect(flushed >= acks > 0, f"{flushed} answers followed a flush of their own, {acks} writes were acknowledged")
    stage.figure("writes acknowledged", acks)
    stage.figure("answers that followed the flush of what they say", flushed)
    stage.figure("answers before their flush", unflushed)
    stage.figure("pages written to the log", writes)


async def _strace_works():
    process = await asyncio.create_subprocess_exec("strace", "-f", "-qq", "-o", "/dev/null", "true",
                                                   stderr=asyncio.subprocess.DEVNULL)
    return await process.wait() == 0


async def r3(stage):
    """Every connection is cut at a random octet, in either direction, and what got no answer is asked
    again under the same key."""
    await stage.start()
    proxy = await stage.proxy()
    proxy.cut_after = lambda: stage.random.randint(1, 2500)
    stage.watcher(0).start()
    for number in range(2):
        stage.node(number, url=stage.url).start()
    wanted = stage.rounds
    for number in range(3):
        researcher = stage.researcher(number, stage.organization_ids[:2])
        researcher.api.base = proxy.url
        researcher.start()
    await stage.until(lambda: sum(one.count for one in stage.researchers) >= wanted, "the requests", 3000)
    await stage.come_to_rest()
    operations = [one for one in checker.Operations(stage.ledger_path).by_key.values() if one["what"] != "status"]
    tries = sum(one["tries"] for one in operations)
    stage.figure("requests acknowledged", sum(one["acked"] for one in operations))
    stage.figure("tries", tries)
    stage.figure("most tries of one request", max(one["tries"] for one in operations))
    stage.expect(tries > len(operations) * 1.2, "too few cuts to tell anything")
    await stage.check_at_rest()


def cut(path, share):
    os.truncate(path, int(os.path.getsize(path) * share))


def overwrite(path, at, octets):
    with open(path, "r+b") as file:
        file.seek(at if at >= 0 else os.path.getsize(path) + at)
        file.write(octets)


def sql(path, text):
    connection = sqlite3.connect(path)
    connection.executescript(text)
    connection.close()


# What happened to the files, and whether the server may start then. "either": as it can, as long as
# `db check` finds it or nothing is missing.
DAMAGE_AFTER_KILL = {
    "log cut in its last page": (lambda db: os.truncate(db + "-wal", os.path.getsize(db + "-wal") - 1000), "starts"),
    "log's last page overwritten": (lambda db: overwrite(db + "-wal", -2000, b"\xa5" * 1000), "starts"),
    "database emptied beside its log": (lambda db: cut(db, 0), "refuses"),
    "database gone beside its log": (os.unlink, "refuses"),
}
DAMAGE_AFTER_STOP = {
    "emptied": (lambda db: cut(db, 0), "refuses"),
    "cut in half": (lambda db: cut(db, 0.5), "refuses"),
    "last octet gone": (lambda db: os.truncate(db, os.path.getsize(db) - 1), "refuses"),
    "zeros at the start": (lambda db: overwrite(db, 0, bytes(100)), "refuses"),
    "a page overwritten": (lambda db: overwrite(db, 4096 * 3, b"\xa5" * 4096), "either"),
    "schema of a newer version": (lambda db: sql(
        db, "INSERT INTO schema_migrations VALUES (999, '0999_future', 'x', 0)"), "refuses"),
    "schema with another step": (lambda db: sql(
        db, "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1"), "refuses"),
}


def content(folder):
    return {name: hashlib.sha256(open(os.path.join(folder, name), "rb").read()).hexdigest()
            for name in os.listdir(folder) if name.startswith("gatehouse.sqlite") and not name.endswith("-shm")}


async def r17(stage):
    """Files that were damaged while the server was away: it starts with all that is readable, or
    refuses with the reason and leaves them as they are. It never begins anew in silence."""
    server = await stage.start()
    stage.everybody()
    await asyncio.sleep(1)
    await server.kill()
    killed = os.path.join(stage.folder, "killed")
    shutil.copytree(server.data, killed)
    await server.start()
    await stage.come_to_rest()
    await server.stop()
    stopped = os.path.join(stage.folder, "stopped")
    shutil.copytree(server.data, stopped)
    for source, damages in ((killed, DAMAGE_AFTER_KILL), (stopped, DAMAGE_AFTER_STOP)):
        shutil.copytree(source, source + "-read")  # reading takes the log in
        tasks_before = len(checker.read_database(source + "-read")[0])
        for name, (damage, wanted) in damages.items():
            damaged = stage.new_server()
            shutil.copytree(source, damaged.data)
            damage(damaged.database)
            before = content(damaged.data)
            try:
                await damaged.start()
                started = True
            except AssertionError as error:
                started, reason = False, str(error).strip().splitlines()[-1]
            if started:
                stage.expect(wanted != "refuses", f"{name}: the server started")
                await damaged.stop()
                found = damaged.run("db", "check", check=False)
                if found.returncode == 0:
                    # A torn tail of the log was never acknowledged whole: one group may be missing.
                    left = len(checker.read_database(damaged.data)[0])
                    stage.expect(left >= tasks_before - 20, f"{name}: {left} of {tasks_before} tasks left")
                else:
                    stage.expect(wanted == "either", f"{name}: {found.stdout} {found.stderr}")
                stage.figure(name, "starts" if found.returncode == 0 else "starts, and db check finds it")
            else:
                stage.expect(wanted != "starts", f"{name}: {reason}")
                stage.expect(content(damaged.data) == before, f"{name}: refused, but the files were changed")
                stage.expect("gatehouse.sqlite" in reason, f"{name}: the reason does not name the file: {reason}")
                stage.figure(name, "refused: " + reason.split("gatehouse.sqlite", 1)[-1][:110])


async def refused_and_back(stage, researcher, watcher, node, spoil, mend, name):
    """While the storage is spoilt writes are refused and everything else goes on; once it is mended
    they are taken again without anybody's help."""
    ledger_before = checker.Operations(stage.ledger_path)
    await spoil()
    refusals = 0
    began = time.monotonic()
    while refusals < 3 and time.monotonic() - began < 20:
        try:
            answer = await researcher.api.call("POST", "/api/task", researcher.body(f"refused {name} {time.monotonic()}"))
            stage.say(f"{name}: still written, task {answer['id']}")
            stage.extra_tasks.append(answer["id"])
        except Refused as refusal:
            stage.expect(refusal.status == 503, f"{name}: {refusal}")
            refusals += 1
    stage.expect(refusals == 3, f"{name}: writes were not refused")
    tasks = await researcher.api.call("GET", "/api/task")
    stage.expect(len(tasks["data"]) > 0, f"{name}: reads do not go on")
    heard = len(watcher.events)
    run = next(iter(ledger_before.of("status")))["run"]
    await node.tell({"run_id": run, "task_id": 1, "node_id": node.identity, "collaboration_id": stage.collaboration,
                     "organization_id": stage.organization_ids[0], "parent_id": None}, "active")
    await stage.until(lambda: len(watcher.events) > heard, f"{name}: events go on", 5)
    await mend()
    began = time.monotonic()
    while True:
        try:
            answer = await researcher.api.call("POST", "/api/task", researcher.body(f"again {name}"))
            stage.extra_tasks.append(answer["id"])
            break
        except Refused:
            if time.monotonic() - began > 20:
                stage.fault(f"{name}: not back 20 s after it was mended")
                return
            await asyncio.sleep(0.05)
    back = time.monotonic() - began
    stage.expect(back <= 5, f"{name}: back after {back:.1f} s only")
    stage.figure(f"{name}: writes again after", f"{back:.2f} s")


async def r24(stage):
    """A disk that is full and then has space again; a disk that reports an error when it is to flush."""
    if os.geteuid() != 0:
        raise Skipped("mounting a small disk needs root")
    disk = os.path.join(stage.folder, "disk")
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "none", disk], check=False).returncode:
        raise Skipped("a small disk cannot be mounted here")

    async def unmount():
        for server in stage.servers:
            await server.dispose()
        subprocess.run(["umount", disk], check=True)
    stage.closers.append(unmount)
    await stage.start(data=os.path.join(disk, "data"))
    watcher, node, researcher = stage.watcher(0), stage.node(0), stage.researcher(0, stage.organization_ids[:1])
    researcher.endless = 0.0
    stage.extra_tasks = []
    watcher.start()
    node.start()
    for client in (watcher, node):
        await stage.until(lambda: client.is_connected, f"{client.name} connects")
    for _ in range(5):
        await researcher.one()
    await stage.come_to_rest()
    filler = os.path.join(disk, "filler")

    async def fill():
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    async def free():
        os.unlink(filler)
    for number in range(stage.rounds):
        await refused_and_back(stage, researcher, watcher, node, fill, free, f"full disk {number + 1}")
    await stage.come_to_rest()
    copy = stage.server.copy_of_database()
    stage.judge(text for text in checker.check_database(copy, stage.ledger_path)
                if not text.startswith(("again", "refused full")))
    found = {name for _, name, _ in checker.read_database(copy)[0]}
    refused = [name for name in found if name.startswith("refused")]
    stage.expect(len(refused) <= len(stage.extra_tasks) - stage.rounds, f"refused, but there: {refused}")
    await stage.server.stop()
    await fsync_fails(stage)


async def fsync_fails(stage):
    """After a flush that failed nothing may be acknowledged on the word of the same open file: the
    kernel may have dropped what it could not write and call the next flush a success."""
    if not shutil.which("strace") or await _strace_works() is False:
        raise Skipped("strace is missing or may not trace here")
    trace = os.path.join(stage.folder, "trace")
    server = stage.new_server(prefix=[
        "strace", "-f", "-y", "-qq", "-o", trace, "-e", "trace=openat,fdatasync,write",
        "-e", "inject=fdatasync:error=EIO:when=25..400+25"])
    server.set_up()
    await server.start()
    stage.server = server
    stage.ledger.close()
    stage.ledger_path += "-eio"
    stage.ledger = Ledger(stage.ledger_path)
    researcher = stage.researcher(2, stage.organization_ids[:1])
    researcher.endless = 0.0
    for _ in range(60):
        await researcher.one()
    copy = server.copy_of_database()
    stage.judge(checker.check_database(copy, stage.ledger_path))
    await server.stop()
    injected, blind = 0, 0
    suspect = None  # the file whose flush failed, until it is opened again
    with open(trace, encoding="utf-8", errors="replace") as file:
        for line in file:
            if "(INJECTED)" in line:
                injected += 1
                suspect = re.search(r"fdatasync\(\d+<([^>]*)>", line).group(1)
            elif suspect and "openat(" in line and f'"{suspect}"' in line:
                suspect = None
            elif '"HTTP/1.1 201' in line and suspect:
                blind += 1
    stage.expect(injected > 0, "no flush failed: nothing was tried")
    stage.expect(blind == 0, f"{blind} writes were acknowledged after a failed flush on the same open file")
    stage.figure("flushes that failed", injected)
    stage.figure("acknowledged without opening the file anew", blind)
