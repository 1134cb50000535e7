# SPDX-License-Identifier: Apache-2.0
"""Back-end services on a RabbitMQ broker, played by the test on the other side of stdin and stdout.

services.py URL

The same lines as dashboard-bushost (bushost.cpp). Uses Debian's python3-amqp. A message that no queue is bound
for, or a call to a queue that is not there, is sent again until there is one, as long as the test runs: a
binding follows the client that needs it by some milliseconds.
"""

import json
import os
import select
import sys
import time
import urllib.parse

import amqp

EXCHANGE = "events"


def say(**line):
    sys.stdout.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def text(message):
    return message.body.decode() if isinstance(message.body, bytes) else message.body


class Services:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.connection = amqp.Connection(
            host=f"{parts.hostname}:{parts.port}", userid=parts.username, password=parts.password,
            virtual_host=urllib.parse.unquote(parts.path[1:]) or "/", heartbeat=0)
        self.connection.connect()
        self.channel = self.connection.channel()
        self.channel.events["basic_return"].add(self.came_back)
        self.channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
        self.answers = self.channel.queue_declare("", exclusive=True, auto_delete=True).queue
        self.channel.basic_consume(self.answers, no_ack=True, callback=self.answered)
        self.consumers = {}
        self.calls = {}
        self.number = 0
        self.running = None  # a burst
        self.unbound = []

    def obey(self, line):
        getattr(self, line["op"])(line)

    def serve(self, line):
        queue = line["queue"]
        if queue in self.consumers:
            self.channel.basic_cancel(self.consumers[queue])
        self.channel.queue_declare(queue, durable=False, auto_delete=True)
        self.consumers[queue] = self.channel.basic_consume(queue, no_ack=True, callback=self.called)
        say(event="served", queue=queue)

    def leave(self, line):
        self.channel.basic_cancel(self.consumers.pop(line["queue"]))

    def called(self, message):
        self.number += 1
        self.calls[self.number] = message.properties
        say(event="call", call=self.number, queue=message.delivery_info["routing_key"], body=text(message))

    def reply(self, properties, body, **more):
        if "reply_to" in properties:
            self.channel.basic_publish(amqp.Message(body, correlation_id=properties["correlation_id"], **more),
                                       routing_key=properties["reply_to"])

    def answer(self, line):
        self.reply(self.calls.pop(line["call"]), line["body"])

    def part(self, line):
        self.reply(self.calls[line["call"]], line["body"], type="partial")

    def send(self, topic, body, **more):
        self.channel.basic_publish(amqp.Message(body, content_type="application/json"),
                                   exchange=EXCHANGE, routing_key=topic, **more)

    def publish(self, line):
        self.send(line["topic"], line["body"], mandatory=True)

    def came_back(self, _error, exchange, topic, message):
        self.unbound.append((time.monotonic() + 0.02, exchange, topic, message))

    def call(self, line):
        call = amqp.Message(line["body"], reply_to=self.answers, correlation_id=json.dumps(line["id"]))
        self.channel.basic_publish(call, routing_key=line["queue"], mandatory=True)

    def answered(self, message):
        say(event="result", id=json.loads(message.properties["correlation_id"]), body=text(message))

    def burst(self, line):
        self.running = {**line, "sent": 0, "started": time.monotonic()}

    def go_on(self):
        """Sends what is due; the seconds until something is again."""
        now = time.monotonic()
        due = [each for each in self.unbound if each[0] <= now]
        self.unbound = [each for each in self.unbound if each[0] > now]
        for _, exchange, topic, message in due:
            self.channel.basic_publish(message, exchange=exchange, routing_key=topic, mandatory=True)
        burst = self.running
        if not burst:
            return 0.02 if self.unbound else 60
        until = min(burst["count"], int((now - burst["started"]) * burst["rate"]))
        for number in range(burst["sent"], until):
            self.send(burst["topic"], burst["body"].replace("%n", str(number)))
        burst["sent"] = max(until, burst["sent"])
        if burst["sent"] >= burst["count"]:
            self.running = None
            say(event="burst-over")
        return 0.005


def main():
    services = Services(sys.argv[1])
    say(event="ready")
    pending = b""
    while True:
        pause = services.go_on()
        readable, _, _ = select.select([0, services.connection.sock], [], [], pause)
        if 0 in readable:
            text = os.read(0, 1 << 20)
            if not text:
                return
            lines = (pending + text).split(b"\n")
            pending = lines.pop()
            for line in lines:
                services.obey(json.loads(line))
        if services.connection.sock in readable:
            try:
                services.connection.drain_events(timeout=0.01)
            except TimeoutError:
                pass  # it was a heartbeat


main()
