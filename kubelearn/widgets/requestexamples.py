"""Requests that are worth sending: one that goes through, and one for each way to be refused."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from kubelearn.clusters.transport import MERGE_PATCH
from kubelearn.objects import CONFIG_MAPS, DEPLOYMENTS, PODS, ROLE_BINDINGS, SECRETS
from kubelearn.widgets.apirequest import ApiRequest
from kubelearn.widgets.identity import Identity

USER = "jane"
"""A user whom no certificate and no token stands for: you can only act as her."""
POD = "xray"
_BINDING = f"{USER}-views"
# Kubernetes itself puts it into every namespace, so there is always one to collide with.
_ALWAYS_THERE = "kube-root-ca.crt"


@dataclass(frozen=True)
class Example:
    """A request that can be picked."""

    title: str
    request: ApiRequest


def examples(namespace: str) -> dict[str, Example]:
    """The ready-made requests, by a short name; those that are refused are named after the code."""
    pods, maps = PODS.path(namespace), CONFIG_MAPS.path(namespace)
    pod = ApiRequest("POST", pods, _pod())
    bindings = ROLE_BINDINGS.path(namespace)
    jane = Identity("user", USER)
    taken = _yaml(f"""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {_ALWAYS_THERE}
    """)
    stale = f'{taken}  resourceVersion: "1"\n'
    return {
        "create": Example("Create a pod", pod),
        "dry-run": Example("Create it, but only try", _at(pod, f"{pods}?dryRun=All")),
        "list": Example("List pods", ApiRequest("GET", pods)),
        "patch": Example(
            "Give the pod a label",
            ApiRequest(
                "PATCH",
                PODS.path(namespace, POD),
                "metadata:\n  labels:\n    seen: by-xray\n",
                MERGE_PATCH,
            ),
        ),
        "delete": Example("Delete the pod", ApiRequest("DELETE", PODS.path(namespace, POD))),
        "grant": Example(
            f"Let {USER} view this namespace", ApiRequest("POST", bindings, _binding())
        ),
        "jane": Example(f"List pods as {USER}", ApiRequest("GET", pods, identity=jane)),
        "revoke": Example(
            f"Let {USER} view it no more", ApiRequest("DELETE", f"{bindings}/{_BINDING}")
        ),
        "400": Example(
            "400: a misspelt field",
            ApiRequest("POST", f"{pods}?fieldValidation=Strict", _pod("restartPolicyy: Never")),
        ),
        "401": Example(
            "401: a token that nobody issued", ApiRequest("GET", pods, identity=Identity("token"))
        ),
        "403-none": Example(
            "403: without credentials", ApiRequest("GET", pods, identity=Identity("none"))
        ),
        "403-account": Example(
            "403: a ServiceAccount reads Secrets",
            ApiRequest(
                "GET",
                SECRETS.path(namespace),
                identity=Identity("account", "default", namespace),
            ),
        ),
        "403-admission": Example(
            "403: allowed, but not admitted",
            ApiRequest("POST", pods, _pod("serviceAccountName: nobody")),
        ),
        "404": Example(
            "404: no such object", ApiRequest("GET", PODS.path(namespace, "no-such-pod"))
        ),
        "404-resource": Example(
            "404: no such resource",
            ApiRequest("GET", DEPLOYMENTS.path(namespace).replace("deployments", "deploymentz")),
        ),
        "409": Example(
            "409: a name that is taken",
            ApiRequest("POST", maps, taken),
        ),
        "409-version": Example(
            "409: an old version in hand", ApiRequest("PUT", f"{maps}/{_ALWAYS_THERE}", stale)
        ),
        "422": Example(
            "422: values that cannot be", ApiRequest("POST", pods, _pod("restartPolicy: Sometimes"))
        ),
    }


def _at(request: ApiRequest, path: str) -> ApiRequest:
    return ApiRequest(request.method, path, request.text)


def _pod(more: str = "restartPolicy: Never") -> str:
    return _yaml(f"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: {POD}
        spec:
          {more}
          containers:
          - name: main
            image: busybox:1.37
            command: [sleep, "600"]
    """)


def _binding() -> str:
    return _yaml(f"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: {_BINDING}
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
        - apiGroup: rbac.authorization.k8s.io
          kind: User
          name: {USER}
    """)


def _yaml(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n").rstrip(" ")
