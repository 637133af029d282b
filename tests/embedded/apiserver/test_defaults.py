import pytest

from kubelearn.embedded.apiserver import builtin, defaults, serializer
from kubelearn.embedded.apiserver.defaults.pod import pull_policy

KINDS = builtin.built_in()


def defaulted(api_version, kind, **fields):
    found = KINDS.for_object(api_version, kind)
    obj = serializer.decode(found, {"metadata": {"name": "x"}, **fields}).object
    defaults.apply(found, obj)
    return obj


def pod(container=None, **spec):
    containers = [{"name": "a", "image": "web:1", **(container or {})}]
    return defaulted("v1", "Pod", spec={"containers": containers, **spec})["spec"]


def test_a_pod_that_says_little_gets_the_rest():
    assert pod() == {
        "containers": [
            {
                "name": "a",
                "image": "web:1",
                "imagePullPolicy": "IfNotPresent",
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }


def test_what_is_given_is_kept():
    spec = pod(restartPolicy="Never", terminationGracePeriodSeconds=0, dnsPolicy="Default")
    assert spec["restartPolicy"] == "Never"
    assert spec["terminationGracePeriodSeconds"] == 0
    assert spec["dnsPolicy"] == "Default"


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("registry:5000/a/nginx", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("busybox@sha256:" + "0" * 64, "IfNotPresent"),
        ("", "IfNotPresent"),
        ("Upper/Case", "IfNotPresent"),
    ],
)
def test_only_the_moving_tag_is_always_pulled(image, policy):
    assert pull_policy(image) == policy


def test_requests_follow_from_limits_in_pods_but_not_in_templates():
    limited = {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "0.1"}}}
    assert pod(limited)["containers"][0]["resources"]["requests"] == {
        "cpu": "100m",
        "memory": "1Gi",
    }
    template = {"spec": {"containers": [{"name": "a", "image": "i", **limited}]}}
    found = defaulted("apps/v1", "Deployment", spec={"template": template})
    resources = found["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert resources["requests"] == {"cpu": "100m"}


def test_requests_of_a_pod_are_those_of_its_containers():
    sidecar = {"name": "s", "image": "i", "restartPolicy": "Always"}
    init = [{**sidecar, "resources": {"requests": {"cpu": "200m"}}}]
    asked = {"resources": {"requests": {"cpu": "300m"}}}
    spec = pod(asked, initContainers=init, resources={"limits": {"cpu": "1", "memory": "1Gi"}})
    assert spec["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}


def test_tiny_quantities_are_rounded_up():
    spec = pod({"resources": {"requests": {"cpu": "100u"}}})
    assert spec["containers"][0]["resources"]["requests"] == {"cpu": "1m"}


def test_probes_and_hooks_know_their_numbers():
    container = pod({"livenessProbe": {"httpGet": {"port": 80}}})["containers"][0]
    assert container["livenessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def test_host_ports_follow_from_the_hosts_network():
    container = pod({"ports": [{"containerPort": 80}]}, hostNetwork=True)["containers"][0]
    assert container["ports"] == [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]


def test_volumes_have_modes_and_an_empty_one_is_a_folder():
    volumes = pod(volumes=[{"name": "a"}, {"name": "b", "secret": {"secretName": "s"}}])["volumes"]
    assert volumes == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "secret": {"secretName": "s", "defaultMode": 420}},
    ]


def test_both_names_of_the_service_account_are_kept_equal():
    spec = pod(serviceAccount="robot")
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "robot"


def test_a_deployment_rolls_by_quarters():
    spec = defaulted("apps/v1", "Deployment")["spec"]
    assert spec["replicas"] == 1
    assert spec["revisionHistoryLimit"] == 10
    assert spec["progressDeadlineSeconds"] == 600
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }


def test_zero_replicas_stay_zero():
    assert defaulted("apps/v1", "ReplicaSet", spec={"replicas": 0})["spec"]["replicas"] == 0


def test_recreate_gets_no_rolling_update():
    spec = defaulted("apps/v1", "Deployment", spec={"strategy": {"type": "Recreate"}})["spec"]
    assert spec["strategy"] == {"type": "Recreate"}


def test_a_stateful_set_names_what_its_claims_are():
    claims = [{"metadata": {"name": "d"}, "spec": {}}]
    spec = defaulted("apps/v1", "StatefulSet", spec={"volumeClaimTemplates": claims})["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert (claim["apiVersion"], claim["kind"]) == ("v1", "PersistentVolumeClaim")
    assert claim["spec"]["volumeMode"] == "Filesystem"
    assert claim["status"] == {"phase": "Pending"}
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}


