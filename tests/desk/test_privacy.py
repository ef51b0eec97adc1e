"""What is kept about a person: all of it comes out, and all of it goes. Markers tell, not the code that is tested."""

from __future__ import annotations

import io
import json
import logging
import re
import zipfile
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from accounts import privacy as of_accounts
from accounts.models import Throttle, User
from courses.models import Certificate, Completion, Enrollment
from desk import privacy
from learn import own_data, pdf
from quizzes.models import Answer, Attempt, CheckAnswer
from quizzes.privacy import forget_answers, given
from reports import questions
from tests.desk import lives
from tests.desk.lives import ABOUT, free_texts, live, marker

# Every other model from which keys lead to a person: what it is about, and why there is nothing to erase or to export.
ABOUT_NOBODY = {
    "accounts.InvitationRound": "about a team or a list; who began it stays, with the blanked name",
    "accounts.StagedFile": "a file HR brought; its rows are about people",
    "events.LiveSession": "about a session; who led it is taken off, who planned it stays, with the blanked name",
    "events.SessionChange": "about a session; who changed it stays, with the blanked name",
    "courses.Bundle": "files of a course; who brought them in stays, with the blanked name",
    "courses.Image": "content; who uploaded it stays, with the blanked name",
    "courses.PublishRequest": "about a text; who asked and answered stays, with the blanked name",
    "courses.Assignment": "about a team; who asked stays, with the blanked name",
    "courses.LessonRevision": "content; who wrote and published it stays, with the blanked name",
    "courses.Lesson": "content",
    "courses.PathStep": "content",
    "quizzes.Quiz": "content",
    "quizzes.Question": "content",
    "quizzes.QuestionRevision": "content; who wrote it stays, with the blanked name",
    "quizzes.PoolItem": "content",
    "quizzes.LessonCheck": "content",
}
# Keys to the person who did something; the fact stays, with the blanked name.
DONE_BY = {
    "accounts.InvitationRound.by",
    "accounts.SignInSlip.printed_by",
    "accounts.StagedFile.by",
    "admin.LogEntry.user",
    "courses.Assignment.created_by",
    "courses.Bundle.applied_by",
    "courses.Bundle.by",
    "courses.Credit.by",
    "courses.EnrollmentChange.by",
    "courses.Flag.resolved_by",
    "courses.Image.uploaded_by",
    "courses.LessonRevision.created_by",
    "courses.PublishRequest.answered_by",
    "courses.PublishRequest.asked_by",
    "courses.LessonRevision.published_by",
    "events.Attendance.by",
    "events.Attendance.withdrawn_by",
    "events.LiveSession.created_by",
    "events.SessionChange.by",
    "notices.News.by",
    "quizzes.Inspection.by",
    "quizzes.QuestionRevision.created_by",
    "quizzes.Regrade.by",
    "quizzes.RetakeChange.by",
}
TABLES_OF_DJANGO = {  # roles: cleared, and in the account; and who is on a list, with the list
    "accounts.User_groups",
    "accounts.User_user_permissions",
    "events.LiveSession_teams",
    "events.LiveSession_trainers",
}

# Not handed out: what is wrong with the key of a question; of a mail the same once more in HTML, and a link that acts.
NOT_EXPORTED = {
    "quizzes.Regrade.reason",
    "accounts.StagedRow.problems",
    "notices.Notice.html",
    "notices.Notice.unsubscribe_url",
}


@pytest.fixture
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def ada(cast, data_dir) -> User:
    return live(cast, "ADAQ")


@pytest.fixture
def otto(cast, data_dir) -> User:
    return live(cast, "OTTOQ")


def keys_of(model: type[models.Model]) -> list[models.Field]:
    return [f for f in [*model._meta.fields, *model._meta.many_to_many] if f.related_model]


def leads_to_user() -> set[str]:
    """The labels of all models from which foreign keys, one after the other, lead to a person."""
    found: set[type[models.Model]] = {User}
    while more := {
        model
        for model in apps.get_models(include_auto_created=True)
        if model not in found and any(key.related_model in found for key in keys_of(model))
    }:
        found |= more
    return {model._meta.label for model in found}


# --- The registry ----------------------------------------------------------------------------------------------------


