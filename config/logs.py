"""Logs that a machine can read and that name nobody: people appear by their number, addresses by their network."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

request_id_now: ContextVar[str] = ContextVar("request_id_now", default="-")


class RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id_now.get()
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line; json.dumps escapes line breaks, so that a forged value cannot start a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if event := getattr(record, "event", None):
            entry |= event
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)
