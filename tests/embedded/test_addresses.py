"""Blocks of the loopback network, and ports."""

import ipaddress
import socket

import pytest

from kubelearn.embedded.addresses import (
    BLOCKS,
    MOST_HOLLOW_NODES,
    Block,
    Claim,
    claim,
    claim_any,
    claim_any_port,
    claim_port,
    free_port,
    is_free,
)
from kubelearn.errors import ClusterError


def test_a_block_has_room_for_nodes_pods_and_services():
    block = Block(70)
    assert str(block) == "127.70.0.0/16"
    assert (block.node_ip(1), block.node_ip(2)) == ("127.70.0.2", "127.70.0.3")
    assert (block.pod_cidr(1), block.pod_cidr(127)) == ("127.70.1.0/24", "127.70.127.0/24")
    assert block.service_cidr == "127.70.128.0/17"
    assert block.kubernetes_service_ip == "127.70.128.1"


def test_pods_of_hollow_nodes_lie_where_no_cluster_has_its_block():
    ranges = [
        ipaddress.ip_network(Block(block).hollow_pod_cidr(node))
        for block in (BLOCKS[0], BLOCKS[-1])
        for node in range(1, MOST_HOLLOW_NODES + 1)
    ]
    assert len(set(ranges)) == len(ranges)
    assert all(cidr.is_loopback and cidr.num_addresses == 128 for cidr in ranges)
    assert {int(str(cidr).split(".")[1]) for cidr in ranges}.isdisjoint(BLOCKS)


@pytest.fixture
def others(monkeypatch):
    """Names that only this test uses: real clusters of this machine must not matter."""
    real = Claim.__init__
    monkeypatch.setattr(Claim, "__init__", lambda self, what: real(self, f"test {what}"))


def test_a_claimed_block_is_nobody_elses_until_it_is_released(others):
    mine = claim(Block(70))
    with pytest.raises(ClusterError, match="another cluster"):
        claim(Block(70))
    mine.release()
    claim(Block(70)).release()


def test_a_new_cluster_gets_the_block_it_wishes_or_the_next_one(others):
    first, mine = claim_any(3)
    second, other = claim_any(3)
    assert (first, second) == (Block(BLOCKS[3]), Block(BLOCKS[4]))
    mine.release()
    other.release()


def test_blocks_of_stopped_clusters_are_left_alone(others):
    block, mine = claim_any(3, others=[Block(BLOCKS[3])])
    assert block == Block(BLOCKS[4])
    mine.release()


def test_without_a_block_the_error_says_how_to_free_one(others):
    with pytest.raises(ClusterError, match="--delete frees one"):
        claim_any(0, others=[Block(number) for number in BLOCKS])


def test_a_port_is_claimed_though_nobody_listens_yet(others):
    port, mine = claim_any_port("127.0.0.1", 23456)
    with pytest.raises(OSError, match="in use"):
        claim_port("127.0.0.1", port)
    next_port, other = claim_any_port("127.0.0.1", port)
    assert next_port > port
    mine.release()
    other.release()


def test_a_port_that_a_program_listens_on_is_not_free(others):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        with pytest.raises(OSError, match="in use"):
            claim_port("127.0.0.1", port)
        assert free_port(["127.0.0.1", "127.70.0.2"], port) > port
    assert is_free("127.0.0.1", port)


def test_an_address_tells_its_node():
    block = Block(70)
    assert block.node_of(block.node_ip(3)) == 3
    assert block.node_of("127.70.3.17") == 3
    assert block.node_of("127.70.128.1") is None
    assert block.node_of("127.71.3.17") is None
    assert block.node_of("127.0.0.1") is None
    assert block.node_of("10.0.0.1") is None
