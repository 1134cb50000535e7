# SPDX-License-Identifier: Apache-2.0
"""Judges a run from outside: the clients' ledger against the database file and the HTTP API.

Nothing here asks the server what it believes to have done. Each function returns a list of texts,
one for each fault; an empty list is a pass.
"""
import os
import sqlite3

from ledger import Operations

ORDER = {"pending": 0, "initializing": 1, "active": 1}  # every other status is an end
WANTED = {"started": 0, "active": 1, "completed": 2}


def rank(status):
    return ORDER.get(status, 2)


def read_database(folder):
    """Tasks, runs by id, faults. `folder`: of an SQLite database, or a function that reads another one."""
    if callable(folder):
        return folder()
    connection = sqlite3.connect(os.path.join(folder, "gatehouse.sqlite"))
    try:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        tasks = connection.execute("SELECT id, name, collaboration_id FROM task").fetchall()
        runs = connection.execute(
            "SELECT run.id, task_id, organization_id, status, started_at, finished_at, result"
            " FROM run LEFT JOIN run_outcome ON run_outcome.run_id = run.id").fetchall()
    finally:
        connection.close()
    faults = [] if verdict == "ok" else [f"integrity: {verdict}"]
    faults += [f"foreign key: {row}" for row in broken]
    return tasks, {row[0]: row for row in runs}, faults


def check_database(folder, ledger_path, result_of=None):
    """What was acknowledged is there, once; what was refused is not. `result_of`: everything has come
    to rest, so every run has to be at its end, with this result."""
    tasks, runs, faults = read_database(folder)
    operations = Operations(ledger_path)
    by_name = {}
    for number, name, _ in tasks:
        by_name.setdefault(name, []).append(number)
    runs_of = {}
    for run in runs.values():
        runs_of.setdefault(run[1], []).append(run)

    for task in operations.of("task"):
        there = by_name.pop(task["key"], [])
        if len(there) > 1:
            faults.append(f"{task['key']}: made {len(there)} times")
        if task["acked"] and there != [task["answer"]["id"]]:
            faults.append(f"{task['key']}: acknowledged as {task['answer']['id']}, in the database {there}")
        if not task["acked"] and not task["unknown"] and task["refused"] and there:
            faults.append(f"{task['key']}: refused, but in the database")
        if there and len(runs_of.get(there[0], [])) != task["runs"]:
            faults.append(f"{task['key']}: {len(runs_of.get(there[0], []))} runs instead of {task['runs']}")
    faults += [f"{name}: nobody asked for it" for name in by_name]

    for kill in operations.of("kill"):
        if kill["acked"]:
            for run in runs_of.get(kill["task"], []):
                if run[3] != "killed by user":
                    faults.append(f"{kill['key']}: acknowledged, but run {run[0]} is {run[3]}")

    for change in operations.of("status"):
        run = runs.get(change["run"])
        if run is None:
            faults.append(f"{change['key']}: the run is not in the database")
        elif change["acked"]:
            kept = run[4] is not None if change["status"] == "started" else rank(run[3]) >= WANTED[change["status"]]
            if not kept:
                faults.append(f"{change['key']}: acknowledged, but the run is {run[3]}")
            if change["status"] == "completed" and run[3] != "completed":
                faults.append(f"{change['key']}: acknowledged, but the run ended as {run[3]}")

    if result_of:
        names = {number: name for number, name, _ in tasks}
        for run in runs.values():
            killed = names[run[1]].startswith("endless")
            wanted = ("killed by user", None) if killed else ("completed", result_of(run[0]))
            found = (run[3], None if killed else run[6])
            if found != wanted or run[5] is None:
                faults.append(f"run {run[0]} of {names[run[1]]}: {found} instead of {wanted} at rest")
    return faults


async def check_api(api, folder):
    """The API tells of the same tasks and runs as the database holds."""
    tasks, runs, faults = read_database(folder)
    told = {task["id"]: task["name"] for task in await api.all("/api/task")}
    kept = {number: name for number, name, _ in tasks}
    faults += [f"task {number}: told as {told.get(number)}, kept as {kept.get(number)}"
               for number in told.keys() | kept.keys() if told.get(number) != kept.get(number)]
    told = {run["id"]: run["status"] for run in await api.all("/api/run")}
    faults += [f"run {number}: told as {told.get(number)}, kept as {runs[number][3] if number in runs else None}"
               for number in told.keys() | runs.keys()
               if number not in runs or told.get(number) != runs[number][3]]
    return faults


def check_events(ledger_path, collaboration_of):
    """Nobody hears of another collaboration, nor of one task twice on one connection.
    `collaboration_of`: client -> collaboration id."""
    operations = Operations(ledger_path)
    faults = []
    seen = set()
    own = {}
    for task in operations.of("task"):
        if task["acked"]:
            own[task["answer"]["id"]] = collaboration_of[task["who"]]
    for line in operations.heard:
        if line["event"] == "new_task":
            number = line["data"]["id"]
            if own.get(number, collaboration_of[line["who"]]) != collaboration_of[line["who"]]:
                faults.append(f"{line['who']} heard of task {number} of another collaboration")
            mark = (line["who"], line["connection"], number)
            if mark in seen:
                faults.append(f"{line['who']} heard twice of task {number} on one connection")
            seen.add(mark)
        elif line["event"] in ("algorithm_status_change", "kill_containers"):
            if line["data"].get("collaboration_id") != collaboration_of[line["who"]]:
                faults.append(f"{line['who']} heard {line['event']} of another collaboration")
    return faults
