#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one scenario of the reliability test plan against the real server.

Prints the seed first, figures and verdict last. Exit code: 0 passed, 1 faults, 77 not possible here.
A run with faults keeps its folder (ledger, database, the server's log) and says where.
"""
import argparse
import asyncio
import os
import sys
import time
import traceback

import durability
import postgres
import silence
import stations
from stage import Skipped, Stage

SCENARIOS = {
    # name: what, function, rounds of the short run (CI), rounds of the long one
    "R1": ("kill -9 under acknowledged writes", durability.r1, 8, 200),
    "R2": ("an answer leaves only after the flush", durability.r2, 20, 200),
    "R3": ("requests repeated after cuts at random octets", durability.r3, 60, 2000),
    "R4": ("station dies between being told of a run and taking it", stations.r4, 20, 1000),
    "R5": ("stations flap", stations.r5, 20, 1000),
    "R9": ("cable pulled from many stations", silence.r9, 30, 1000),
    "R10": ("old and new socket of one station overlap", silence.r10, 1, 20),
    "R11": ("client frozen", silence.r11, 1, 1),
    "R12": ("server frozen", silence.r12, 1, 3),
    "R13": ("one reader stops among many", silence.r13, 1, 1),
    "R17": ("damaged files", durability.r17, 1, 1),
    "R19": ("PostgreSQL restarted, killed, frozen, locked", postgres.r19, 1, 5),
    "R23": ("the server's clock is set forward and back", silence.r23, 1, 1),
    "R24": ("full disk, flush that fails", durability.r24, 2, 20),
}


async def play(function, stage, limit):
    def unhandled(_, what):
        # Others are remarks on what was left unclosed, as after a crash; at the end all is given up.
        if "exception" in what and not stage.is_closing:
            stage.fault(f"{what['message']}: {what['exception']!r}")
    asyncio.get_running_loop().set_exception_handler(unhandled)
    try:
        async with asyncio.timeout(limit) as bound:
            await function(stage)
    except Skipped as reason:
        stage.say(f"SKIPPED {reason}")
        return 77
    except Exception as error:
        if bound.expired():
            stage.fault(f"not finished within {limit} s")
        else:
            stage.fault("".join(traceback.format_exception(error)))
    finally:
        await stage.close()
    return 1 if stage.faults else 0


class List(argparse.Action):
    def __call__(self, parser, *_):
        for name, (what, _, short, long) in SCENARIOS.items():
            print(f"{name:4} {what} (rounds: {short}, long {long})")
        parser.exit()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=SCENARIOS, type=str.upper)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--long", action="store_true", help="the long run's rounds")
    parser.add_argument("--limit", type=float, help="seconds until it is given up")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a good run too")
    parser.add_argument("--binary", default="build/release/bin/gatehouse")
    parser.add_argument("--list", action=List, nargs=0, help="the scenarios")
    options = parser.parse_args()

    what, function, short, long = SCENARIOS[options.name]
    options.rounds = options.rounds or (long if options.long else short)
    limit = options.limit or (7200 if options.long or options.rounds > short else 150)
    print(f"{options.name}: {what}; seed {options.seed}, rounds {options.rounds}", flush=True)
    began = time.monotonic()
    stage = Stage(options)
    code = asyncio.run(play(function, stage, limit))
    for name, value in stage.figures.items():
        print(f"  {name}: {value}")
    print(f"  faults: {len(stage.faults)}")
    print(f"  took: {time.monotonic() - began:.1f} s")
    verdict = {0: "PASSED", 1: "FAILED", 77: "SKIPPED"}[code]
    print(f"{verdict} {options.name} --seed {options.seed} --rounds {options.rounds}")
    if stage.faults:
        print(f"kept: {stage.folder}")
    return code


code = main()
sys.stdout.flush()
os._exit(code)
