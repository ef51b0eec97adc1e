"""The cast, made once for many tests: each gets it in a transaction of its own, inside one that is taken back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import transaction

Cast = TypeVar("Cast")
TURNS = 100  # tests that share one transaction; PostgreSQL slows down with the rows that were taken back in it


class Stage(Generic[Cast]):
    """Keeps a transaction open in which the cast was made, for as long as tests ask for nothing but it."""

    def __init__(self, make: Callable[[], Cast]) -> None:
        self.make = make
        self.cast: Cast | None = None
        self.turns = 0
        self.transaction = transaction.atomic()

    def open(self) -> None:
        """Have the cast ready, before the transaction of the test begins."""
        if self.turns == TURNS:
            self.close()
        if self.cast is None:
            self.transaction.__enter__()
            self.cast = self.make()
        self.turns += 1

    def close(self) -> None:
        """Take the cast back: what comes next wants an empty database, or commits."""
        if self.cast is not None:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
        self.cast, self.turns = None, 0

    def copy(self) -> Cast | None:
        """The cast for one test, which may change its objects; None while the stage is closed."""
        return copy.deepcopy(self.cast)
