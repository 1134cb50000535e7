# SPDX-License-Identifier: Apache-2.0
"""Joins a Python service to Gatehouse's services profile, over a WebSocket with a service token.

A service is any object with two methods:

    get_wanted_messages()   a list of message types, or "all"
    handle_message(msg)     called with one message at a time

and, if it wants to send anything, a third one, called once before the first message:

    attach(bus)             bus is a MessageBus, see below

A back end of a relay profile serves queues instead, or as well:

    get_queues()            a list of names
    handle_call(queue, body)  returns the answer's body, or a generator of several, the last one final

Start it with run_service(service, url, token). It connects, registers the name and the types, comes
back by itself when the connection or the server is lost, and registers again.

Needs Debian's python3-websocket; nothing else. Python 3.9 or newer.
"""

import json
import logging
import queue
import random
import threading
import types
import uuid

import websocket

log = logging.getLogger("gatehouse.service")


class Message(dict):
    """A message, {"type", "uuid", "response_uuid", "sender", "pref_dest", "content"}.

    Its members are attributes too. The sender of a client's message is a tuple
    ((host, port), name), which can be a key; name is None until the client has logged in. The
    sender of a service's message is its name, "service.Filesystem".
    """

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def is_from_client(self):
        return isinstance(self.get("sender"), tuple)

    @classmethod
    def parse(cls, text):
        message = cls(json.loads(text))
        sender = message.get("sender")
        if isinstance(sender, list) and len(sender) == 2 and isinstance(sender[0], list):
            message["sender"] = (tuple(sender[0]), sender[1])
        return message


class ResponseTimeout(Exception):
    """Nobody has answered a request in time."""


class RegistrationRefused(Exception):
    """The server does not let this service in: wrong token, or a name that is in use."""


class MessageBus:
    """What a service sends with. Every method may be called from any thread."""

    def __init__(self, name):
        self.name = name if name.startswith("service.") else f"service.{name}"
        self._socket = None
        self._lock = threading.Lock()
        self._awaited = {}

    def put_message(self, message):
        """Puts a message on the bus, to every service that wants its type. The server stamps the
        sender. False when there is no type or no connection; what is put is not kept."""
        if not isinstance(message, dict) or not message.get("type"):
            return False
        message.setdefault("uuid", str(uuid.uuid4()))
        message.setdefault("content", {})
        return self._send(message)

    def send_to(self, recipients, kind, content, response_uuid=None):
        """Sends a message to clients: addresses (host, port), names, whole senders, mixed. Those
        that are not there are left out."""
        inner = {
            "type": kind,
            "uuid": str(uuid.uuid4()),
            "response_uuid": response_uuid,
            "sender": self.name,
            "pref_dest": None,
            "content": content,
        }
        return self.put_message({
            "type": "net-send",
            "content": {"response_addrs": list(recipients), "msg": inner},
        })

    def respond(self, request, kind, content):
        """Answers a message: a client by its address, a service by the request's uuid."""
        if request.is_from_client:
            return self.send_to([request.sender[0]], kind, content)
        return self.put_message({"type": kind, "response_uuid": request.uuid, "content": content})

    def request(self, kind, content=None, timeout=5.0):
        """Asks another service, or the server, and waits for the answer. `kind` ends in "request",
        the answer's type in "response". Not from inside attach()."""
        message = {"type": kind, "uuid": str(uuid.uuid4()), "content": content or {}}
        answer = queue.SimpleQueue()
        self._awaited[message["uuid"]] = answer
        try:
            if not self._send(message):
                raise ResponseTimeout(f"{kind}: not connected")
            return answer.get(timeout=timeout)
        except queue.Empty:
            raise ResponseTimeout(f"{kind}: no answer within {timeout} s") from None
        finally:
            self._awaited.pop(message["uuid"], None)

    def clients(self, timeout=5.0):
        """The addresses of all clients, as send_to() takes them."""
        answer = self.request("client-list-request", timeout=timeout)
        return [tuple(address) for address in answer.content["client_list"]]

    def publish(self, exchange, topic, body):
        """Publishes to a topic of the bus, as relay profiles carry it to rooms."""
        return self.put_message({
            "type": "bus-publish",
            "content": {"exchange": exchange, "topic": topic, "body": body},
        })

    def call(self, queue_name, body, timeout=5.0):
        """Asks whoever serves that queue; the body of the final answer."""
        content = {"queue": queue_name, "body": body, "timeout_ms": int(timeout * 1000)}
        answer = self.request("bus-request", content, timeout + 1)
        if "error" in answer.content:
            raise ResponseTimeout(f"{queue_name}: {answer.content['message']}")
        return answer.content["body"]

    def kick(self, targets):
        """Disconnects clients by address or name."""
        return self.put_message({"type": "client-kick", "content": {"targets": list(targets)}})

    def _send(self, message):
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            if self._socket is None:
                return False
            try:
                self._socket.send(text)
                return True
            except (OSError, websocket.WebSocketException) as error:
                log.warning("%s: not sent: %s", message["type"], error)
                return False

    def _use(self, socket):
        with self._lock:
            self._socket = socket

    def _take_answer(self, message):
        answer = self._awaited.get(message.get("response_uuid"))
        if answer is None:
            return False
        answer.put(message)
        return True


