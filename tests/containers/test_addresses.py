"""Pod addresses."""

import pytest

from kubelearn.containers.addresses import AddressPool
from kubelearn.errors import ContainerError


def test_the_first_two_addresses_and_the_last_are_not_given_out():
    pool = AddressPool("127.64.1.0/29")
    assert [pool.take() for _ in range(5)] == [f"127.64.1.{n}" for n in range(2, 7)]
    with pytest.raises(ContainerError, match="no address is left in"):
        pool.take()


def test_an_address_that_was_given_back_is_the_last_to_be_given_out_again():
    pool = AddressPool("127.64.1.0/29")
    first = pool.take()
    pool.give_back(first)
    assert [pool.take() for _ in range(5)][-1] == first
