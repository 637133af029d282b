"""`kubectl describe`: the kinds that learners look at, and the events about them."""

import re

import pytest

MANIFESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: a
        image: busybox:1.37
        command: [sleep, "3600"]
        env: [{name: COLOR, value: red}]
        ports: [{containerPort: 8080}]
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 32Mi}}
        livenessProbe: {exec: {command: ["true"]}}
        volumeMounts: [{name: conf, mountPath: /etc/conf}]
      volumes: [{name: conf, configMap: {name: conf}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {color: red}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: a, image: "busybox:1.37", command: ["true"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: lost}
spec:
  nodeSelector: {planet: mars}
  containers: [{name: a, image: "busybox:1.37"}]
"""


@pytest.fixture(scope="module", autouse=True)
def things(kubectl):
    kubectl("apply", "-f", "-", stdin=MANIFESTS)
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    kubectl("wait", "--for=condition=Complete", "job/once", "--timeout=60s")


@pytest.fixture
def said(kubectl):
    """Whether a line of a description says that, with any number of spaces."""

    def check(description, *lines):
        for line in lines:
            pattern = r"\s+".join(map(re.escape, line.split()))
            assert re.search(pattern, description), f"{line!r} is not in\n{description}"

    return lambda *what: lambda *lines: check(kubectl("describe", *what), *lines)


def test_a_pod_shows_its_containers_volumes_and_events(kubectl, said):
    pod = kubectl("get", "pods", "-l", "app=web", "-o", "name").split()[0]
    said(pod)(
        "Status: Running",
        "Controlled By: ReplicaSet/web-",
        "Image: busybox:1.37",
        "Port: 8080/TCP",
        "State: Running",
        "Limits: memory: 32Mi",
        "Requests: cpu: 10m memory: 16Mi",
        "Liveness: exec [true] delay=0s timeout=1s period=10s #success=1 #failure=3",
        "COLOR: red",
        "/etc/conf from conf (rw)",
        "PodScheduled True",
        "Type: ConfigMap (a volume populated by a ConfigMap)",
        "QoS Class: Burstable",
        "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
        "Normal Scheduled",
        "Container created",
        "Container started",
    )


def test_a_pod_that_finds_no_node_says_why(kubectl, said):
    kubectl(
        "wait", "pod/lost", "--for=jsonpath={.status.conditions[0].reason}=Unschedulable",
        "--timeout=30s",
    )  # fmt: skip
    said("pod", "lost")(
        "Node: <none>", "Status: Pending", "Node-Selectors: planet=mars", "Warning FailedScheduling"
    )


def test_a_deployment_shows_its_strategy_and_replica_sets(said):
    said("deployment", "web")(
        "Replicas: 2 desired | 2 updated | 2 total | 2 available | 0 unavailable",
        "StrategyType: RollingUpdate",
        "RollingUpdateStrategy: 25% max unavailable, 25% max surge",
        "Available True MinimumReplicasAvailable",
        "OldReplicaSets: <none>",
        "NewReplicaSet: web-",
        "Normal ScalingReplicaSet",
    )


def test_a_replica_set_shows_its_pods_by_state(said):
    said("replicaset", "-l", "app=web")(
        "Controlled By: Deployment/web",
        "Replicas: 2 current / 2 desired",
        "Pods Status: 2 Running / 0 Waiting / 0 Succeeded / 0 Failed",
        "Normal SuccessfulCreate",
    )


def test_a_service_shows_its_endpoints(kubectl, said):
    ips = kubectl("get", "pods", "-l", "app=web", "-o=jsonpath={.items[*].status.podIP}").split()
    said("service", "web")("Type: ClusterIP", "TargetPort: 8080/TCP", "Session Affinity: None")
    for ip in ips:
        said("service", "web")(f"{ip}:8080")


def test_a_job_shows_how_it_went(said):
    said("job", "once")(
        "Completions: 1",
        "Pods Statuses: 0 Active (0 Ready) / 1 Succeeded / 0 Failed",
        "Normal Completed",
    )


def test_a_node_shows_its_room_and_its_pods(kubectl, said):
    where = kubectl("get", "pods", "-l", "app=web", "-o=jsonpath={.items[0].spec.nodeName}")
    said("node", where)(
        "Roles: <none>",
        "Unschedulable: false",
        f"HolderIdentity: {where}",
        "Ready True",
        "Capacity:",
        "Allocatable:",
        "Container Runtime Version:",
        "test-describing web-",
        "Allocated resources:",
    )


def test_configuration_is_shown_and_secrets_are_not(kubectl, said):
    said("configmap", "conf")("color: ---- red")
    kubectl("create", "secret", "generic", "word", "--from-literal=word=s3cret")
    said("secret", "word")("Type: Opaque", "word: 6 bytes")
    assert "s3cret" not in kubectl("describe", "secret", "word")


def test_accounts_roles_and_namespaces(kubectl, said):
    kubectl("create", "role", "reader", "--verb=get", "--resource=pods")
    kubectl("create", "rolebinding", "reads", "--role=reader", "--user=ann")
    said("serviceaccount", "default")("Name: default")
    said("role", "reader")("pods [] [] [get]")
    said("rolebinding", "reads")("Kind: Role Name: reader", "User ann")
    said("namespace", "test-describing")("Status: Active")


def test_a_claim_and_a_budget(kubectl, said):
    claim = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: none-such
  resources: {requests: {storage: 1Gi}}
"""
    kubectl("apply", "-f", "-", stdin=claim)
    said("pvc", "data")("Status: Pending", "StorageClass: none-such", "Used By: <none>")
    kubectl("create", "poddisruptionbudget", "web", "--selector=app=web", "--max-unavailable=1")
    kubectl("wait", "pdb/web", "--for=jsonpath={.status.expectedPods}=2", "--timeout=30s")
    said("pdb", "web")("Max unavailable: 1", "Allowed disruptions: 1", "Current: 2")


def test_what_is_not_there_is_an_error(kubectl):
    said = kubectl("describe", "pod", "none", code=1)
    assert said == 'Error from server (NotFound): pods "none" not found\n'
