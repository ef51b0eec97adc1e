"""Logs that a machine can read and that name nobody: people appear by their number, addresses by their network."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from accounts.network import network_of

request_id_now: ContextVar[str] = ContextVar("request_id_now", default="-")

# What a message or a traceback may carry and no log may keep: addresses of people, links that sign in, codes that
# tell a name, and the row that PostgreSQL quotes when a constraint fails.
PRIVATE = [
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "[address]"),
    (re.compile(r"(/accounts/reset/)[^\s?\"']+"), r"\1[link]"),
    (re.compile(r"(/accounts/invitation/)[^\s?\"']+"), r"\1[link]"),
    (re.compile(r"(/accounts/slip/)[^\s?\"']+"), r"\1[code]"),
    (re.compile(r"(/certificates/)[^\s?\"'/]+"), r"\1[code]"),
    (re.compile(r"DETAIL: .*"), "DETAIL: [row]"),
    (re.compile(r"(CONTEXT|parameters): .*"), r"\1: [values]"),
]


def scrub(text: str) -> str:
    """The text without addresses, secret links and rows."""
    for pattern, instead in PRIVATE:
        text = pattern.sub(instead, text)
    return text


class RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        of_request = getattr(request, "META", {}).get("HTTP_X_REQUEST_ID")
        record.request_id = of_request or request_id_now.get()
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line; json.dumps escapes line breaks, so that a forged value cannot start a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": scrub(record.getMessage()),
        }
        entry |= about_request(getattr(record, "request", None))
        if status := getattr(record, "status_code", None):
            entry["status"] = status
        if event := getattr(record, "event", None):
            entry |= event
        if record.exc_info:
            entry["exception"] = scrub(self.formatException(record.exc_info))
        return json.dumps(entry, default=str)


def about_request(request: Any) -> dict[str, Any]:
    """Method, network, and the number of the person if it is known already: a log line never asks the database."""
    if not isinstance(request, HttpRequest):
        return {}
    person = getattr(request, "_cached_user", None)
    return {"method": request.method, "network": network_of(request), "person": getattr(person, "pk", None)}
