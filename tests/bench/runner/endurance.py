# SPDX-License-Identifier: Apache-2.0
"""Runs that either hold or do not: many clients for a while, a restart under load, slow readers."""

import json

from load import Load
from servers import Server

SOAK_CLIENTS, SOAK_SECONDS, SOAK_SLACK = 19_000, 60, 0.02
STORM_CLIENTS, STORM_SECONDS = 5_000, 10
SLOW_MEMBERS, SLOW_STOPPED, SLOW_BOUND_KIB = 100, 50, 1_024


def _verdict(options, name, findings, checks):
    """Prints what was found and what had to hold; 0 when all of it did."""
    passed = all(holds for _, holds in checks)
    for sentence, holds in checks:
        print(f"{'ok  ' if holds else 'FAIL'} {sentence}")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / f"{name}.json").write_text(json.dumps(findings | {"passed": passed}, indent=1) + "\n")
    return 0 if passed else 1


def soak(options, kind):
    """19,000 clients in one room, one message a second for a minute."""
    seconds = 5 if options.quick else SOAK_SECONDS
    with Server(kind) as server:
        found = Load(options.bin, server, (
            "--measure", "steady", "--members", str(SOAK_CLIENTS), "--sources", "8", "--rate", "1",
            "--seconds", str(seconds))).findings()
    growth = found["rss_peak_kib"] - found["rss_first_kib"]
    return _verdict(options, "soak", found, [
        (f"{SOAK_CLIENTS:,} clients connected and joined, {found['handshakes_per_second']:.0f} a second,"
         f" {found['kib_per_connection']:.2f} KiB each", found["handshakes_failed"] == 0),
        (f"{found['deliveries']:,.0f} deliveries in {seconds} s, {found['lost']:.0f} lost, "
         f"p50 {found['p50_ms']:.0f} ms, p99 {found['p99_ms']:.0f} ms", found["lost"] == 0),
        (f"memory {found['rss_first_kib'] / 1024:.1f} MiB, grew by {growth / 1024:.2f} MiB at most",
         growth <= SOAK_SLACK * found["rss_first_kib"]),
    ])


def storm(options, kind):
    """5,000 clients whose server is killed and started again."""
    with Server(kind) as first:
        load = Load(options.bin, first, ("--measure", "storm", "--members", str(STORM_CLIENTS)))
        load.wait_ready()
        first.kill()
        with Server(kind, port=first.port):
            found = load.findings()
    return _verdict(options, "storm", found, [
        (f"{STORM_CLIENTS:,} clients were back {found['storm_seconds']:.2f} s after they had lost their server",
         found["storm_seconds"] <= STORM_SECONDS and found["missing"] == 0),
        (f"{found['handshakes_failed']:.0f} handshakes failed", found["handshakes_failed"] == 0),
    ])


def slow(options, kind):
    """50 of 100 members stop reading while 100 messages of 4,000 octets a second go on."""
    with Server(kind) as server:
        found = Load(options.bin, server, (
            "--measure", "steady", "--members", str(SLOW_MEMBERS), "--stopped", str(SLOW_STOPPED),
            "--payload", "4000", "--rate", "100", "--seconds", "3" if options.quick else "10")).findings()
    bound = SLOW_STOPPED * SLOW_BOUND_KIB
    return _verdict(options, "slow", found, [
        (f"memory grew by {found['slow_growth_kib']:.0f} KiB, the bound of {SLOW_STOPPED} clients is {bound} KiB",
         found["slow_growth_kib"] <= bound),
        (f"shared, not copied: less than {2 * SLOW_BOUND_KIB} KiB", found["slow_growth_kib"] < 2 * SLOW_BOUND_KIB),
        (f"the others' p99 went from {found['p99_ms']:.2f} to {found['slow_p99_ms']:.2f} ms",
         found["slow_p99_ms"] <= 2 * found["p99_ms"]),
        (f"the others lost {found['slow_lost']:.0f} messages", found["slow_lost"] == 0),
    ])


RUNS = {"soak": soak, "storm": storm, "slow": slow}
