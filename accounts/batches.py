"""To work through any number of rows, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet


def batches_of(rows: QuerySet[Any, Any], size: int) -> Iterator[list[int]]:
    """The primary keys of the rows in their order, `size` at a time. Each batch is asked for anew, since the work on
    those before may have changed which rows there are.
    """
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]):
        last = batch[-1]
        yield batch
