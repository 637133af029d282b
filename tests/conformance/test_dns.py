"""Names: how pods find Services and each other."""

from __future__ import annotations

from functools import partial

import pytest

pytestmark = pytest.mark.needs_nodes

WEB = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
# Asks for names again until they are there, since DNS hears of objects a moment later.
LOOK = """
import socket, sys, time
for name in sys.argv[1:]:
    for _ in range(150):
        try:
            print(" ".join(sorted(socket.gethostbyname_ex(name)[2])))
            break
        except socket.gaierror:
            time.sleep(0.2)
    else:
        print("none")
"""
# Sends one question to the server of /etc/resolv.conf, and prints the answer's code and records.
ASK = """
import socket, struct, sys, time
[server, *_] = [line.split()[1] for line in open("/etc/resolv.conf") if "nameserver" in line]

def name_at(data, place):
    labels, end = [], 0
    while data[place]:
        if data[place] >= 0xC0:
            end = end or place + 2
            place = struct.unpack_from("!H", data, place)[0] & 0x3FFF
            continue
        labels.append(data[place + 1:place + 1 + data[place]].decode())
        place += 1 + data[place]
    return ".".join(labels), end or place + 1

def ask(name, kind):
    query = struct.pack("!6H", 7, 0x100, 1, 0, 0, 0)
    for label in name.split("."):
        query += bytes([len(label)]) + label.encode()
    query += bytes([0]) + struct.pack("!2H", kind, 1)
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(2)
    client.sendto(query, (server, 53))
    data = client.recv(4096)
    _, flags, _, count, *_ = struct.unpack_from("!6H", data)
    place, found = len(query), []
    for _ in range(count):
        _, place = name_at(data, place)
        kind, _, _, length = struct.unpack_from("!2HIH", data, place)
        place += 10
        if kind == 1:
            found.append(socket.inet_ntoa(data[place:place + 4]))
        elif kind == 33:
            found.append(f"{struct.unpack_from('!H', data, place + 4)[0]} "
                         + name_at(data, place + 6)[0])
        else:
            found.append(name_at(data, place)[0])
        place += length
    return flags & 15, sorted(found)

name, kind, wanted = sys.argv[1], int(sys.argv[2]), sys.argv[3]
for _ in range(100):
    try:
        code, found = ask(name, kind)
    except OSError:
        continue
    if f"{code} {' '.join(found)}".strip() == wanted:
        break
    time.sleep(0.2)
print(code, *found)
"""
A, CNAME, PTR, AAAA, SRV = 1, 5, 12, 28, 33


@pytest.fixture
def look(pods):
    """The addresses of names, as a Python program in a pod finds them; one line each."""
    return partial(pods.printed, LOOK)


@pytest.fixture
def answers(pods):
    """Whether the cluster's server answers a question with a code and data, sooner or later."""

    def call(name, kind, wanted):
        assert pods.printed(ASK, name, str(kind), wanted) == [wanted]

    return call


def test_the_clusters_dns_is_a_service(core):
    found = core.read_namespaced_service("kube-dns", "kube-system")
    assert found.metadata.labels["k8s-app"] == "kube-dns"
    assert found.metadata.labels["kubernetes.io/cluster-service"] == "true"
    ports = {(port.name, port.port, port.protocol) for port in found.spec.ports}
    assert ports >= {("dns", 53, "UDP"), ("dns-tcp", 53, "TCP")}


def test_a_pod_asks_the_clusters_dns(core, namespace, pods):
    server = core.read_namespaced_service("kube-dns", "kube-system").spec.cluster_ip
    lines = pods.output("cat /etc/resolv.conf").splitlines()
    [search] = [line.split()[1:] for line in lines if line.startswith("search")]
    assert search[:3] == [f"{namespace}.svc.cluster.local", "svc.cluster.local", "cluster.local"]
    assert f"nameserver {server}" in lines
    assert "options ndots:5" in lines


def test_a_pod_may_choose_its_own_servers(pods):
    own = {
        "nameservers": ["192.0.2.1"],
        "searches": ["a.example", "b.example"],
        "options": [{"name": "ndots", "value": "2"}],
    }
    container = {"name": "a", "image": "busybox:1.37", "command": ["cat", "/etc/resolv.conf"]}
    pods.run(spec={"dnsPolicy": "None", "dnsConfig": own, "containers": [container],
                   "restartPolicy": "Never"})  # fmt: skip
    pods.finished()
    assert pods.log().splitlines() == [
        "search a.example b.example",
        "nameserver 192.0.2.1",
        "options ndots:2",
    ]


