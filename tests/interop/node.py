#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A data station as python3-socketio sees it, driven by lines of JSON.

Prints one JSON object a line for whatever happens and obeys the commands it reads from stdin:
{"emit": NAME, "data": …}, {"try": NAME} (no fault where it is not connected), {"call": NAME,
"data": …}, {"transport": true}, {"disconnect": true}.
Binary data is written {"_base64": TEXT} in both directions.
"""
import argparse
import base64
import json
import os
import sys
import threading

import socketio

lock = threading.Lock()


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return {"_base64": base64.b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def rich(value):
    if isinstance(value, dict):
        if set(value) == {"_base64"}:
            return base64.b64decode(value["_base64"])
        return {key: rich(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rich(item) for item in value]
    return value


def tell(**what):
    with lock:
        sys.stdout.write(json.dumps(plain(what)) + "\n")
        sys.stdout.flush()


class Recorder(socketio.ClientNamespace):
    """Tells of every event, those nobody wrote a handler for included."""

    def trigger_event(self, event, *args):
        tell(event=event, args=list(args), transport=self.client.transport())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--token-file")
    parser.add_argument("--auth-file")
    parser.add_argument("--namespace", default="/tasks")
    parser.add_argument("--transports", default="polling,websocket")
    options = parser.parse_args()

    headers = {}
    if options.token_file:
        with open(options.token_file, encoding="ascii") as file:
            headers["Authorization"] = "Bearer " + file.read().strip()
    auth = None
    if options.auth_file:
        with open(options.auth_file, encoding="utf-8") as file:
            auth = json.load(file)

    client = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=0.5)
    client.register_namespace(Recorder(options.namespace))
    try:
        client.connect(
            options.url,
            headers=headers,
            auth=auth,
            transports=options.transports.split(","),
            namespaces=[options.namespace],
            wait_timeout=10,
        )
    except socketio.exceptions.ConnectionError as error:
        tell(failed=str(error))
        os._exit(1)
    tell(ready=True, transport=client.transport(), sid=client.get_sid(options.namespace))

    for line in sys.stdin:
        command = json.loads(line)
        if "emit" in command:
            client.emit(command["emit"], rich(command.get("data")), namespace=options.namespace)
            tell(emitted=command["emit"])
        elif "try" in command:
            try:
                client.emit(command["try"], namespace=options.namespace)
            except socketio.exceptions.SocketIOError:
                pass
        elif "call" in command:
            answer = client.call(
                command["call"], rich(command.get("data")), namespace=options.namespace, timeout=10
            )
            tell(answer=answer)
        elif "transport" in command:
            tell(transport=client.transport())
        elif "disconnect" in command:
            client.disconnect()
            break
    # The library's threads would wait for a server that may be gone.
    os._exit(0)


main()
