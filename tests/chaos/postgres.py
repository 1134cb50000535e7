# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL that goes away, freezes or is locked: R19 of the test plan."""
import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

import checker
from clients import result_of
from stage import Skipped

TOOLS = "/usr/lib/postgresql/15/bin"


class Cluster:
    """A PostgreSQL of the test's own, reached by a socket in its folder."""

    def __init__(self):
        if not os.path.exists(f"{TOOLS}/initdb"):
            raise Skipped("PostgreSQL is not installed (Debian package postgresql)")
        self.folder = tempfile.mkdtemp(prefix="gatehouse-pg-")
        self.prefix = []
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            if os.stat("/dev/null").st_mode & 0o002:
                self.prefix = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
                os.chown(self.folder, pwd.getpwnam("nobody").pw_uid, -1)
            else:
                self.prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        self.data = os.path.join(self.folder, "data")
        self.run("initdb", "--auth=trust", "--username=gatehouse", "--encoding=UTF8", "--locale=C",
                 "--no-sync", "--pgdata", self.data)
        self.start()
        self.psql("CREATE DATABASE test", database="postgres")
        self.url = f"postgresql://gatehouse@/test?host={self.folder}"

    def run(self, tool, *words):
        # To a file: a server that goes on would keep a pipe open.
        with open(os.path.join(self.folder, "out"), "w+", encoding="utf-8") as out:
            done = subprocess.run([*self.prefix, f"{TOOLS}/{tool}", *words], cwd=self.folder, timeout=60,
                                  check=False, text=True, stdout=out, stderr=subprocess.STDOUT)
            out.seek(0)
            text = out.read()
        if done.returncode:
            raise AssertionError(f"{tool}: {text}")
        return text

    def start(self):
        self.run("pg_ctl", "start", "--wait", "--silent", "--pgdata", self.data,
                 "--log", os.path.join(self.folder, "log"), "--options",
                 f"-c listen_addresses= -c recovery_init_sync_method=syncfs -k {self.folder}")

    def stop(self, mode):
        self.run("pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}", "--pgdata", self.data)

    def psql(self, sql, database="test"):
        return self.run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\x1f",
                        "--host", self.folder, "--username=gatehouse", "--dbname", database, "--command", sql)

    def processes(self):
        with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as file:
            first = int(file.readline())
        children = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True, check=False)
        return [first, *map(int, children.stdout.split())]

    def signal(self, number):
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def tables(self):
        """As checker.read_database returns them."""
        def rows(sql):
            for line in self.psql(sql).splitlines():
                yield [None if word == "" else int(word) if word.lstrip("-").isdigit() else word
                       for word in line.split("\x1f")]
        tasks = [tuple(row) for row in rows("SELECT id, name, collaboration_id FROM task")]
        runs = [tuple(row) for row in rows(
            "SELECT run.id, task_id, organization_id, status, started_at, finished_at, result"
            " FROM run LEFT JOIN run_outcome ON run_outcome.run_id = run.id")]
        return tasks, {row[0]: row for row in runs}, []

    async def close(self):
        try:
            self.signal(signal.SIGCONT)
            self.stop("immediate")
        except (AssertionError, OSError):
            pass
        shutil.rmtree(self.folder, ignore_errors=True)


async def r19(stage):
    """PostgreSQL restarted, killed, frozen, its tables locked, while clients work."""
    cluster = Cluster()
    stage.closers.append(cluster.close)
    server = stage.new_server(settings=[f"storage.url={cluster.url}"])
    server.set_up()
    await server.start()
    await stage.look(server)
    stage.everybody()
    for client in [*stage.nodes, *stage.watchers]:
        await stage.until(lambda: client.is_connected, f"{client.name} connects")
    long = 30 if stage.options.long else 7  # longer than what the server waits

    async def restart():
        cluster.stop("fast")
        await asyncio.sleep(1)
        cluster.start()

    async def kill():
        cluster.stop("immediate")
        await asyncio.sleep(1)
        cluster.start()

    async def freeze():
        cluster.signal(signal.SIGSTOP)
        await asyncio.sleep(long)
        cluster.signal(signal.SIGCONT)

    async def lock():
        await asyncio.to_thread(
            cluster.psql, f"BEGIN; LOCK TABLE task IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({long}); COMMIT")

    apis = [one.api for one in [*stage.researchers, *stage.nodes]]
    for number in range(stage.rounds):
        for fault in (restart, kill, freeze, lock):
            for api in apis:
                api.took.clear()
            starved = stage.starved()
            await fault()
            await asyncio.sleep(1.5)
            starved = stage.starved() - starved
            took = [one for api in apis for one in api.took]
            stage.expect(max(took) <= 5.5 + starved,
                         f"round {number}, {fault.__name__}: an answer took {max(took):.1f} s")
            stage.figure(f"longest answer, {fault.__name__}", f"{max(took):.2f} s of {len(took)} requests")
    await stage.come_to_rest()
    operations = checker.Operations(stage.ledger_path).by_key.values()
    stage.figure("writes acknowledged", sum(one["acked"] for one in operations))
    stage.expect(all(one.connects == 1 for one in [*stage.nodes, *stage.watchers]), "clients were dropped")
    stage.judge(checker.check_events(stage.ledger_path, stage.collaboration_of))
    stage.judge(await checker.check_api(stage.api("user", 0, timeout=30), cluster.tables))
    await server.stop()
    stage.judge(checker.check_database(cluster.tables, stage.ledger_path, result_of))
