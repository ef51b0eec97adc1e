"""A line of the table: what was measured, and the bound beside it."""

from __future__ import annotations

from dataclasses import dataclass

NOISE = 1.3  # a row further over its bound than this is over; one that is nearer is measured again


@dataclass
class Row:
    """One line of the table. `gate`: whether being over the bound fails the run."""

    name: str
    value: float
    bound: float | None = None
    unit: str = ""
    gate: bool = True
    least: bool = False  # the bound is the least, not the most

    @property
    def is_close(self) -> bool:
        """Over its bound by no more than noise may be."""
        return self.gate and not self.holds and self.bound is not None and self.value <= self.bound * NOISE

    @property
    def holds(self) -> bool:
        if self.bound is None:
            return True
        return self.value >= self.bound if self.least else self.value <= self.bound
