"""Admission webhooks: servers of your own that have a say in each write.

Stands for k8s.io/apiserver `pkg/admission/plugin/webhook`. Left out: webhooks that are configured
by files, the audit trail's notes on each one's patch, and the cost limits of match conditions.
"""

from kubelearn.embedded.apiserver.webhooks.attributes import Attributes
from kubelearn.embedded.apiserver.webhooks.dispatcher import Webhooks
from kubelearn.embedded.apiserver.webhooks.rounds import Round

__all__ = ["Attributes", "Round", "Webhooks"]
