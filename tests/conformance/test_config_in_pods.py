"""What a container finds around it: environment, files from ConfigMaps and Secrets, its own pod."""

from __future__ import annotations

import itertools

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def config(core, namespace):
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "conf"}, "data": {"COLOUR": "red", "size": "3"}}
    )
    core.create_namespaced_secret(
        namespace, {"metadata": {"name": "keys"}, "stringData": {"pass": "word"}}
    )


def mounted(source, path="/conf", **fields):
    """A pod's spec and a container's fields for one volume."""
    return {
        "spec": {"volumes": [{"name": "v", **source}]},
        "volumeMounts": [{"name": "v", "mountPath": path}],
        **fields,
    }


# --- environment -----------------------------------------------------------------------------


def test_variables_come_from_values_config_maps_and_secrets(pods, config):
    env = [
        {"name": "PLAIN", "value": "text"},
        {"name": "SIZE", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "size"}}},
        {"name": "PASS", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "pass"}}},
    ]
    assert pods.output("echo $PLAIN $SIZE $PASS", env=env) == "text 3 word\n"


def test_all_keys_of_a_config_map_can_become_variables(pods, config):
    sources = [{"configMapRef": {"name": "conf"}, "prefix": "C_"}]
    assert pods.output("echo $C_COLOUR $C_size", envFrom=sources) == "red 3\n"


def test_variables_may_use_those_before_them(pods):
    env = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)2"},
        {"name": "C", "value": "$$(A) $(NOPE) $(D)"},
        {"name": "D", "value": "late"},
    ]
    assert pods.output('echo $B; echo "$C"', env=env) == "12\n$(A) $(NOPE) $(D)\n"


def test_commands_and_arguments_are_expanded_too(pods):
    env = [{"name": "WHO", "value": "world"}]
    pods.run(command=["echo", "hello $(WHO)", "$$(WHO)"], env=env)
    pods.finished()
    assert pods.log() == "hello world $(WHO)\n"


def test_a_container_can_know_its_pod_and_its_limits(pods):
    def field(name, path):
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}

    def resource(name, path, divisor="1"):
        source = {"resource": path, "divisor": divisor}
        return {"name": name, "valueFrom": {"resourceFieldRef": source}}

    env = [
        field("NAME", "metadata.name"),
        field("SPACE", "metadata.namespace"),
        field("NODE", "spec.nodeName"),
        field("IP", "status.podIP"),
        field("APP", "metadata.labels['app']"),
        resource("CPU", "limits.cpu"),
        resource("MEM", "limits.memory", "1Mi"),
    ]
    text = pods.output(
        "echo $NAME $SPACE $NODE $IP $APP $CPU $MEM",
        labels={"app": "web"},
        env=env,
        resources={"limits": {"cpu": "500m", "memory": "32Mi"}},
    )
    pod = pods.get()
    assert text.split() == [
        "p", pod.metadata.namespace, pod.spec.node_name, pod.status.pod_ip, "web", "1", "32",
    ]  # fmt: skip


def test_the_host_name_is_the_pods_name(pods):
    assert pods.output("echo $HOSTNAME") == "p\n"


def test_services_that_exist_are_told_in_the_environment(core, pods, namespace, eventually):
    ports = [{"name": "sql", "port": 5432}]
    body = {"metadata": {"name": "my-db"}, "spec": {"ports": ports}}
    address = core.create_namespaced_service(namespace, body).spec.cluster_ip

    # A kubelet may need a moment to hear of the Service, so the first pod may be too early.
    names = (f"p{number}" for number in itertools.count())

    def seen():
        text = pods.output("env | grep ^MY_DB_ || true", name=next(names))
        return dict(line.split("=", 1) for line in text.splitlines())

    env = eventually(seen)
    assert env["MY_DB_SERVICE_HOST"] == address
    assert env["MY_DB_SERVICE_PORT"] == env["MY_DB_SERVICE_PORT_SQL"] == "5432"
    assert env["MY_DB_PORT"] == env["MY_DB_PORT_5432_TCP"] == f"tcp://{address}:5432"
    assert env["MY_DB_PORT_5432_TCP_PROTO"] == "tcp"
    assert env["MY_DB_PORT_5432_TCP_ADDR"] == address


def test_the_api_server_is_always_told(core, pods):
    address = core.read_namespaced_service("kubernetes", "default").spec.cluster_ip
    assert pods.output("echo $KUBERNETES_SERVICE_HOST") == f"{address}\n"


