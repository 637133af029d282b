"""What kind is told of the cluster that is wanted."""

import yaml

from kubelearn.clusters.kind.config import KindConfig


def rendered(**chosen):
    return yaml.safe_load(KindConfig(**chosen).render())


def patches(config):
    found = config["nodes"][0]["kubeadmConfigPatchesJSON6902"]
    return {each["version"]: yaml.safe_load(each["patch"]) for each in found}


def test_there_is_one_control_plane_and_the_rest_are_workers():
    roles = [node["role"] for node in rendered(nodes=3)["nodes"]]
    assert roles == ["control-plane", "worker", "worker"]


def test_ports_lead_from_this_machine_alone_to_the_control_plane():
    [mapping] = rendered(ports={8080: 30080})["nodes"][0]["extraPortMappings"]
    assert (mapping["hostPort"], mapping["containerPort"]) == (8080, 30080)
    assert mapping["listenAddress"] == "127.0.0.1"


def test_the_api_server_is_told_of_the_audit_policy_in_either_form_of_kubeadm():
    found = patches(rendered(policy_file="/here/policy.yaml"))
    by_name = {each["path"]: each["value"] for each in found["v1beta3"]}
    in_list = [each["value"] for each in found["v1beta4"] if each["path"].endswith("/-")]
    policy = by_name["/apiServer/extraArgs/audit-policy-file"]
    assert {"name": "audit-policy-file", "value": policy} in in_list
    assert {each["name"] for each in in_list} == {
        path.rpartition("/")[2] for path in by_name if "extraArgs" in path
    }


def test_the_policy_lies_where_the_api_server_is_told_that_it_lies():
    config = rendered(policy_file="/here/policy.yaml")
    [mount] = config["nodes"][0]["extraMounts"]
    assert mount["hostPath"] == "/here/policy.yaml"
    values = [each["value"] for each in patches(config)["v1beta3"]]
    assert mount["containerPath"] in values
    [volumes] = [value for value in values if isinstance(value, list)]
    assert any(mount["containerPath"].startswith(each["hostPath"]) for each in volumes)


def test_without_a_policy_the_api_server_is_left_alone():
    assert "kubeadmConfigPatchesJSON6902" not in rendered()["nodes"][0]


def test_a_kubelet_on_old_control_groups_is_told_to_start_nevertheless():
    [patch] = rendered(cgroup_v1=True)["kubeadmConfigPatches"]
    assert yaml.safe_load(patch) == {"kind": "KubeletConfiguration", "failCgroupV1": False}
    assert "kubeadmConfigPatches" not in rendered(cgroup_v1=False)
