# SPDX-License-Identifier: Apache-2.0
"""What the clients did, wanted and heard, as the clients themselves saw it.

One JSON object a line, written to a file the server knows nothing of. A line that was handed to the
kernel outlives the client's process; the machine itself is not crashed by these tests.

An operation has one `try` line for each time it was sent and one line for each way that went:
  ack      the server said yes: from now on it has to be in the database
  refused  the server said no: nothing of it may be there
  unknown  no answer came (connection cut, server gone, too late): it may be there, once
"""
import json
import time


class Ledger:
    def __init__(self, path):
        self.path = path
        self._file = open(path, "a", encoding="utf-8")

    def write(self, kind, **what):
        self._file.write(json.dumps({"at": round(time.monotonic(), 4), "kind": kind, **what}) + "\n")
        self._file.flush()

    def close(self):
        self._file.close()


def read(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


class Operations:
    """The operations of a ledger by their keys."""

    def __init__(self, path):
        self.by_key = {}
        self.heard = []
        for line in read(path):
            if line["kind"] == "heard":
                self.heard.append(line)
            elif line["kind"] == "try":
                operation = self.by_key.setdefault(line["key"], {**line, "acked": False, "unknown": False, "refused": False})
                operation["tries"] = operation.get("tries", 0) + 1
            elif line["kind"] in ("ack", "unknown", "refused"):
                operation = self.by_key[line["key"]]
                if line["kind"] == "ack":
                    operation["acked"] = True
                    operation["answer"] = line.get("answer")
                else:
                    operation[line["kind"]] = True

    def of(self, what):
        return [operation for operation in self.by_key.values() if operation["what"] == what]
