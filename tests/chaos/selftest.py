#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The checker of the chaos runs finds what it is there to find."""
import os
import shutil
import sqlite3
import tempfile
import unittest

import checker
from clients import result_of
from ledger import Ledger

SCHEMA = """
CREATE TABLE task (id INTEGER PRIMARY KEY, name TEXT, collaboration_id INTEGER);
CREATE TABLE run (id INTEGER PRIMARY KEY, task_id INTEGER, organization_id INTEGER, status TEXT,
                  started_at INTEGER, finished_at INTEGER);
CREATE TABLE run_outcome (run_id INTEGER PRIMARY KEY, result TEXT);
INSERT INTO task VALUES (1, 'task a', 1), (2, 'endless b', 1);
INSERT INTO run VALUES (10, 1, 1, 'completed', 5, 9), (20, 2, 1, 'killed by user', 5, 9);
"""


class CheckerTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "ledger")
        self.ledger = Ledger(self.path)
        self.addCleanup(self.ledger.close)
        self.sql(SCHEMA + f"INSERT INTO run_outcome VALUES (10, '{result_of(10)}');")
        for number, name in ((1, "task a"), (2, "endless b")):
            self.ledger.write("try", key=name, what="task", who="ada", runs=1)
            self.ledger.write("ack", key=name, answer={"id": number})
        self.ledger.write("try", key="kill b", what="kill", who="ada", task=2)
        self.ledger.write("ack", key="kill b")
        for status in ("started", "active", "completed"):
            self.ledger.write("try", key=f"run 10 {status}", what="status", run=10, status=status)
            self.ledger.write("ack", key=f"run 10 {status}")

    def sql(self, text):
        connection = sqlite3.connect(os.path.join(self.folder, "gatehouse.sqlite"))
        connection.executescript(text)
        connection.close()

    def faults(self, after=""):
        self.sql(after)
        return checker.check_database(self.folder, self.path, result_of)

    def test_a_good_run_has_no_faults(self):
        self.assertEqual(self.faults(), [])

    def test_an_acknowledged_task_that_is_gone(self):
        self.assertTrue(self.faults("DELETE FROM task WHERE id = 1; DELETE FROM run WHERE task_id = 1"))

    def test_a_task_made_twice(self):
        self.assertTrue(self.faults("INSERT INTO task VALUES (3, 'task a', 1)"))

    def test_a_task_nobody_asked_for(self):
        self.assertTrue(self.faults("INSERT INTO task VALUES (3, 'task z', 1)"))

    def test_a_refused_task_that_is_there(self):
        self.ledger.write("try", key="task r", what="task", who="ada", runs=0)
        self.ledger.write("refused", key="task r", status=503)
        self.assertTrue(self.faults("INSERT INTO task VALUES (3, 'task r', 1)"))

    def test_a_task_without_its_runs(self):
        self.assertTrue(self.faults("DELETE FROM run WHERE id = 20"))

    def test_an_acknowledged_status_that_is_gone(self):
        self.sql("UPDATE run SET status = 'pending' WHERE id = 10")
        self.assertTrue(checker.check_database(self.folder, self.path))

    def test_an_acknowledged_start_that_is_gone(self):
        self.sql("UPDATE run SET started_at = NULL WHERE id = 10")
        self.assertTrue(checker.check_database(self.folder, self.path))

    def test_an_acknowledged_kill_without_effect(self):
        self.sql("UPDATE run SET status = 'active' WHERE id = 20")
        self.assertTrue(checker.check_database(self.folder, self.path))

    def test_a_wrong_result(self):
        self.assertTrue(self.faults("UPDATE run_outcome SET result = 'other'"))

    def test_a_run_that_never_ended(self):
        self.assertTrue(self.faults("UPDATE run SET finished_at = NULL WHERE id = 20"))

    def heard(self, who, event, data, connection=1):
        self.ledger.write("heard", who=who, connection=connection, event=event, data=data)

    def event_faults(self):
        return checker.check_events(self.path, {"ada": 1, "gus": 2})

    def test_events_of_the_own_collaboration(self):
        self.heard("ada", "new_task", {"id": 1})
        self.heard("ada", "new_task", {"id": 1}, connection=2)
        self.heard("ada", "algorithm_status_change", {"collaboration_id": 1})
        self.assertEqual(self.event_faults(), [])

    def test_a_task_of_another_collaboration(self):
        self.heard("gus", "new_task", {"id": 1})
        self.assertTrue(self.event_faults())

    def test_a_status_of_another_collaboration(self):
        self.heard("gus", "algorithm_status_change", {"collaboration_id": 1})
        self.assertTrue(self.event_faults())

    def test_a_task_told_twice_on_one_connection(self):
        self.heard("ada", "new_task", {"id": 1})
        self.heard("ada", "new_task", {"id": 1})
        self.assertTrue(self.event_faults())


unittest.main()
