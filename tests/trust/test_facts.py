"""R8: who, when and how much are the server's; R27: the log says who did it, and nothing that is secret."""

from __future__ import annotations

from django.utils import timezone

from courses.models import Completion
from tests.builders import PASSWORD
from tests.trust.crawling import visitor

STOLEN = {"completed_at": "2001-01-01", "at": "2001-01-01", "score": "99", "passed": "1", "attempt": "7", "pk": "1"}


def test_a_completion_belongs_to_who_sends_it_and_to_now(cast):
    lesson = cast.course.lessons.get(key="m1-read-1")
    others = {
        "user": cast.otto.pk,
        "user_id": cast.otto.pk,
        "enrollment": cast.otto_enrolled.pk,
        "person": cast.otto.pk,
    }
    client, before = visitor(cast.ada), timezone.now()
    client.post(f"{lesson.get_absolute_url()}check/", {"option": "a", **others, **STOLEN})
    sent = {"revision": lesson.published_revision_id, "level": "99", **others, **STOLEN}
    client.post(f"{lesson.get_absolute_url()}complete/", sent)
    (fact,) = Completion.objects.all()
    assert fact.enrollment == cast.ada_enrolled
    assert before <= fact.at <= timezone.now()
    cast.ada_enrolled.refresh_from_db()
    assert cast.ada_enrolled.completed_at is None


def test_a_query_sets_no_fact_either(cast):
    lesson = cast.course.lessons.get(key="m1-read-1")
    visitor(cast.ada).get(f"{lesson.get_absolute_url()}complete/", {"revision": lesson.published_revision_id})
    assert not Completion.objects.exists()


def test_what_happens_at_the_door_is_logged_by_number(client, cast, caplog):
    caplog.set_level("INFO", "workshop.accounts")
    door = "/accounts/sign-in/"
    client.post(door, {"name": cast.ada.email, "password": "wrong-secret-word\r\nforged line"})
    client.post(door, {"name": cast.ada.email, "password": PASSWORD})
    client.post("/accounts/sign-out/")
    events = [record.event for record in caplog.records if record.name == "workshop.accounts"]
    assert [event["event"] for event in events] == ["sign_in_failed", "sign_in", "sign_out"]
    assert {event["person"] for event in events} == {cast.ada.pk}
    assert all(event["network"] for event in events)
    written = caplog.text + str(events)
    for secret in (PASSWORD, "wrong-secret-word", "forged line", cast.ada.email, "Moreau"):
        assert secret not in written
