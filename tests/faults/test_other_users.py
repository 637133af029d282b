"""Another user of the machine can neither read a credential nor use the API without one."""

import os
import shutil
import ssl
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from kubernetes import client

from kubelearn.clusters import EmbeddedCluster
from kubelearn.embedded.state import StateFolder
from kubelearn.errors import StateError

NOBODY = 65534

as_nobody = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become another user"
)


def run_as_nobody(*command):
    words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")


def test_everything_in_the_state_folder_is_for_its_owner_alone(cluster):
    for path in [
        cluster.folder.path,
        *cluster.folder.path.iterdir(),
        *cluster.folder.pki.iterdir(),
    ]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(cluster.kubeconfig.stat().st_mode) == 0o600


@as_nobody
def test_another_user_cannot_read_the_credentials_or_reach_the_daemon(cluster):
    # The tests' own folders above are opened, so that only ours stand in the way.
    for folder in cluster.folder.path.parent.parents:
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(folder.stat().st_mode | 0o055)
    assert run_as_nobody("test", "-x", str(cluster.folder.path.parent.parent)).returncode == 0
    for path in (cluster.kubeconfig, cluster.folder.pki / "ca.key", cluster.folder.store):
        assert run_as_nobody("cat", str(path)).returncode != 0
    # From a folder that everybody may enter: the whole path may be too long for a socket.
    start = cluster.folder.path.parent.parent
    door = str(cluster.folder.control.relative_to(start))
    connect = (
        f"import os, socket; os.chdir({str(start)!r}); "
        f"socket.socket(socket.AF_UNIX).connect({door!r})"
    )
    refused = run_as_nobody("/usr/bin/env", "python3", "-c", connect)
    assert "PermissionError" in refused.stderr


@pytest.mark.parametrize(
    "path", ["/api/v1/namespaces", "/apis", "/openapi/v3", "/api/v1/namespaces/default/secrets"]
)
def test_the_api_answers_nobody_without_a_credential(cluster, path):
    server = cluster.api_client.configuration.host
    context = ssl.create_default_context(cafile=cluster.folder.pki / "ca.crt")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(server + path, context=context)
    assert refused.value.code == 403
    refused.value.close()


def test_a_kubelet_answers_nobody_but_the_api_server(cluster):
    node = client.CoreV1Api(cluster.api_client).read_node("kubelearn-worker")
    [address] = [each.address for each in node.status.addresses if each.type == "InternalIP"]
    port = node.status.daemon_endpoints.kubelet_endpoint.port
    context = ssl.create_default_context(cafile=cluster.folder.pki / "ca.crt")
    with pytest.raises((ssl.SSLError, urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(f"https://{address}:{port}/healthz", context=context).read()


@as_nobody
def test_a_state_folder_that_somebody_else_made_is_refused(state):
    folder = StateFolder.named("kubelearn").path
    folder.mkdir(parents=True)
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(StateError, match="another user"):
        EmbeddedCluster().up()
    folder.rmdir()


@as_nobody
def test_an_ordinary_user_runs_a_cluster_of_their_own():
    # Below /tmp and not below pytest's folder, which other users may not enter.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chown(folder, NOBODY, NOBODY)
        # This Python may lie where only root may look, so nobody may look everywhere here.
        look = "-all,+dac_read_search"
        rights = [f"--inh-caps={look}", f"--ambient-caps={look}", f"--bounding-set={look}"]
        environment = ["env", f"KUBELEARN_STATE={folder}/state", f"HOME={folder}"]
        command = [*rights, *environment, sys.executable, "-m", "kubelearn"]
        started = run_as_nobody(*command, "up", "--nodes", "1")
        stopped = run_as_nobody(*command, "down", "--delete")
        assert started.returncode == 0, started.stderr
        assert stopped.returncode == 0, stopped.stderr
