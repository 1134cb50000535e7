# SPDX-License-Identifier: Apache-2.0
"""The unmodified node of vantage6 4.x, started as its command line does, with its configuration file
as the only argument. What talks to Docker, to the VPN and to the algorithms' proxy is replaced."""
import sys
import types
from unittest import mock

from containers import Container, Containers, say


def stand_in(name, **members):
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


class DockerManager:
    def __init__(self, ctx, isolated_network_mgr, vpn_manager, tasks_dir, client, proxy=None):
        self.containers = Containers()

    def is_running(self, run_id):
        return self.containers.has(run_id)

    def create_volume(self, volume_name):
        pass

    def run(self, run_id, task_info, image, docker_input, tmp_vol_name, token, databases_to_use,
            socketIO):
        assert token, "the node got no container token"
        self.containers.start(Container(run_id, task_info, image, docker_input))
        return "active", None

    def get_result(self):
        container, output = self.containers.finished.get()
        return types.SimpleNamespace(
            run_id=container.run_id, task_id=container.task_id, logs="done here", data=output,
            status="completed", parent_id=container.parent_id)

    def kill_tasks(self, org_id, kill_list=None):
        mine = None if not kill_list else {
            entry["run_id"] for entry in kill_list if entry["organization_id"] == org_id}
        return self.containers.kill(mine)

    def get_column_names(self, label, type_):
        return []

    def cleanup(self):
        self.containers.kill()


stand_in("vantage6.node.docker.docker_manager", DockerManager=DockerManager)
stand_in("vantage6.node.docker.vpn_manager", VPNManager=mock.MagicMock())
stand_in("vantage6.node.docker.ssh_tunnel", SSHTunnel=mock.MagicMock())
stand_in("vantage6.node.docker.squid", Squid=mock.MagicMock())
stand_in("vantage6.common.docker.network_manager", NetworkManager=mock.MagicMock())

from vantage6.common.docker import addons  # noqa: E402

addons.running_in_docker = lambda: False
addons.check_docker_running = lambda: None

from vantage6 import node  # noqa: E402
from vantage6.cli.context.node import NodeContext  # noqa: E402

node.Node._Node__proxy_server_worker = lambda self: None

# 4.14 says this of its context in Docker alone, and asks it of both.
NodeContext.running_in_docker = False

if __name__ == "__main__":
    say(version=node.__version__)
    node.run(NodeContext("node", False, sys.argv[1]))
