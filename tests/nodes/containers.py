# SPDX-License-Identifier: Apache-2.0
"""Algorithm containers without Docker or Kubernetes: each run is a process. An image whose name holds
"endless" runs until it is killed, every other one answers what it was given."""
import json
import queue
import subprocess
import sys
import threading

ENDLESS = "import sys; sys.stdin.read()"
QUICK = "import sys; sys.stdout.write(sys.stdin.read())"


class Container:
    def __init__(self, run_id, task_info, image, given):
        self.run_id = run_id
        self.task_id = task_info["id"]
        self.parent_id = (task_info.get("parent") or {}).get("id")
        self.init_org_id = (task_info.get("init_org") or {}).get("id")
        self.is_endless = "endless" in image
        self.process = subprocess.Popen(
            [sys.executable, "-c", ENDLESS if self.is_endless else QUICK],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.given = given if isinstance(given, bytes) else str(given).encode()


class Containers:
    """What both generations' managers do here."""

    def __init__(self):
        self.active = []
        self.finished = queue.Queue()
        self.lock = threading.Lock()

    def start(self, container):
        with self.lock:
            self.active.append(container)
        say(started=container.run_id)
        if not container.is_endless:
            threading.Thread(target=self._collect, args=(container,), daemon=True).start()

    def _collect(self, container):
        output, _ = container.process.communicate(container.given)
        with self.lock:
            self.active.remove(container)
        self.finished.put((container, output))

    def has(self, run_id):
        with self.lock:
            return any(one.run_id == run_id for one in self.active)

    def kill(self, run_ids=None):
        """Those of these runs that are running; all for None."""
        with self.lock:
            chosen = [one for one in self.active if run_ids is None or one.run_id in run_ids]
            self.active = [one for one in self.active if one not in chosen]
        for container in chosen:
            container.process.kill()
            container.process.wait()
            say(killed=container.run_id)
        return chosen


def say(**what):
    # In one piece: the node logs to the same place from other threads.
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()
