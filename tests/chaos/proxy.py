# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that does to connections what networks do. Needs no rights and no kernel modules."""
import asyncio
import socket
import struct


class _Pair:
    """One connection through the proxy."""

    def __init__(self, proxy, near, far):
        self.proxy = proxy
        self.sides = (near, far)  # (reader, writer) of the client, of the server
        self.open = asyncio.Event()  # cleared: silence, nothing is read or passed on
        self.open.set()
        self.left = None  # octets until it is cut
        self.tasks = [asyncio.ensure_future(self._pump(near[0], far[1])),
                      asyncio.ensure_future(self._pump(far[0], near[1]))]

    async def _pump(self, reader, writer):
        try:
            while True:
                await self.open.wait()
                data = await reader.read(65536)
                await self.open.wait()
                if not data:
                    break
                if self.left is not None:
                    data, self.left = data[:self.left], self.left - len(data)
                writer.write(data)
                await writer.drain()
                if self.left is not None and self.left <= 0:
                    self.end(reset=True)
                    return
        except (OSError, asyncio.CancelledError):
            pass
        self.end(reset=False)

    def end(self, reset, sides=(0, 1)):
        """Ends both halves with RST or FIN; or one, and the other one hears nothing of it."""
        for side in sides:
            writer = self.sides[side][1]
            if reset:
                handle = writer.get_extra_info("socket")
                try:
                    handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                except (OSError, AttributeError):
                    pass
                writer.transport.abort()
            else:
                writer.close()
        if sides == (0, 1):
            self.proxy.pairs.discard(self)
            for task in self.tasks:
                if task is not asyncio.current_task():
                    task.cancel()


class Proxy:
    def __init__(self, target_port):
        self.target_port = target_port  # a function: the server may come back elsewhere
        self.pairs = set()
        self.is_silent = False
        self.cut_after = None  # a function: octets until a new connection is cut, or None
        self.server = None
        self.port = 0

    async def start(self):
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def _accept(self, reader, writer):
        try:
            far = await asyncio.open_connection("127.0.0.1", self.target_port())
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(self, (reader, writer), far)
        if self.cut_after:
            pair.left = self.cut_after()
        if self.is_silent:
            pair.open.clear()
        self.pairs.add(pair)

    def reset(self):
        for pair in list(self.pairs):
            pair.end(reset=True)

    def finish(self):
        for pair in list(self.pairs):
            pair.end(reset=False)

    def silence(self):
        """A cable pulled: everything stays ESTABLISHED, nothing arrives, new ones neither."""
        self.is_silent = True
        for pair in self.pairs:
            pair.open.clear()

    def heal(self):
        """What was sent meanwhile arrives now, as TCP would repeat it."""
        self.is_silent = False
        for pair in self.pairs:
            pair.open.set()

    def half_open(self):
        """The clients' side is gone, the server never hears of it. Returns these connections."""
        halves = list(self.pairs)
        for pair in halves:
            pair.open.clear()
            pair.end(reset=True, sides=(0,))
            self.pairs.discard(pair)
        return halves

    async def close(self):
        self.server.close()
        self.reset()