def test_every_model_that_leads_to_a_person_is_erased_and_exported_or_says_why_not():
    listed = {*ABOUT, *ABOUT_NOBODY, *TABLES_OF_DJANGO}
    assert leads_to_user() - listed == set(), "Say in lives.ABOUT or in ABOUT_NOBODY what these are about."
    assert listed - leads_to_user() == set(), "These lead to nobody any more."


def test_every_key_to_a_person_says_whether_it_is_about_them_or_by_them():
    direct = {
        f"{model._meta.label}.{key.name}"
        for model in apps.get_models()
        for key in keys_of(model)
        if key.related_model is User
    }
    direct -= {"events.LiveSession.trainers"}  # about what they led: handed out, and taken off
    about = {f"{label}.{way}" for label, way in ABOUT.items() if way and "__" not in way and way != "pk"}
    assert direct == about | DONE_BY


def test_the_life_has_a_row_of_each_model_and_a_marker_in_each_text(ada):
    """Otherwise the tests below could not fail."""
    for label in ABOUT:
        rows = list(lives.rows_of(label, ada))
        assert rows, label
        for field in free_texts(label):
            texts = [json.dumps(getattr(row, field.name)).upper() for row in rows]
            assert any("ADAQ" in text for text in texts), (label, field.name)


# --- Out -------------------------------------------------------------------------------------------------------------


def unpacked(person: User) -> tuple[dict, str]:
    with own_data.packed(person, timezone.now()) as file, zipfile.ZipFile(file) as archive:
        assert sorted(archive.namelist()) == ["data.html", "data.json"]
        return json.loads(archive.read("data.json")), archive.read("data.html").decode()


def test_all_that_is_kept_about_somebody_is_in_their_file(ada, otto):
    data, page = unpacked(ada)
    wanted = {
        marker("ADAQ", label, field.name)
        for label in ABOUT
        for field in free_texts(label)
        if label != "accounts.User" and f"{label}.{field.name}" not in NOT_EXPORTED
    }
    wanted |= {marker("ADAQ", "accounts.User", "name"), ada.email, ada.staff_number, ada.external_id}
    said = json.dumps(data)
    assert sorted(text for text in wanted if text not in said) == []
    assert sorted(text for text in wanted if text not in page) == []


def test_nothing_about_anybody_else_is_in_it(ada, otto):
    data, page = unpacked(ada)
    assert "OTTOQ" not in json.dumps(data).upper()
    assert "OTTOQ" not in page.upper()


def test_neither_passwords_nor_secret_links_nor_right_answers_are_in_it(ada):
    body = ada.notices.get(kind="secret")
    type(body).objects.filter(pk=body.pk).update(body="https://x.example.com/accounts/reset/SECRETLINK/")
    data, page = unpacked(ada)
    code = ada.slips.get().digest
    for text in (json.dumps(data), page):
        assert ada.password not in text
        assert "argon2" not in text
        assert "SECRETLINK" not in text
        assert code not in text
        assert "Feedback a of" not in text
        assert '"correct"' not in text


def test_steps_of_an_open_attempt_are_not_listed_in_their_right_order(ada):
    revision = Answer.objects.first().question_revision
    revision.type = "ordering"
    revision.body = {"stem": "?", "options": [{"key": k, "text": f"Step {k}", "feedback": "f"} for k in "abc"]}
    assert given(revision, {"a": 3, "b": None, "c": 1}) == "1: Step c; 3: Step a; –: Step b"


def test_what_was_chosen_is_said_in_the_words_of_the_question(ada):
    data, _page = unpacked(ada)
    chosen = [row["answer"] for row in data["answers"] if row["position"] == 2]
    assert chosen == ["Option b of m1-quiz-q1"] * 2
    assert data["completions"][0]["how"] == "credited"
    assert data["changes"][0]["by"] == "Hana Sato"


# --- Away ------------------------------------------------------------------------------------------------------------


def dump() -> str:
    """Every row of every table of the database, whatever Django knows of it, and what is inside the sessions."""
    said = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            said += [f"{table}: {row!r}" for row in cursor.fetchall()]
    return "\n".join([*said, *(str(session.get_decoded()) for session in Session.objects.all())])


