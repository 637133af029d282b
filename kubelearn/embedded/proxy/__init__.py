"""kube-proxy: Service addresses that answer.

`proxy` follows Services and EndpointSlices, `rules` says what they mean, `datapath` does what the
kernel's packet filter does on a real node: it listens on the addresses of Services and passes each
connection on to an endpoint. Upstream: pkg/proxy. Left out: SCTP, source ranges,
topology (zones and their hints), and the health check of a LoadBalancer's node port.
"""

from kubelearn.embedded.proxy.datapath import DataPath
from kubelearn.embedded.proxy.proxy import Proxy
from kubelearn.embedded.proxy.rules import Address, Rule

__all__ = ["Address", "DataPath", "Proxy", "Rule"]
