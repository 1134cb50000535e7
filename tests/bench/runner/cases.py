# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: what is measured, and what we want of ourselves."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One number of a case, by bench-load's name for it."""

    key: str
    title: str
    unit: str
    against_floor: bool = True  # compared with the bare epoll server; else read as it is
    targets: dict = field(default_factory=dict)  # by server: the largest ratio (or number)


@dataclass(frozen=True)
class Case:
    name: str
    arguments: tuple  # of bench-load
    clients: int
    rows: tuple
    tls: bool = False
    seconds: float = 2.0


SOURCES = ("--sources", "4")  # client addresses: servers bound what one may have


def _ours(limit, uring=None):
    return {"gatehouse": limit, "gatehouse-uring": limit if uring is None else uring}


def _fan_out(members, in_flight=1, targets=None, tls=False, more_rows=()):
    name = f"{'tls-' if tls else ''}{'burst' if in_flight > 1 else 'fan-out'}-{members}"
    title = f"burst {members:,} x {in_flight}" if in_flight > 1 else f"fan-out {members:,}"
    return Case(
        name,
        ("--measure", "fan-out", "--members", str(members), "--in-flight", str(in_flight), *SOURCES),
        members,
        (Row("cpu_us", ("TLS " if tls else "") + title, "µs/delivery", True, targets or {}), *more_rows),
        tls,
    )


def _acks(outstanding, limit):
    return Case(
        f"ack-{outstanding}",
        ("--measure", "acks", "--members", "100", "--in-flight", str(outstanding)),
        100,
        (Row("cpu_us", f"event+ack, {outstanding} outstanding", "µs/event", True, _ours(limit)),),
    )


TLS_CONNECTION = (
    Row("handshake_us", "TLS handshake", "µs", True),
    Row("kib_per_connection", "memory per idle TLS connection", "KiB", False, _ours(40)),
)

CASES = (
    _fan_out(100, targets=_ours(1.15, 0.95)),
    _fan_out(1_000, targets=_ours(1.15, 0.95)),
    _fan_out(10_000, targets=_ours(1.15, 0.95)),
    _fan_out(1_000, 8, targets=_ours(0.30)),
    _acks(1, 1.25),
    _acks(16, 0.20),
    Case(
        "idle-10000",
        ("--measure", "acks", "--members", "2", "--idle", "10000", *SOURCES),
        10_000,
        (
            Row("cpu_us", "event+ack among 10,000 idle", "µs/event", True, _ours(1.15)),
            Row("handshake_us", "handshake", "µs", True, _ours(3)),
            Row("handshakes_per_second", "handshakes, one client thread", "1/s", False),
            Row("kib_per_connection", "memory per idle connection", "KiB", False, _ours(3)),
        ),
    ),
    _fan_out(100, tls=True),
    _fan_out(1_000, tls=True, more_rows=TLS_CONNECTION),
)