def test_a_service_is_reached_inside_the_cluster():
    spec = defaulted("v1", "Service", spec={"ports": [{"port": 80}]})["spec"]
    assert spec == {
        "internalTrafficPolicy": "Cluster",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "sessionAffinity": "None",
        "type": "ClusterIP",
    }


def test_a_service_with_node_ports_takes_traffic_from_outside():
    spec = {"type": "NodePort", "ports": [{"port": 80, "targetPort": "http"}]}
    found = defaulted("v1", "Service", spec=spec)["spec"]
    assert found["externalTrafficPolicy"] == "Cluster"
    assert found["ports"][0]["targetPort"] == "http"


def test_an_external_name_has_no_traffic_policy():
    found = defaulted("v1", "Service", spec={"type": "ExternalName", "externalName": "a.b"})
    assert "internalTrafficPolicy" not in found["spec"]


def test_sticky_sessions_last_three_hours():
    found = defaulted("v1", "Service", spec={"sessionAffinity": "ClientIP"})["spec"]
    assert found["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}


def test_a_namespace_carries_its_name_as_a_label():
    found = defaulted("v1", "Namespace")
    assert found["metadata"]["labels"] == {"kubernetes.io/metadata.name": "x"}
    assert found["status"] == {"phase": "Active"}


def test_a_node_can_give_all_that_it_has():
    found = defaulted("v1", "Node", status={"capacity": {"cpu": "4"}})
    assert found["status"]["allocatable"] == {"cpu": "4"}


def test_one_address_and_many_addresses_agree():
    found = defaulted("v1", "Pod", status={"podIP": "10.0.0.1"})["status"]
    assert found["podIPs"] == [{"ip": "10.0.0.1"}]
    found = defaulted("v1", "Node", spec={"podCIDRs": ["10.0.0.0/24"]})["spec"]
    assert found["podCIDR"] == "10.0.0.0/24"


def test_an_endpoints_port_has_a_name_even_when_it_has_none():
    found = defaulted("discovery.k8s.io/v1", "EndpointSlice", ports=[{"port": 80}])
    assert found["ports"] == [{"name": "", "port": 80, "protocol": "TCP"}]


def test_a_job_runs_one_pod_to_its_end():
    template = {"metadata": {"labels": {"a": "b"}}}
    found = defaulted("batch/v1", "Job", spec={"template": template})
    assert found["metadata"]["labels"] == {"a": "b"}
    spec = found["spec"]
    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 6)


def test_a_queue_of_work_has_no_number_of_completions():
    spec = defaulted("batch/v1", "Job", spec={"parallelism": 3})["spec"]
    assert "completions" not in spec


def test_default_requests_of_a_limit_range_follow_from_its_limits():
    item = {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1Mi"}}
    (found,) = defaulted("v1", "LimitRange", spec={"limits": [item]})["spec"]["limits"]
    assert found["default"] == {"cpu": "2"}
    assert found["defaultRequest"] == {"cpu": "2", "memory": "1Mi"}


def test_users_belong_to_rbac_and_accounts_to_the_core():
    subjects = [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s"}]
    found = defaulted("rbac.authorization.k8s.io/v1", "RoleBinding", subjects=subjects)
    assert found["roleRef"]["apiGroup"] == "rbac.authorization.k8s.io"
    assert [each.get("apiGroup") for each in found["subjects"]] == [
        "rbac.authorization.k8s.io",
        None,
    ]


def test_an_autoscaler_watches_the_cpu():
    found = defaulted("autoscaling/v2", "HorizontalPodAutoscaler", spec={"maxReplicas": 3})["spec"]
    assert found["minReplicas"] == 1
    assert found["metrics"][0]["resource"]["target"]["averageUtilization"] == 80


def test_defaults_are_not_shared_between_objects():
    first, second = (
        defaulted("autoscaling/v2", "HorizontalPodAutoscaler", spec={"behavior": {}})
        for _ in range(2)
    )
    first["spec"]["behavior"]["scaleUp"]["policies"].clear()
    assert second["spec"]["behavior"]["scaleUp"]["policies"]


def test_applying_defaults_twice_changes_nothing():
    kind = KINDS.for_object("v1", "Pod")
    first = defaulted("v1", "Pod", spec={"containers": [{"name": "a", "image": "b"}]})
    again = serializer.decode(kind, first).object
    defaults.apply(kind, again)
    assert again == first
