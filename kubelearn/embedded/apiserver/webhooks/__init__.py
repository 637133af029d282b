"""Admission webhooks: servers of your own that have a say in each write.

Stands for k8s.io/apiserver `pkg/admission/plugin/webhook`. Left out: webhooks that are configured
by files, audit annotations, and the cost limits of match conditions. What a webhook is asked about
a subresource other than `status` and `ephemeralcontainers` is not modelled but for exec, attach and
port-forward (CONNECT).
"""

from kubelearn.embedded.apiserver.webhooks.attributes import Attributes
from kubelearn.embedded.apiserver.webhooks.dispatcher import Webhooks
from kubelearn.embedded.apiserver.webhooks.rounds import Round

__all__ = ["Attributes", "Round", "Webhooks"]
