"""The API server's `Table` as text, as kubectl prints it."""

from __future__ import annotations

from kubelearn.objects import Object

_GAP = "   "


def format_table(table: Object) -> str:
    """Columns and rows of a `Table`, without the columns that are for `-o wide` only."""
    columns = [
        (i, column["name"].upper())
        for i, column in enumerate(table["columnDefinitions"])
        if not column.get("priority")
    ]
    rows = [[name for _, name in columns]]
    rows += [[str(row["cells"][i]) for i, _ in columns] for row in table.get("rows") or []]
    if len(rows) == 1:
        return "No resources found."
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    lines = (
        _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