def test_a_missing_config_map_holds_the_container_until_it_is_there(core, pods, namespace):
    pods.run(envFrom=[{"configMapRef": {"name": "settings"}}])
    waiting = pods.waiting("CreateContainerConfigError")
    assert waiting.message == 'configmap "settings" not found'
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "settings"}, "data": {"a": "b"}}
    )
    pods.nudge()
    pods.ready()


def test_a_missing_key_is_named(pods, config):
    source = {"configMapKeyRef": {"name": "conf", "key": "weight"}}
    pods.run(env=[{"name": "X", "valueFrom": source}])
    waiting = pods.waiting("CreateContainerConfigError")
    assert waiting.message.startswith("couldn't find key weight in ConfigMap ")


def test_what_is_optional_may_be_missing(pods):
    source = {"secretKeyRef": {"name": "nope", "key": "nope", "optional": True}}
    env = [{"name": "MAYBE", "valueFrom": source}]
    assert pods.output("echo [$MAYBE]", env=env) == "[]\n"


# --- volumes ---------------------------------------------------------------------------------


def test_the_keys_of_a_config_map_become_files(pods, config):
    script = "cd /conf; for name in *; do echo $name $(cat $name); done"
    assert pods.output(script, **mounted({"configMap": {"name": "conf"}})) == (
        "COLOUR red\nsize 3\n"
    )


def test_keys_can_be_picked_and_given_other_paths(pods, config):
    source = {"configMap": {"name": "conf", "items": [{"key": "size", "path": "deep/er"}]}}
    assert pods.output("cat /conf/deep/er; ls /conf", **mounted(source)) == "3deep\n"


def test_a_secret_becomes_files_in_clear(pods, config):
    source = {"secret": {"secretName": "keys", "defaultMode": 0o400}}
    script = "cat /conf/pass; echo; stat -Lc %a /conf/pass"
    assert pods.output(script, **mounted(source)) == "word\n400\n"


def test_a_change_of_a_config_map_reaches_its_files(core, pods, namespace, config):
    script = "until grep -q blue /conf/COLOUR; do sleep 0.2; done; echo arrived"
    pods.run(script, **mounted({"configMap": {"name": "conf"}}))
    pods.ready()
    core.patch_namespaced_config_map("conf", namespace, {"data": {"COLOUR": "blue"}})
    pods.nudge()
    assert pods.finished().status.phase == "Succeeded"


def test_containers_of_a_pod_share_a_volume_and_it_starts_empty(pods):
    writer = {
        "name": "w",
        "image": "busybox:1.37",
        "command": ["sh", "-c", "ls -A /data; echo left > /data/note"],
        "volumeMounts": [{"name": "v", "mountPath": "/data"}],
    }
    fields = mounted({"emptyDir": {}}, "/here")
    fields["spec"]["initContainers"] = [writer]
    assert pods.output("cat /here/note", **fields) == "left\n"
    assert pods.log(container="w") == ""


def test_one_file_of_a_volume_can_be_mounted_alone(pods, config):
    fields = mounted({"configMap": {"name": "conf"}})
    fields["volumeMounts"] = [{"name": "v", "mountPath": "/one", "subPath": "size"}]
    assert pods.output("cat /one", **fields) == "3"


def test_labels_of_a_pod_can_be_a_file(pods):
    items = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
    fields = mounted({"downwardAPI": {"items": items}}, "/info")
    assert pods.output("cat /info/labels", labels={"app": "env"}, **fields) == 'app="env"'


def test_a_missing_secret_holds_the_whole_pod(pods):
    pods.run(**mounted({"secret": {"secretName": "absent"}}))
    assert pods.event("FailedMount").message == (
        'MountVolume.SetUp failed for volume "v" : secret "absent" not found'
    )
    assert pods.container(lambda one: True).state.waiting.reason == "ContainerCreating"


def test_a_pod_gets_a_token_for_the_api_server(pods):
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    text = pods.output(f"ls {folder}; cat {folder}/namespace; echo; head -n 1 {folder}/ca.crt")
    assert text.splitlines() == [
        "ca.crt",
        "namespace",
        "token",
        pods.get().metadata.namespace,
        "-----BEGIN CERTIFICATE-----",
    ]


def test_a_pod_may_refuse_the_token(pods):
    spec = {"automountServiceAccountToken": False}
    script = "ls /var/run/secrets/kubernetes.io/serviceaccount 2>/dev/null || echo none"
    assert pods.output(script, spec=spec) == "none\n"
