#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small shared-files service, as an example of what joins Gatehouse through gatehouse_service.

    filesystem.py URL TOKEN-FILE [PROJECT-FOLDER]

It lists files, sends their content, tells everybody who has joined a file where the others'
cursors are, locks one user's part at a time, and forgets users who have gone.
"""

import base64
import io
import logging
import pathlib
import sys
import tarfile

from gatehouse_service import run_service


class Filesystem:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.joined = {}  # file path -> set of user names
        self.locks = {}  # (file path, piece) -> user name

    def attach(self, bus):
        self.bus = bus

    def get_wanted_messages(self):
        return [
            "file-list-request",
            "file-content-request",
            "file-project-request",
            "file-join",
            "file-leave",
            "file-lock-request",
            "cursor-move",
            "client-disconnect",
        ]

    def handle_message(self, msg):
        handler = getattr(self, "on_" + msg.type.replace("-", "_"))
        handler(msg, msg.content)

    def on_file_list_request(self, msg, content):
        tree = sorted(str(path.relative_to(self.folder)) for path in self._files())
        self.bus.respond(msg, "file-list-response", {"root_tree": tree})

    def on_file_content_request(self, msg, content):
        path = self._inside(content.get("file_path"))
        if path is None or not path.is_file():
            self.bus.respond(msg, "error-response", {"message": "no such file", "error_code": 1})
            return
        text = path.read_text(encoding="utf-8", errors="replace")
        self.bus.respond(msg, "file-content-response", {
            "file_path": content["file_path"], "block_list": [[0, text]],
        })

    def on_file_project_request(self, msg, content):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for path in self._files():
                tar.add(path, arcname=str(path.relative_to(self.folder)), recursive=False)
        data = base64.b64encode(packed.getvalue()).decode()
        self.bus.respond(msg, "file-project-response", {"data": data})

    def on_file_join(self, msg, content):
        if not msg.is_from_client or msg.sender[1] is None:
            return
        users = self.joined.setdefault(content.get("file_path"), set())
        users.add(msg.sender[1])
        self.bus.send_to(users, "file-join-broadcast", {
            "file_path": content.get("file_path"), "username": msg.sender[1],
        })

    def on_file_leave(self, msg, content):
        if msg.is_from_client:
            self.joined.get(content.get("file_path"), set()).discard(msg.sender[1])

    def on_file_lock_request(self, msg, content):
        key = (content.get("file_path"), content.get("piece_uuid"))
        owner = self.locks.setdefault(key, msg.sender[1])
        self.bus.respond(msg, "file-lock-response", {
            "file_path": content.get("file_path"), "success": owner == msg.sender[1],
        })

    def on_cursor_move(self, msg, content):
        if msg.is_from_client:
            others = self.joined.get(content.get("file_path"), set()) - {msg.sender[1]}
            self.bus.send_to(others, "cursor-move-broadcast", dict(content, username=msg.sender[1]))

    def on_client_disconnect(self, msg, content):
        if msg.sender != "service.WSServer":
            return
        name = content["username"]
        for users in self.joined.values():
            users.discard(name)
        self.locks = {key: owner for key, owner in self.locks.items() if owner != name}

    def _files(self):
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def _inside(self, name):
        """A path below the folder, or None for one that leads out of it."""
        if not isinstance(name, str):
            return None
        path = (self.folder / name).resolve()
        return path if path.is_relative_to(self.folder) else None


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    logging.basicConfig(level=logging.INFO)
    with open(sys.argv[2], encoding="ascii") as token_file:
        run_service(
            Filesystem(sys.argv[3] if len(sys.argv) > 3 else "."), sys.argv[1],
            token_file.read().strip())
