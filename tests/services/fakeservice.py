# SPDX-License-Identifier: Apache-2.0
"""A service that reports what it gets, one JSON line each, and does what its input says.

fakeservice.py URL NAME WANTED QUEUES     token in SERVICE_TOKEN
"""

import base64
import json
import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "services"))

import gatehouse_service  # noqa: E402

lock = threading.Lock()


def say(item):
    with lock:
        sys.stdout.write(json.dumps(item, separators=(",", ":")) + "\n")
        sys.stdout.flush()


class Fake:
    def __init__(self, wanted, queues):
        self.wanted = wanted
        self.queues = queues

    def attach(self, bus):
        self.bus = bus

    def get_wanted_messages(self):
        return self.wanted

    def get_queues(self):
        return self.queues

    def handle_call(self, queue, body):
        """A shard of a dashboard, as far as the tests ask."""
        method, args, kwargs = body["method"], body.get("args", []), body.get("kwargs", {})
        say({"event": "call", "queue": queue, "body": body})
        if method == "users_guilds":
            answer = [{"id": queue[-1], "name": f"of shard {queue[-1]}", "owner_id": 214037134477230080}]
        elif method == "pool_request":
            known = [{"id": i} for i in args[3] if i != "404"]
            answer = {"data": known, "nonexistant": [i for i in args[3] if i == "404"]}
        elif method == "handle_mock_user_action":
            said = {"action": kwargs["action"], "messageId": kwargs["messageId"],
                    "content": f"echo: {kwargs['content']}"}
            answer = {"guildId": kwargs["guildId"], "actions": [said]}
        else:
            return {"resp": {"message": "no such method"}, "sc": 404}
        return {"resp": answer, "sc": 200}

    def handle_message(self, msg):
        say({"event": "message", "message": msg, "is_from_client": msg.is_from_client})

    def obey(self, command):
        op = command["op"]
        if op == "put":
            self.bus.put_message(command["message"])
        elif op == "send":
            recipients = [tuple(r) if isinstance(r, list) else r for r in command["recipients"]]
            self.bus.send_to(recipients, command["type"], command["content"])
        elif op == "count":  # numbered messages
            for number in range(command["from"], command["to"]):
                self.bus.send_to(command["recipients"], command["type"], {"number": number})
        elif op == "project":  # a file of so many octets, as one text
            data = base64.b64encode(os.urandom(1024) * (command["octets"] * 3 // 4 // 1024)).decode()
            self.bus.send_to(command["recipients"], "file-project-response", {"data": data})
        elif op == "clients":
            say({"event": "answer", "clients": self.bus.clients()})
        elif op == "ask":
            try:
                answer = self.bus.request(command["type"], command.get("content"), command["timeout"])
                say({"event": "answer", "message": answer})
            except gatehouse_service.ResponseTimeout as error:
                say({"event": "answer", "timeout": str(error)})
        elif op == "kick":
            self.bus.kick(command["targets"])


class Connection(gatehouse_service._Runner):
    def _register(self, socket):
        super()._register(socket)
        say({"event": "registered"})


def main():
    url, name, wanted, queues = sys.argv[1:5]
    service = Fake(json.loads(wanted), json.loads(queues))
    runner = Connection(service, name, url, os.environ["SERVICE_TOKEN"])
    threading.Thread(target=runner.run, daemon=True).start()
    for line in sys.stdin:
        service.obey(json.loads(line))


main()
