"""kube-proxy: Service addresses that answer.

`proxy` follows Services and EndpointSlices, `rules` says what they mean, `datapath` does what the
kernel's packet filter does on a real node: it listens on the addresses of Services and passes each
connection on to an endpoint. Upstream: pkg/proxy. Left out: UDP and SCTP, external and load
balancer addresses, traffic policies, topology.
"""

from kubelearn.embedded.proxy.datapath import DataPath
from kubelearn.embedded.proxy.proxy import Proxy

__all__ = ["DataPath", "Proxy"]
