"""Which capabilities a container has."""

from kubelearn.containers.capabilities import DEFAULT, NUMBERS, chosen


def test_the_numbers_are_the_kernels():
    assert (NUMBERS["CHOWN"], NUMBERS["SYS_ADMIN"], NUMBERS["CHECKPOINT_RESTORE"]) == (0, 21, 40)


def test_some_are_there_by_default():
    assert {*chosen(add=[], drop=[], privileged=False)} == {*DEFAULT}


def test_they_can_be_added_and_dropped_by_either_name():
    found = chosen(add=["CAP_NET_ADMIN"], drop=["chown"], privileged=False)
    assert {*found} == {*DEFAULT, "NET_ADMIN"} - {"CHOWN"}


def test_all_are_dropped_before_some_are_added():
    assert chosen(add=["SYS_TIME"], drop=["ALL"], privileged=False) == ["SYS_TIME"]
    assert chosen(add=["ALL"], drop=["CHOWN"], privileged=False) == [*NUMBERS][1:]


def test_a_privileged_container_has_all():
    assert chosen(add=[], drop=["ALL"], privileged=True) == [*NUMBERS]
