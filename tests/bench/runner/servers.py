# SPDX-License-Identifier: Apache-2.0
"""The servers under load: how each is started, pinned to a core, on a port it chooses itself."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass(frozen=True)
class Kind:
    name: str
    title: str
    command: tuple
    port_argument: tuple  # with {port}
    tls_arguments: tuple = ()  # with {cert} and {key}; none: no TLS
    max_clients: int = 50_000
    environment: tuple = ()
    only_by_name: bool = False  # left out unless --servers asks for it


def kinds(bin_folder: Path, peers: Path | None, root: Path):
    """All servers that can be started here; the first is the floor."""
    fixture = (str(bin_folder / "conformance-server"), "--fixture", "rooms")
    fixture_port = ("--listen", "127.0.0.1:{port}")
    fixture_tls = ("--tls-cert", "{cert}", "--tls-key", "{key}")
    scripts = root / "tests/bench/peers"
    found = [
        Kind("bare", "bare epoll", (str(bin_folder / "bench-reference"),), ("{port}",), ("{cert}", "{key}")),
        Kind("gatehouse", "Gatehouse, one send each", (*fixture, "--no-io-uring"), fixture_port, fixture_tls),
        Kind("gatehouse-uring", "Gatehouse, io_uring", fixture, fixture_port),
        Kind("gatehouse-threads", "Gatehouse, two threads", (*fixture, "--io-threads", "2"), fixture_port, fixture_tls,
             only_by_name=True),
    ]
    if peers:
        node = (("NODE_PATH", str(peers / "node_modules")),)
        found.append(Kind("ws", "Node ws", ("node", str(scripts / "ws.js")), ("{port}",), environment=node))
        found.append(
            Kind("socketio", "Node socket.io", ("node", str(scripts / "socketio.js")), ("{port}",), environment=node)
        )
        if _has_python_socketio():
            script = str(scripts / "socketio_aiohttp.py")
            found.append(
                Kind("python", "python-socketio", ("/usr/bin/python3", script), ("{port}",), max_clients=1_000)
            )
    return found


def _has_python_socketio():
    probe = subprocess.run(["/usr/bin/python3", "-c", "import socketio, aiohttp"], capture_output=True)
    return probe.returncode == 0


def cores():
    """Cores of server and client; none when they would have to share one."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[SERVER_CORE], usable[CLIENT_CORE]) if len(usable) > 1 else (None, None)


def prefer():
    """Before others, where that is allowed."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    except PermissionError:
        pass


class Server:
    """A running one; ends with its `with` block."""

    def __init__(self, kind: Kind, tls_files=None, port=0):
        arguments = [part.format(port=port) for part in kind.port_argument]
        if tls_files:
            cert, key = tls_files
            arguments += [part.format(cert=cert, key=key) for part in kind.tls_arguments]
        self._process = subprocess.Popen(
            [*kind.command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **dict(kind.environment)},
            preexec_fn=self._pin,
        )
        line = self._process.stdout.readline()
        where = re.match(r"listening on \S+ (\d+)", line)
        if not where:
            self._process.kill()
            raise RuntimeError(f"{kind.title} does not start: {line.strip() or 'it ended'}")
        self.port = int(where.group(1))

    @staticmethod
    def _pin():
        core = cores()[0]
        if core is not None:
            os.sched_setaffinity(0, {core})
        prefer()

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