def files(folder: Path) -> list[str]:
    return [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()]


def gone(person: User, by: User | None) -> None:
    person.leave()
    privacy.erase(person, by)


def test_nothing_names_somebody_who_was_erased(ada, otto, cast, data_dir, caplog):
    caplog.set_level(logging.DEBUG)
    certificate = Certificate.objects.get(enrollment__user=ada)
    kept = pdf.folder() / f"{certificate.code}-a4-0123456789abcdef.pdf"
    pdf.keep(kept, b"%PDF ADAQ", "none")
    foreign = pdf.folder() / f"{Certificate.objects.get(enrollment__user=otto).code}-a4-0123456789abcdef.pdf"
    pdf.keep(foreign, b"%PDF OTTOQ", "none")
    assert len(re.findall("ADAQ", dump())) > 30
    gone(ada, cast.hana)
    left = [line for line in dump().splitlines() if "ADAQ" in line.upper()]
    assert left == []
    assert files(data_dir) == [str(foreign.relative_to(data_dir))]
    assert "ADAQ" not in caplog.text.upper()


def test_nobody_else_loses_anything(ada, otto, cast):
    before = sorted(line for line in dump().splitlines() if "OTTOQ" in line.upper())
    gone(ada, cast.hana)
    assert sorted(line for line in dump().splitlines() if "OTTOQ" in line.upper()) == before


def test_what_was_counted_still_counts(ada, cast):
    counts = [model.objects.count() for model in (Enrollment, Completion, Attempt, Answer, Certificate)]
    scores = sorted(Attempt.objects.exclude(score=None).values_list("score", flat=True))
    options = Answer.objects.filter(response__isnull=False).count()
    gone(ada, cast.hana)
    assert [model.objects.count() for model in (Enrollment, Completion, Attempt, Answer, Certificate)] == counts
    assert sorted(Attempt.objects.exclude(score=None).values_list("score", flat=True)) == scores
    assert Answer.objects.filter(response__isnull=False).count() == options - 2  # those in words
    assert not CheckAnswer.objects.exists()


def test_the_person_is_nobody_any_more(ada, cast):
    with_roles = User.objects.get(pk=ada.pk)
    with_roles.groups.add(*cast.ed.groups.all())
    gone(with_roles, cast.hana)
    ada.refresh_from_db()
    assert (ada.name, ada.sign_in_name, ada.is_active, ada.is_staff) == ("Erased person", "", False, False)
    assert ada.left_at
    assert ada.erased_at
    assert not ada.has_usable_password()
    assert not ada.groups.exists()
    assert not ada.memberships.exists()
    assert not Session.objects.exists()
    assert not Throttle.objects.exists()


def test_the_code_of_the_certificate_says_withdrawn(client, ada, cast):
    address = Certificate.objects.get(enrollment__user=ada).get_check_url()
    gone(ada, cast.hana)
    page = client.get(address).content.decode()
    assert "withdrawn" in page.lower()
    assert "ADAQ" not in page


def test_who_did_something_as_staff_keeps_the_deed_without_the_name(ada, cast):
    cast.hana.leave()
    privacy.erase(cast.hana, None)
    change = Enrollment.objects.get(user=ada).changes.get()
    assert change.by.name == "Erased person"
    assert change.reason  # it is about Ada, who is here


def test_a_row_that_would_bring_them_back_is_refused(ada, cast):
    file = of_accounts.StagedRow.objects.first().file
    row = file.rows.create(number=9, cells={"staff_number": ada.staff_number.lower()}, outcome="created")
    namesake = file.rows.create(number=10, cells={"staff_number": f"{ada.staff_number}1"}, outcome="created")
    gone(ada, cast.hana)
    row.refresh_from_db()
    namesake.refresh_from_db()
    assert (row.outcome, row.cells) == ("refused", {})
    assert row.problems
    assert (namesake.outcome, namesake.problems) == ("created", [])


def test_active_people_administrators_oneself_and_the_erased_are_refused(ada, cast, root):
    with pytest.raises(privacy.Refused, match="active"):
        privacy.erase(ada, cast.hana)
    root.leave()
    with pytest.raises(privacy.Refused, match="Administrators"):
        privacy.erase(root, None)
    cast.hana.leave()
    with pytest.raises(privacy.Refused, match="yourself"):
        privacy.erase(cast.hana, cast.hana)
    gone(ada, None)
    with pytest.raises(privacy.Refused, match="already"):
        privacy.erase(ada, None)


