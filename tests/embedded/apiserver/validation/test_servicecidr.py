"""Rules for ServiceCIDRs and IPAddresses."""

import pytest

NETWORKING = "networking.k8s.io/v1"
PARENT = {"resource": "services", "namespace": "default", "name": "web"}


@pytest.mark.parametrize(
    ("cidrs", "problem"),
    [
        ([], "spec.cidrs: Required value: at least one CIDR required"),
        (
            ["10.0.0.0"],
            'spec.cidrs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, '
            "(e.g. 10.9.8.0/24 or 2001:db8::/64)",
        ),
        (
            ["10.0.0.0/24", "10.1.0.0/24"],
            'spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than '
            "one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64",
        ),
    ],
)
def test_a_range_is_checked(create, cidrs, problem):
    assert create(NETWORKING, "ServiceCIDR", spec={"cidrs": cidrs}) == [problem]


def test_one_range_of_each_family_is_right(create):
    assert create(NETWORKING, "ServiceCIDR", spec={"cidrs": ["10.0.0.0/24", "fd00::/64"]}) == []


def test_a_range_stays_but_another_family_may_come(update):
    def changed(*cidrs):
        old, new = ({"spec": {"cidrs": list(each)}} for each in (["10.0.0.0/24"], cidrs))
        return update(NETWORKING, "ServiceCIDR", old, new)

    assert changed("10.0.0.0/24", "fd00::/64") == []
    assert changed("10.1.0.0/24") == [
        'spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable'
    ]
    assert changed() == ["spec.cidrs: Invalid value: []: field is immutable"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("x", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        ("10.0.0.01", "must not have leading 0s"),
        ("fd00:0::1", 'must be in canonical form ("fd00::1")'),
    ],
)
def test_an_address_is_called_by_itself(create, name, problem):
    found = create(NETWORKING, "IPAddress", metadata={"name": name}, spec={"parentRef": PARENT})
    assert found == [f'metadata.name: Invalid value: "{name}": {problem}']


def test_an_address_says_who_has_it_for_good(create, update):
    name = {"metadata": {"name": "10.0.0.1"}}
    assert create(NETWORKING, "IPAddress", **name, spec={}) == ["spec.parentRef: Required value"]
    assert create(NETWORKING, "IPAddress", **name, spec={"parentRef": {"group": "x"}}) == [
        "spec.parentRef.resource: Required value",
        "spec.parentRef.name: Required value",
    ]
    old, new = ({**name, "spec": {"parentRef": {**PARENT, "name": each}}} for each in "ab")
    [problem] = update(NETWORKING, "IPAddress", old, new)
    assert problem.startswith("spec.parentRef: Invalid value:")
    assert problem.endswith("field is immutable")
