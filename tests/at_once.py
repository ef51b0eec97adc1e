"""Several things at the same instant, with real transactions: for tests marked `django_db(transaction=True)`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection


def at_once(*verbs: Callable[[], Any], refused: type[Exception] | tuple[type[Exception], ...] = ()) -> list[Any]:
    """Call each verb in a thread and with a connection of its own, all released together.

    Returns what each gave, in the order of the verbs; of one that was `refused`, the error. Any other error is raised.
    """
    ready = Barrier(len(verbs))

    def run(verb: Callable[[], Any]) -> Any:
        ready.wait(timeout=30)
        try:
            return verb()
        except refused as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(verbs)) as threads:
        return list(threads.map(run, verbs))