class _Runner:
    """One service on one connection after another."""

    def __init__(self, service, name, url, token):
        self.service = service
        self.url = url
        self.token = token
        self.bus = MessageBus(name)
        self.inbox = queue.Queue()
        self.stopped = threading.Event()

    def run(self):
        if hasattr(self.service, "attach"):
            self.service.attach(self.bus)
        worker = threading.Thread(target=self._work, name="messages", daemon=True)
        worker.start()
        failures = 0
        try:
            while not self.stopped.is_set():
                try:
                    self._serve_one_connection()
                    failures = 0
                except RegistrationRefused as error:
                    # A wrong token stays wrong; a name may come free when its old owner is gone.
                    log.error("%s", error)
                    failures += 1
                except (OSError, websocket.WebSocketException) as error:
                    log.warning("no connection: %s", error)
                    failures += 1
                self.bus._use(None)
                # Not all services come back in the same moment.
                self.stopped.wait(min(10.0, 0.2 * 2 ** min(failures, 6)) * random.uniform(0.5, 1.0))
        finally:
            self.inbox.put(None)
            worker.join()

    def stop(self):
        self.stopped.set()
        with self.bus._lock:
            if self.bus._socket is not None:
                self.bus._socket.shutdown()

    def _serve_one_connection(self):
        try:
            socket = websocket.create_connection(
                self.url,
                timeout=30,
                header=[f"Authorization: Bearer {self.token}"],
                skip_utf8_validation=True,  # the server has checked it
                enable_multithread=True,
                suppress_origin=True,  # an origin is a web page's
            )
        except websocket.WebSocketBadStatusException as error:
            raise RegistrationRefused(f"{self.url}: {error}") from None
        try:
            self._register(socket)
            socket.settimeout(60)  # the server pings more often than that
            self.bus._use(socket)
            log.info("%s is on the bus", self.bus.name)
            while not self.stopped.is_set():
                text = socket.recv()
                if not text:
                    return
                message = Message.parse(text)
                if not self.bus._take_answer(message):
                    self.inbox.put(message)
        finally:
            socket.shutdown()

    def _register(self, socket):
        message = {
            "type": "service-register",
            "uuid": str(uuid.uuid4()),
            "content": {
                "name": self.bus.name,
                "wanted": self._asked("get_wanted_messages"),
                "queues": self._asked("get_queues"),
            },
        }
        socket.send(json.dumps(message))
        while True:
            text = socket.recv()
            if not text:
                raise websocket.WebSocketException("closed before the registration was answered")
            answer = Message.parse(text)
            if answer.response_uuid == message["uuid"]:
                break
            self.inbox.put(answer)
        if not answer.content.get("succeed"):
            raise RegistrationRefused(f"{self.bus.name}: {answer.content.get('message')}")

    def _asked(self, method):
        return getattr(self.service, method)() if hasattr(self.service, method) else []

    def _answer_call(self, call):
        answer = self.service.handle_call(call.content["queue"], call.content["body"])
        parts = list(answer) if isinstance(answer, types.GeneratorType) else [answer]
        for number, body in enumerate(parts, 1):
            self.bus.put_message({
                "type": "bus-answer",
                "response_uuid": call.uuid,
                "content": {"body": body, "final": number == len(parts)},
            })

    def _work(self):
        while True:
            message = self.inbox.get()
            if message is None:
                return
            try:
                if message.get("type") == "bus-call":
                    self._answer_call(message)
                else:
                    self.service.handle_message(message)
            except Exception:  # one bad message must not end the service
                log.exception("%s failed on %s", self.bus.name, message.get("type"))


def run_service(service, url, token, name=None):
    """Serves until the process ends. `name` is the class's name if not given."""
    _Runner(service, name or type(service).__name__, url, token).run()


def start_service(service, url, token, name=None):
    """Serves in a thread of its own; returns a function that stops it and waits."""
    runner = _Runner(service, name or type(service).__name__, url, token)
    thread = threading.Thread(target=runner.run, name="service", daemon=True)
    thread.start()

    def stop():
        runner.stop()
        thread.join()

    return stop