def test_a_room_that_fails_leaves_everything_as_it_was(ada, cast, monkeypatch):
    def fail(person, at):
        raise RuntimeError("no")

    ada.leave()
    before = sorted(line for line in dump().splitlines() if "ADAQ" in line.upper())
    monkeypatch.setattr(privacy, "ROOMS", [*privacy.ROOMS, fail])
    with pytest.raises(RuntimeError):
        privacy.erase(ada, cast.hana)
    assert sorted(line for line in dump().splitlines() if "ADAQ" in line.upper()) == before


def test_question_analysis_leaves_out_what_was_forgotten(cast, ada):
    choice = Answer.objects.filter(position=2).first().question_revision.question
    assert questions.item_of(choice).answered == 1
    assert forget_answers({ada.pk}, timezone.now()) == 5
    assert questions.item_of(choice).answered == 0
    assert forget_answers({ada.pk}, timezone.now()) == 0
    assert [a.forgotten_at is not None for a in Attempt.objects.of(ada).order_by("number")] == [True, False]


# --- Pages -----------------------------------------------------------------------------------------------------------


def zip_of(response) -> zipfile.ZipFile:
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def test_a_person_downloads_their_own_data_from_the_profile(as_, ada):
    client = as_(ada)
    assert 'action="/my/data/"' in client.get("/accounts/profile/").content.decode()
    with zip_of(client.post("/my/data/")) as archive:
        assert json.loads(archive.read("data.json"))["person"] == ada.name


def test_hr_downloads_it_and_the_person_is_told(as_, ada, cast):
    client = as_(cast.hana)
    assert client.get(f"/admin/accounts/user/{ada.pk}/data/").status_code == 405
    assert not ada.notices.filter(key__startswith="data-taken").exists()
    with zip_of(client.post(f"/admin/accounts/user/{ada.pk}/data/")) as archive:
        deeds = json.loads(archive.read("data.json"))["staff_deeds"]
    assert ("Hana Sato", "Took a copy of the person's data") in [(d["by"], d["what"]) for d in deeds]
    told = ada.notices.get(key__startswith="data-taken")
    assert (told.address, told.recipient) == (ada.email, ada)
    assert "HR downloaded a copy" in told.body


def test_hr_erases_by_typing_the_name(as_, ada, cast):
    ada.leave()
    client, address = as_(cast.hana), f"/admin/accounts/user/{ada.pk}/erase/"
    page = client.get(address).content.decode()
    assert "1 enrollment<" in page
    assert "2 attempts at quizzes" in page
    wrong = client.post(address, {"name": "Somebody Else"})
    assert "Error:" in wrong.content.decode()
    assert "This is not the name" in wrong.content.decode()
    assert User.objects.get(pk=ada.pk).erased_at is None
    assert client.post(address, {"name": f"  {ada.name.upper()} "})["Location"] == "/admin/accounts/user/"
    assert User.objects.get(pk=ada.pk).erased_at
    assert client.post(address, {"name": ada.name})["Location"] == "/admin/accounts/user/"  # a double click
    assert client.get(f"/admin/accounts/user/{ada.pk}/change/").status_code == 404
    assert "Erased person" not in client.get("/admin/accounts/user/").content.decode()
    entry = of_accounts.audit.about(User.objects.filter(pk=ada.pk)).get(change_message="Erased")
    assert (entry.user, entry.object_repr) == (cast.hana, "Erased person")


def test_of_somebody_active_the_page_says_what_to_do_first(as_, ada, cast):
    page = as_(cast.hana).post(f"/admin/accounts/user/{ada.pk}/erase/", {"name": ada.name})
    assert "whoever is erased has left" in page.content.decode()
    assert User.objects.get(pk=ada.pk).is_active


def test_hr_takes_and_erases_no_administrator(as_, cast, root):
    for page in ("data", "erase"):
        assert as_(cast.hana).post(f"/admin/accounts/user/{root.pk}/{page}/").status_code == 403
