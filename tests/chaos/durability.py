# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged stays: R1, R2, R3, R17, R24 of the test plan."""
import asyncio
import shutil
import time

import checker


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


async def r1(stage):
    """kill -9 of the server under load, at random moments.

    After each kill the files on disk are copied and judged before the server sees them again: every
    write that was acknowledged until then has to be in them. At the end everything comes to rest and
    every run has to have reached its right end."""
    server = await stage.start()
    stage.everybody()
    restarts = []
    copied = 0
    for number in range(stage.rounds):
        await asyncio.sleep(stage.random.uniform(0.05, 0.8))
        await server.kill()
        stage.ledger.write("killed", round=number)
        copy = server.copy_of_database()
        stage.judge(f"round {number}: {text}" for text in checker.check_database(copy, stage.ledger_path))
        shutil.rmtree(copy)
        copied += 1
        restarts.append(await server.start())
        if (number + 1) % 20 == 0:
            stage.say(f"{number + 1} rounds, {len(stage.faults)} faults")
    await stage.come_to_rest()
    operations = checker.Operations(stage.ledger_path).by_key.values()
    stage.figure("rounds of kill -9", stage.rounds)
    stage.figure("writes acknowledged", sum(one["acked"] for one in operations))
    stage.figure("writes repeated after no answer", sum(one["unknown"] for one in operations))
    stage.figure("restart, median", f"{percentile(restarts, 0.5):.2f} s")
    stage.figure("restart, longest", f"{max(restarts):.2f} s")
    stage.expect(max(restarts) <= 3.0, f"a restart took {max(restarts):.2f} s")
    stage.expect(any(one["acked"] for one in operations), "nothing was acknowledged at all")
    await stage.check_at_rest()
