"""CoreDNS: the names of Services and pods, for everybody inside the cluster.

`zone` says what a name means, `server` answers over UDP and TCP, `forward` asks the machine's own
servers for all other names, and `manifests` has the objects that belong to it. Upstream:
github.com/coredns/coredns, with what kubeadm's Corefile turns on. Left out: its cache, metrics and
health end points, and any other Corefile.
"""

from kubelearn.embedded.dns.manifests import install
from kubelearn.embedded.dns.server import DnsServer

__all__ = ["DnsServer", "install"]
