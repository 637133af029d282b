"""What the server lets pass with a word of warning; the words are upstream's."""

from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.strategy.podwarnings import warn_of_name, warn_of_pod

NOBODY = "a null labelSelector results in matching no pod"


def of_pod(**spec):
    return sorted(warn_of_pod(spec, "spec"))


def of_container(*containers):
    made = [{"name": f"c{i}", "image": "x", **each} for i, each in enumerate(containers)]
    return of_pod(containers=made)


def port(number=80, **more):
    return {"containerPort": number, "protocol": "TCP", **more}


@pytest.mark.parametrize(
    ("spec", "warning"),
    [
        (
            {"nodeSelector": {"beta.kubernetes.io/os": "linux"}},
            'nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" '
            "instead",
        ),
        (
            {"topologySpreadConstraints": [{"topologyKey": "zone"}]},
            f"topologySpreadConstraints[0].labelSelector: {NOBODY}",
        ),
        (
            {"imagePullSecrets": [{"name": "a"}, {"name": "a"}]},
            'imagePullSecrets[1].name: duplicate name "a"',
        ),
        ({"imagePullSecrets": [{}]}, 'imagePullSecrets[0].name: invalid empty name ""'),
        (
            {"hostAliases": [{"ip": "1.2.3.4"}, {"ip": "1.2.3.4"}]},
            'hostAliases[1].ip: duplicate ip "1.2.3.4"',
        ),
        (
            {"volumes": [{"name": "v", "gitRepo": {}}]},
            "volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
        ),
    ],
)
def test_a_pod_that_is_odd_is_told_so(spec, warning):
    assert of_pod(**spec) == [f"spec.{warning}"]


@pytest.mark.parametrize("kind", ["podAffinity", "podAntiAffinity"])
def test_an_affinity_that_selects_nobody_is_told(kind):
    rules = {
        "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone"}],
        "preferredDuringSchedulingIgnoredDuringExecution": [{"podAffinityTerm": {}}],
    }
    preferred, required = of_pod(affinity={kind: rules})
    assert required.endswith(
        f"requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: {NOBODY}"
    )
    assert preferred.endswith(f"[0].podAffinityTerm.labelSelector: {NOBODY}")


def test_files_that_get_in_each_others_way_are_told():
    items = [{"path": "a"}, {"path": "a/b"}, {"path": "ab"}]
    volume = {"name": "v", "configMap": {"name": "c", "items": items}}
    assert of_pod(volumes=[volume]) == [
        'volume "v" (ConfigMap "c"): overlapping paths: "a/b" with "a"'
    ]


def test_sources_of_one_volume_can_get_in_each_others_way_too():
    sources = [
        {"secret": {"name": "s", "items": [{"path": "x"}]}},
        {"serviceAccountToken": {"path": "x"}},
        {},
    ]
    assert of_pod(volumes=[{"name": "v", "projected": {"sources": sources}}]) == [
        'volume "v" (Projected) has no sources provided',
        'volume "v" (Projected): overlapping paths: "x" (ServiceAccountToken) with "x" '
        '(Secret "s")',
    ]


def test_a_variable_may_be_set_again_to_add_to_it():
    added = [{"name": "A", "value": "x"}, {"name": "A", "value": "$(A):y"}]
    assert of_container({"env": added}) == []
    hidden = [{"name": "A", "value": "x"}, {"name": "A", "value": "y"}]
    assert of_container({"env": hidden}) == [
        'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when '
        "using apply"
    ]


@pytest.mark.parametrize(
    ("one", "other", "problem"),
    [
        (port(), port(), "duplicate"),
        (port(), port(hostPort=80), "overlapping"),
        (port(hostPort=80), port(hostPort=80, hostIP="1.2.3.4"), "dangerously ambiguous"),
        (port(hostPort=80), port(hostPort=81), ""),
        (port(80), port(81), ""),
    ],
)
def test_ports_of_a_pod_that_are_the_same_are_told(one, other, problem):
    where = "spec.containers[1].ports[0]: "
    wanted = f"{where}{problem} port definition with spec.containers[0].ports[0]"
    assert of_container({"ports": [one]}, {"ports": [other]}) == ([wanted] if problem else [])


def test_a_name_for_two_ports_and_an_address_without_a_port_are_told():
    found = of_container(
        {"ports": [port(name="web", hostIP="1.2.3.4")]}, {"ports": [port(81, name="web")]}
    )
    assert found == [
        "spec.containers[0].ports[0]: hostIP set without hostPort: {Name:web HostPort:0 "
        "ContainerPort:80 Protocol:TCP HostIP:1.2.3.4}",
        'spec.containers[1].ports[0]: duplicate port name "web" with spec.containers[0].ports[0], '
        "services and probes that select ports by name will use spec.containers[0].ports[0]",
    ]


def test_a_name_with_a_dot_makes_odd_host_names():
    assert list(warn_of_name("web", "Pod names and hostnames")) == []
    (warning,) = warn_of_name("web.v2", "Pod names and hostnames")
    assert warning.startswith("metadata.name: this is used in Pod names and hostnames, which can")


# --- through the server --------------------------------------------------------------------------


def warnings_of(answer):
    return [text.partition('"')[2][:-1] for text in answer.headers.getall("Warning", [])]


async def test_a_template_is_looked_at_when_it_comes_or_changes(api, deployment):
    path = "/apis/apps/v1/namespaces/default/deployments"
    env = [{"name": "A", "value": "x"}, {"name": "A", "value": "y"}]
    body = deployment("web.v2")
    body["spec"]["template"]["spec"]["containers"][0]["env"] = env
    name, variable = warnings_of(await api.post(path, body))
    assert name.startswith("metadata.name: ")
    assert variable.startswith("spec.template.spec.containers[0].env[1]: hides")
    labels = {"metadata": {"labels": {"a": "b"}}}
    assert warnings_of(await api.patch(f"{path}/web.v2", labels)) == []
    (again,) = warnings_of(await api.patch(f"{path}/web.v2", {"spec": {"replicas": 3}}))
    assert again == variable
    status = {"status": {"replicas": 3}}
    assert warnings_of(await api.patch(f"{path}/web.v2/status", status)) == []


@pytest.mark.parametrize(
    ("spec", "warning"),
    [
        ({"externalIPs": ["1.2.3.4"]}, "spec.externalIPs is deprecated"),
        ({"externalName": "a.b"}, "spec.externalName is ignored when spec.type is not"),
        ({"trafficDistribution": "PreferClose"}, 'spec.trafficDistribution: \\"PreferClose\\" is'),
        (
            {"clusterIP": "None", "externalIPs": ["1.2.3.4"]},
            "spec.externalIPs is ignored for headless services",
        ),
    ],
)
async def test_a_service_with_a_field_that_does_nothing_is_told_so(api, spec, warning):
    body = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}], **spec}}
    (found,) = warnings_of(await api.post("/api/v1/namespaces/default/services", body))
    assert found.startswith(warning)


async def test_an_owner_that_is_named_twice_is_meant_once(api):
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    meta = {"name": "c", "ownerReferences": [owner, owner]}
    answer = await api.post("/api/v1/namespaces/default/configmaps", {"metadata": meta})
    assert answer.body["metadata"]["ownerReferences"] == [owner]
    (warning,) = warnings_of(answer)
    assert warning.endswith("duplicate UID(s) observed: u")
