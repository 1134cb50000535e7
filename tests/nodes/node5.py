# SPDX-License-Identifier: Apache-2.0
"""The unmodified node of vantage6 5.x, started as its command line does, with its configuration file
as the only argument. What talks to Kubernetes and to the algorithms' proxy is replaced."""
import sys
import time
import types

from containers import Container, Containers, say


def stand_in(name, **members):
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


class ContainerManager:
    databases = {}

    def __init__(self, ctx, client):
        self.client = client
        self.containers = Containers()

    def ensure_task_namespace(self):
        return True

    def validate_algorithm_isolation(self):
        return True, "processes of this test are isolated enough"

    def set_socket(self, socket_io):
        pass

    def is_running(self, run_id):
        return self.containers.has(run_id)

    def run(self, run_id, task_info, image, function_arguments, session_id, token,
            databases_to_use, action):
        assert session_id > 0
        assert token or str(action) != "central_compute", "the node got no container token"
        self.containers.start(Container(run_id, task_info, image, function_arguments))
        return RunStatus.ACTIVE

    def process_next_completed_run(self):
        container, output = self.containers.finished.get()
        return Result(
            run_id=container.run_id, task_id=container.task_id, logs="done here", data=output,
            status=RunStatus.COMPLETED, parent_id=container.parent_id,
            init_org_id=container.init_org_id)

    def kill_algorithm_runs(self, kill_list=None):
        mine = None if not kill_list else {
            entry.run_id for entry in kill_list
            if entry.organization_id == self.client.whoami.organization_id}
        return [
            KilledRun(one.run_id, one.task_id, one.parent_id, "killed here")
            for one in self.containers.kill(mine)]

    def cleanup(self):
        self.containers.kill()


stand_in("vantage6.node.k8s.container_manager", ContainerManager=ContainerManager)
stand_in("vantage6.node.k8s.session_manager", SessionFileManager=object)

from vantage6.common.enum import RunStatus  # noqa: E402

from vantage6 import node  # noqa: E402
from vantage6.cli.context.node import NodeContext  # noqa: E402
from vantage6.node.k8s.data_classes import KilledRun, Result  # noqa: E402

node.Node._Node__proxy_server_worker = lambda self: None

if __name__ == "__main__":
    say(version=node.__version__)
    node.run(NodeContext("node", False, sys.argv[1], in_container=True))
    while True:
        time.sleep(60)
