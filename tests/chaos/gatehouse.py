# SPDX-License-Identifier: Apache-2.0
"""The real server in a process of its own, and its HTTP API as a client uses it."""
import asyncio
import collections
import ctypes
import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import aiohttp


def end_with_parent():
    """The kernel ends a server whose test was killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Lost(Exception):
    """No answer came, so what was asked for may have been done or not."""


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        # The one refusal that leaves open what became of a write says so (storage.answer_timeout).
        self.verdict = "unknown" if "may have" in str(body) else "refused"


def federation(organizations):
    """Collaboration red with all but the last organization, blue with the last one alone."""
    names = [f"Org{number}" for number in range(organizations)]
    rules = ["event/receive/collaboration", "event/send/collaboration", "task/create/collaboration",
             "task/view/collaboration", "run/view/collaboration", "node/view/collaboration",
             "organization/view/collaboration", "collaboration/view/organization"]
    return {
        "format": "gatehouse-import", "version": 1,
        "organizations": [{"name": name} for name in names],
        "collaborations": [{"name": "red", "encrypted": False, "organizations": names[:-1]},
                           {"name": "blue", "encrypted": False, "organizations": names[-1:]}],
        "roles": [{"name": "Tester", "rules": rules}],
        "nodes": [{"name": f"node{number}", "organization": name,
                   "collaboration": "blue" if number == organizations - 1 else "red",
                   "api_key": api_key(number)} for number, name in enumerate(names)],
        "users": [{"username": f"user{number}", "organization": name, "roles": ["Tester"]}
                  for number, name in enumerate(names)],
    }


def api_key(number):
    return f"11111111-aaaa-4aaa-8aaa-{number:012d}"


class Server:
    """Owns its data directory. `prefix` is put before the command: strace, faketime."""

    def __init__(self, binary, folder, organizations=4, settings=(), prefix=(), data=None):
        self.binary = os.path.abspath(binary)
        self.folder = folder
        self.data = data or os.path.join(folder, "data")
        self.database = os.path.join(self.data, "gatehouse.sqlite")
        self.log_path = os.path.join(folder, "server.log")
        self.settings = ["server.drain_spread=200ms", "federation.node_write_interval=1s", *settings]
        self.prefix = list(prefix)
        self.port = 0
        self.process = None
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("GATEHOUSE_")}
        self.environment["LC_ALL"] = "C.UTF-8"
        self.organizations = organizations
        self.ids = {}

    @functools.cached_property
    def has_address_sanitizer(self):
        """It keeps what is freed, so memory measured says nothing, and lets no other library load before it."""
        with open(self.binary, "rb") as file:
            return b"libasan.so" in file.read()

    def command(self, *words):
        return [self.binary, *words, "--data", self.data,
                *[word for setting in self.settings for word in ("--set", setting)]]

    def run(self, *words, check=True, timeout=60, **more):
        return subprocess.run(self.command(*words), check=check, timeout=timeout, text=True,
                              capture_output=True, env=self.environment, **more)

    def set_up(self):
        path = os.path.join(self.folder, "federation.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(federation(self.organizations), file)
        self.run("import", path)

    def mint(self, kind, number, *more):
        """A token of node or user `number`. Nodes and users share one number space, nodes first."""
        identity = number + 1 if kind == "node" else self.organizations + number + 1
        return self.run("token", "mint", "--kind", kind, "--id", str(identity), *more).stdout.strip()

    async def start(self, timeout=30):
        """Returns the seconds until the server said that it is ready."""
        began = time.monotonic()
        log = open(self.log_path, "ab")
        self.process = await asyncio.create_subprocess_exec(
            *self.prefix, *self.command("serve", "--listen", f"127.0.0.1:{self.port}"),
            stdout=asyncio.subprocess.PIPE, stderr=log, env=self.environment,
            preexec_fn=end_with_parent)
        log.close()
        try:
            line = await asyncio.wait_for(self._ready(), timeout)
        except asyncio.TimeoutError:
            raise AssertionError(f"the server did not get ready within {timeout} s") from None
        if line is None:
            raise AssertionError(f"the server ended with {await self.process.wait()}:\n{self.log_tail()}")
        self.port = int(line.rsplit(":", 1)[1].split("/")[0])
        return time.monotonic() - began

    async def _ready(self):
        async for line in self.process.stdout:
            if line.startswith(b"ready "):
                return line.decode().strip()
        return None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def signal(self, number):
        """To the server itself, not to what it was started with."""
        os.kill(self.pid, number)

    @property
    def pid(self):
        if not self.prefix:
            return self.process.pid
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        return int(children[0]) if children else self.process.pid

    async def kill(self):
        self.signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self):
        if self.process and self.process.returncode is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            await asyncio.wait_for(self.process.wait(), 30)
        return self.process.returncode if self.process else None

    async def dispose(self):
        if self.process and self.process.returncode is None:
            await self.kill()

    def log_tail(self, octets=3000):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()[-octets:]

    def copy_of_database(self):
        """What is on disk now, to be opened without touching what the server will find."""
        folder = tempfile.mkdtemp(prefix="copy-", dir=self.folder)
        for suffix in ("", "-wal"):
            if os.path.exists(self.database + suffix):
                shutil.copyfile(self.database + suffix, os.path.join(folder, "gatehouse.sqlite" + suffix))
        return folder


class Api:
    """One client of the HTTP API. `base` is a function, because a server may come back elsewhere."""

    def __init__(self, base, token, timeout=10):
        self.base = base
        self.token = token
        self.timeout = timeout
        self.took = collections.deque(maxlen=10_000)  # seconds until each answer
        self.session = aiohttp.ClientSession()

    async def call(self, method, path, body=None, key=None, timeout=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        if key:
            headers["Idempotency-Key"] = key
        began = time.monotonic()
        try:
            async with self.session.request(
                    method, self.base() + path, json=body, headers=headers,
                    timeout=aiohttp.ClientTimeout(total=timeout or self.timeout)) as response:
                text = await response.text()
                self.took.append(time.monotonic() - began)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            self.took.append(time.monotonic() - began)
            raise Lost(str(error) or type(error).__name__) from error
        answer = json.loads(text) if text else None
        if response.status >= 300:
            raise Refused(response.status, answer)
        return answer

    async def all(self, path):
        """Every page of a list."""
        items = []
        page = 1
        while True:
            joint = "&" if "?" in path else "?"
            answer = await self.call("GET", f"{path}{joint}per_page=100&page={page}", timeout=30)
            items += answer["data"]
            if not answer.get("links", {}).get("next"):
                return items
            page += 1

    async def close(self):
        await self.session.close()
