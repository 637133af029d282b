"""CertificateSigningRequests: three doors, each of which changes a part.

Stands for k8s.io/kubernetes `pkg/registry/certificates/certificates/strategy.go`. Who asks, and
when conditions came, is written by admission, which knows both (`admission/certificates.py`).
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.embedded.certificates import conditions
from kubelearn.objects import Object

_RESET = {
    "": ("spec", "status"),
    "status": ("spec", "status.conditions"),
    "approval": ("spec", "status.certificate"),
}


class CertificateSigningRequestStrategy(Strategy):
    """CertificateSigningRequests: what was asked for stays as it is."""

    first_status = {}
    fields = ("spec.signerName",)

    def prepare_for_update(self, new: Object, old: Object) -> None:
        """Only metadata changes."""
        super().prepare_for_update(new, old)
        new["spec"] = old["spec"]

    def prepare_for_status_update(self, new: Object, old: Object) -> None:
        """The certificate and whether signing failed; whether it was approved stays."""
        super().prepare_for_status_update(new, old)
        for kind in ("Approved", "Denied"):
            _keep_conditions(new, old, kind)

    def prepare_for_approval(self, new: Object, old: Object) -> None:
        """Only conditions change."""
        new["spec"] = old["spec"]
        status = dict(old.get("status") or {})
        status.pop("conditions", None)
        if found := conditions(new):
            status["conditions"] = found
        new["status"] = status

    def reset_fields(self, subresource: str) -> tuple[str, ...]:
        """Each door leaves what belongs to the others."""
        return _RESET[subresource]


def _keep_conditions(new: Object, old: Object, kind: str) -> None:
    """Put the old ones in place of the new; where some came or went validation will object."""
    before, after = conditions(old, kind), conditions(new, kind)
    if len(before) == len(after):
        kept = iter(before)
        found = [next(kept) if each.get("type") == kind else each for each in conditions(new)]
        if found:
            new["status"]["conditions"] = found
