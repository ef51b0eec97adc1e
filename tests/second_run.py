"""The suite runs on SQLite, then on PostgreSQL: what does not depend on the database is done thoroughly once.

docs/decisions/0005-two-databases-one-suite.md
"""

from __future__ import annotations

import os

SECOND_RUN = os.environ.get("DATABASE_URL", "").startswith("postgres")


def examples(count: int) -> int:
    """How many random histories to try: fewer on the second run, which draws others than the first."""
    return max(5, count // 3) if SECOND_RUN else count
