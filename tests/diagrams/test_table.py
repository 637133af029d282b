"""Tables as kubectl prints them."""

from kubelearn.diagrams.table import format_table

COLUMNS = [
    {"name": "Name", "priority": 0},
    {"name": "Ready", "priority": 0},
    {"name": "IP", "priority": 1},
]


def test_columns_stand_under_one_another_and_wide_ones_are_left_out():
    rows = [{"cells": ["web-0", "1/1", "127.64.1.2"]}, {"cells": ["a", "0/1", "127.64.1.3"]}]
    table = {"columnDefinitions": COLUMNS, "rows": rows}
    assert format_table(table) == "NAME    READY\nweb-0   1/1\na       0/1"


def test_an_empty_table_says_so():
    assert format_table({"columnDefinitions": COLUMNS, "rows": None}) == "No resources found."
