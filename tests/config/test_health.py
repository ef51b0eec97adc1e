from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.utils import timezone

from config import health
from notices.models import Heartbeat


def alive(ago: timedelta = timedelta()) -> None:
    Heartbeat.objects.update_or_create(name=health.SENDER, defaults={"at": timezone.now() - ago})


@pytest.fixture(autouse=True)
def unknown_schema(monkeypatch):
    monkeypatch.setattr(health, "_schema_is_current", False)


def test_the_process_answers_without_asking_the_database(client: Client) -> None:  # no `db`: a query would raise
    response = client.get("/healthz")
    assert response.json() == {"status": "ok"}
    assert response["Cache-Control"] == "no-store, private"


@pytest.mark.django_db
def test_ready_with_database_schema_and_sender(client: Client) -> None:
    alive()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "sender": "ok"}}
    assert response["Cache-Control"] == "no-store, private"


@pytest.mark.django_db
def test_asks_little_once_the_schema_is_known(client: Client, django_assert_num_queries) -> None:
    alive()
    client.get("/readyz")
    with django_assert_num_queries(2):
        client.get("/readyz")


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [None, 3])
def test_not_ready_when_the_sender_is_silent(client: Client, minutes: int | None) -> None:
    if minutes:
        alive(ago=timedelta(minutes=minutes))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "ok", "migrations": "ok", "sender": "failing"}


@pytest.mark.django_db
def test_not_ready_before_the_migrations(client: Client) -> None:
    alive()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'quizzes'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["migrations"] == "failing"


@pytest.mark.django_db
def test_not_ready_when_the_database_is_away(client: Client) -> None:
    def away(*args):
        raise OperationalError("connection refused to ada@example.com")

    with connection.execute_wrapper(away):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "failing"
    assert "ada" not in response.content.decode()


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_REDIRECT_EXEMPT=[r"^healthz$", r"^readyz$"])
def test_answers_over_plain_http(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
