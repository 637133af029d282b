"""Rules for roles, budgets, priorities, quotas and limits."""

ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}


def test_roles_need_verbs_groups_and_resources(create):
    problems = create("rbac.authorization.k8s.io/v1", "Role", rules=[{"verbs": []}])
    assert problems == [
        "rules[0].verbs: Required value: verbs must contain at least one value",
        "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[0].resources: Required value: resource rules must supply at least one resource",
    ]


def test_a_binding_stays_bound_to_its_role(update):
    other = ROLE | {"name": "edit"}
    kind = ("rbac.authorization.k8s.io/v1", "RoleBinding")
    assert update(*kind, {"roleRef": ROLE}, {"roleRef": other}) == [
        'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io",'
        '"Kind":"ClusterRole","Name":"edit"}: cannot change roleRef'
    ]


def test_subjects_have_one_of_three_kinds(create):
    problems = create(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        roleRef=ROLE,
        subjects=[{"kind": "Robot", "name": "r"}],
    )
    assert problems == [
        'subjects[0].kind: Unsupported value: "Robot": '
        'supported values: "ServiceAccount", "User", "Group"'
    ]


def test_a_budget_has_one_bound(create):
    problems = create(
        "policy/v1", "PodDisruptionBudget", spec={"minAvailable": 1, "maxUnavailable": "10%"}
    )
    assert problems == [
        'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"10%",'
        '"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set'
    ]


def test_the_highest_priorities_are_the_systems(create):
    assert create("scheduling.k8s.io/v1", "PriorityClass", value=2_000_000_000) == [
        "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"
    ]


def test_quotas_know_the_resources_that_they_count(create):
    hard = {"pods": "1", "count/jobs.batch": "2", "cats": "3"}
    assert create("v1", "ResourceQuota", spec={"hard": hard}) == [
        'spec.hard[cats]: Invalid value: "cats": must be a standard resource type or fully '
        "qualified",
        'spec.hard[cats]: Invalid value: "cats": must be a standard resource for quota',
    ]


def test_limits_are_in_order(create):
    limit = {"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}}
    assert create("v1", "LimitRange", spec={"limits": [limit]}) == [
        'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
        # What is not said is the highest value.
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": '
        "min value 2 is greater than default request value 1",
        'spec.limits[0].default[cpu]: Invalid value: "2": '
        "min value 2 is greater than default value 1",
    ]
