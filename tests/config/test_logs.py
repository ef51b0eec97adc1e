"""Logs: one line of JSON an event, with the request's number, and nobody's name in it."""

import json
import logging
import sys

import pytest
from django.conf import settings
from django.db import IntegrityError
from django.test import Client, RequestFactory

from config.logs import JsonFormatter, RequestId, request_id_now
from tests.conftest import Cast, sign_in

pytestmark = pytest.mark.urls("tests.config.urls")


@pytest.fixture
def lines(monkeypatch):
    """What production would write, one parsed line each."""
    written: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Collect()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestId())
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [*root.handlers, handler])
    return lambda: [json.loads(line) for line in written if "\n" not in line]


@pytest.mark.django_db
def test_refusal_is_logged_with_number_person_and_network(lines, cast: Cast) -> None:
    client = sign_in(Client(), cast.ada)
    client.get("/test/read")
    client.get("/reports/", headers={"X-Request-ID": "abcdefgh-1"})
    response = client.get("/test/forbidden", headers={"X-Request-ID": "abcdefgh-2"}, REMOTE_ADDR="203.0.113.77")
    assert response.status_code == 403
    line = next(line for line in lines() if line["request_id"] == "abcdefgh-2")
    assert line["level"] == "WARNING"
    assert line["logger"] == "django.request"
    assert line["status"] == 403
    assert line["network"] == "203.0.113.0/24"
    assert "/test/forbidden" in line["message"]
    assert "203.0.113.77" not in json.dumps(line)


@pytest.mark.django_db
def test_missing_form_token_is_logged(lines) -> None:
    Client(enforce_csrf_checks=True).post("/test/write", {"key": "ada@example.com"})
    line = next(line for line in lines() if line["logger"] == "django.security.csrf")
    assert "/test/write" in line["message"]
    assert "ada@example.com" not in json.dumps(line)


@pytest.mark.django_db
def test_mistake_of_ours_is_logged_whole_but_names_nobody(lines) -> None:
    response = Client(raise_request_exception=False).get("/test/broken?name=ada@example.com")
    line = next(line for line in lines() if line.get("status") == 500)
    assert line["request_id"] == response["X-Request-ID"]
    assert "RuntimeError" in line["exception"]
    assert "ada@example.com" not in json.dumps(line)


@pytest.mark.django_db
def test_forged_line_break_stays_inside_its_line(lines) -> None:
    Client().get("/nowhere/%0a%7B%22level%22:%22CRITICAL%22%7D/")
    assert all(line["level"] != "CRITICAL" for line in lines())
    assert any("nowhere" in line["message"] for line in lines())


def format_with(message: str, *args: object, **more: object) -> str:
    record = logging.LogRecord("test", logging.INFO, __file__, 1, message, args, None)
    record.__dict__.update(more)
    RequestId().filter(record)
    return JsonFormatter().format(record)


def test_secret_links_never_reach_the_log() -> None:
    text = format_with("Not Found: %s", "/accounts/reset/MQ/c8x-0123456789abcdef/")
    assert "c8x-0123456789abcdef" not in text
    assert "/accounts/reset/[link]" in text


def test_the_code_of_a_certificate_never_reaches_the_log() -> None:
    for address in ("/certificates/6Z68Y7CWQBXFT5BZ/", "/my/certificates/6Z68Y7CWQBXFT5BZ/a4.pdf"):
        text = format_with("Not Found: %s", address)
        assert "6Z68Y7CWQBXFT5BZ" not in text
        assert "/certificates/[code]/" in text


def test_row_that_postgresql_quotes_never_reaches_the_log() -> None:
    try:
        raise IntegrityError("duplicate key\nDETAIL:  Key (name)=(Ada Moreau) already exists.")
    except IntegrityError:
        text = format_with("failed", exc_info=sys.exc_info())
    assert "Ada Moreau" not in text
    assert "duplicate key" in text


def test_one_line_whatever_is_in_it() -> None:
    token = request_id_now.set("number-1")
    text = format_with("a\nb\r\nc %s", "\u2028", event={"event": "sign_in\n", "person": 7})
    request_id_now.reset(token)
    assert len(text.splitlines()) == 1
    assert json.loads(text)["person"] == 7
    assert json.loads(text)["request_id"] == "number-1"


def test_request_without_person_asks_nobody() -> None:
    request = RequestFactory().get("/x")
    assert json.loads(format_with("x", request=request))["person"] is None


def test_server_writes_no_line_for_each_request() -> None:
    from config.server import log_config

    assert log_config()["loggers"]["_granian"]["level"] == "WARNING"
    assert set(log_config()["handlers"]) == set(settings.LOGGING["handlers"])
