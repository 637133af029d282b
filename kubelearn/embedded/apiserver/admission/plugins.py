"""The plugins that are on, in upstream's order (`pkg/kubeapiserver/options/plugins.go`)."""

from __future__ import annotations

import random as randomness

from kubelearn.embedded.apiserver.admission import Admission, limitranger
from kubelearn.embedded.apiserver.admission.certificates import (
    CertificateAuthorization,
    note_circumstances,
    restrict_subject,
)
from kubelearn.embedded.apiserver.admission.ingressclass import default_ingress_class
from kubelearn.embedded.apiserver.admission.namespacelifecycle import namespace_lifecycle
from kubelearn.embedded.apiserver.admission.nodetaint import node_taint
from kubelearn.embedded.apiserver.admission.podresize import check_pod_resize
from kubelearn.embedded.apiserver.admission.podsecurity import pod_security
from kubelearn.embedded.apiserver.admission.podtopologylabels import pod_topology_labels
from kubelearn.embedded.apiserver.admission.priority import priority
from kubelearn.embedded.apiserver.admission.resourcequota import resource_quota
from kubelearn.embedded.apiserver.admission.runtimeclass import (
    check_runtime_class,
    set_runtime_class,
)
from kubelearn.embedded.apiserver.admission.serviceaccount import service_account
from kubelearn.embedded.apiserver.admission.storageclass import claim_resize, default_storage_class
from kubelearn.embedded.apiserver.admission.storageprotection import storage_protection
from kubelearn.embedded.apiserver.admission.tolerations import default_toleration_seconds
from kubelearn.embedded.apiserver.authorization import Authorizer
from kubelearn.embedded.apiserver.kinds import Kinds
from kubelearn.embedded.apiserver.nodes.restriction import node_deletion, node_restriction
from kubelearn.embedded.apiserver.policies import MutatingPolicies, ValidatingPolicies
from kubelearn.embedded.apiserver.rbac.escalation import NoEscalation
from kubelearn.embedded.apiserver.rbac.policy import Policy
from kubelearn.embedded.apiserver.webhooks import Webhooks
from kubelearn.embedded.store import Store


def standard_admission(
    store: Store,
    kinds: Kinds,
    *,
    policy: Policy,
    authorizer: Authorizer,
    random: randomness.Random,
) -> Admission:
    """Admission as it is where nobody has asked for another."""
    return Admission(
        Webhooks(store, random=random),
        mutating_policies=MutatingPolicies(store, find=kinds.for_object),
        validating_policies=ValidatingPolicies(store, find=kinds.for_object),
        mutating=[
            namespace_lifecycle,
            note_circumstances,
            limitranger.set_defaults,
            service_account,
            node_restriction,
            node_taint,
            priority,
            default_toleration_seconds,
            default_storage_class,
            storage_protection,
            set_runtime_class,
            default_ingress_class,
            pod_topology_labels,
            NoEscalation(policy, authorizer),
        ],
        validating=[
            limitranger.check_limits,
            pod_security,
            check_runtime_class,
            CertificateAuthorization(authorizer),
            restrict_subject,
            claim_resize,
            check_pod_resize,
        ],
        final=[resource_quota],
        deleting=[node_deletion],
    )
