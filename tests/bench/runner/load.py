# SPDX-License-Identifier: Apache-2.0
"""Calls bench-load and reads what it found."""

import json
import subprocess
from pathlib import Path

from servers import Server, cores, prefer


class Load:
    """A started bench-load."""

    def __init__(self, bin_folder: Path, server: Server, arguments, tls=False):
        core = cores()[1]
        self._process = subprocess.Popen(
            [
                str(bin_folder / "bench-load"),
                *("--port", str(server.port), "--pid", str(server.pid)),
                *(("--cpu", str(core)) if core is not None else ()),
                *(("--tls",) if tls else ()),
                *arguments,
            ],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=prefer,
        )

    def wait_ready(self):
        line = self._process.stdout.readline()
        if line.strip() != "ready":
            raise RuntimeError(f"the clients did not connect: {line.strip()}")

    def findings(self, timeout=300):
        """Numbers by name; a RuntimeError when something was lost or went wrong."""
        out, _ = self._process.communicate(timeout=timeout)
        if self._process.returncode != 0:
            raise RuntimeError(f"bench-load found faults: {out.strip() or 'it could not run'}")
        return json.loads(out)