def test_a_pods_hosts_file_has_its_name_and_its_aliases(pods):
    container = {"name": "a", "image": "busybox:1.37", "command": ["cat", "/etc/hosts"]}
    aliases = [{"ip": "192.0.2.1", "hostnames": ["db", "db.example"]}]
    pods.run(spec={"hostAliases": aliases, "containers": [container], "restartPolicy": "Never"})
    ip = pods.finished().status.pod_ip
    lines = pods.log().splitlines()
    assert lines[0] == "# Kubernetes-managed hosts file."
    assert f"{ip}\tp" in lines
    assert lines[-2:] == ["# Entries added by HostAliases.", "192.0.2.1\tdb\tdb.example"]


def test_a_service_is_found_by_each_form_of_its_name(namespace, create_service, look):
    address = create_service("web", **WEB).spec.cluster_ip
    names = [
        "web",
        f"web.{namespace}",
        f"web.{namespace}.svc",
        f"web.{namespace}.svc.cluster.local",
    ]
    assert look(*names) == [address] * 4


def test_a_service_of_another_namespace_needs_that_in_its_name(core, look):
    address = core.read_namespaced_service("kubernetes", "default").spec.cluster_ip
    assert look("kubernetes.default") == [address]


def test_busybox_reaches_a_service_by_its_name(pods, create_service):
    create_service("web", **WEB)
    server = (
        "from http.server import *\n"
        "class Hello(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200)\n"
        "        self.end_headers()\n"
        "        self.wfile.write(b'hello from ' + self.headers['Host'].encode())\n"
        "HTTPServer(('', 8080), Hello).serve_forever()\n"
    )
    pods.python(server, name="web", labels={"app": "web"})
    pods.ready("web")
    script = "for i in $(seq 100); do wget -q -O - http://web/ && break; sleep 0.2; done"
    assert "hello from web" in pods.output(script)


def test_busybox_looks_a_service_up(namespace, pods, create_service):
    address = create_service("web", **WEB).spec.cluster_ip
    script = (
        f"for i in $(seq 100); do nslookup web.{namespace}.svc.cluster.local && break; sleep 0.2; "
        "done"
    )
    text = pods.output(script)
    assert f"Name:\tweb.{namespace}.svc.cluster.local" in text
    assert f"Address: {address}" in text


def test_a_name_that_nobody_has_is_not_found(pods):
    code = (
        "import socket\n"
        "try: socket.gethostbyname('nosuch.default.svc.cluster.local')\n"
        "except socket.gaierror as error: print(error.errno == socket.EAI_NONAME)"
    )
    pods.python(code)
    pods.finished()
    assert pods.log() == "True\n"


def test_a_name_without_such_a_record_is_known_all_the_same(namespace, create_service, answers):
    create_service("web", **WEB)
    answers(f"web.{namespace}.svc.cluster.local", AAAA, "0")
    answers(f"nosuch.{namespace}.svc.cluster.local", AAAA, "3")


def test_ports_have_names_too(namespace, create_service, answers):
    create_service("web", **WEB)
    name = f"web.{namespace}.svc.cluster.local"
    answers(f"_http._tcp.{name}", SRV, f"0 80 {name}")


def test_an_address_leads_back_to_its_service(namespace, create_service, answers):
    address = create_service("web", **WEB).spec.cluster_ip
    name = ".".join([*reversed(address.split(".")), "in-addr", "arpa"])
    answers(name, PTR, f"0 web.{namespace}.svc.cluster.local")


def test_an_external_name_is_an_alias(namespace, create_service, answers):
    fields = {"externalName": "kubernetes.default.svc.cluster.local", "ports": None}
    create_service("shortcut", type="ExternalName", **fields)
    wanted = "0 kubernetes.default.svc.cluster.local"
    answers(f"shortcut.{namespace}.svc.cluster.local", CNAME, wanted)


@pytest.fixture
def members(pods):
    """Two pods of a headless Service, of which only the first is ready; their addresses."""
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    for name, extra in (("first", {}), ("second", {"readinessProbe": never})):
        container = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"], **extra}
        spec = {"hostname": name, "subdomain": "db", "containers": [container]}
        pods.run(name=name, labels={"app": "db"}, spec=spec)
    first = pods.ready("first").status.pod_ip
    second = pods.until(lambda pod: pod.status.pod_ip, "second").status.pod_ip
    return first, second


HEADLESS = {"selector": {"app": "db"}, "clusterIP": "None"}


def test_a_headless_service_is_its_ready_pods_and_each_has_a_name(create_service, members, look):
    create_service("db", **HEADLESS)
    assert look("db", "first.db") == [members[0], members[0]]


def test_a_headless_service_may_show_pods_that_are_not_ready(create_service, members, look):
    create_service("db", publishNotReadyAddresses=True, **HEADLESS)
    assert look("second.db", "db") == [members[1], " ".join(sorted(members))]
