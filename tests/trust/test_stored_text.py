"""R20: a marker in every free text of the database; every page of every role shows it as text."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db.models import CharField, EmailField, SlugField, TextField

from quizzes.models import QuestionRevision
from tests.trust.conftest import ROLES
from tests.trust.crawling import crawl

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("quiet")]
MARKER = "\"'><script>x()</script>"
ROOMS = ("accounts", "courses", "events", "quizzes", "notices")
# What is no free text: it makes addresses, is compared, or is computed by us.
NOT_FREE = {"key", "slug", "path", "password", "code_hash", "hash", "source_hash", "checksum", "language", "time_zone"}


def free_fields(model) -> list[str]:
    return [
        field.name
        for field in model._meta.fields
        if isinstance(field, (CharField, TextField))
        and not isinstance(field, (EmailField, SlugField))
        and not (field.choices or field.unique or field.primary_key or field.name in NOT_FREE)
        and (field.max_length or 999) >= len(MARKER)
    ]


@pytest.fixture
def marked(people) -> dict[str, list[str]]:
    """Written past every form, as an import or an older version might have."""
    done = {}
    for model in apps.get_models():
        if model._meta.app_label in ROOMS and (names := free_fields(model)):
            model._default_manager.update(**dict.fromkeys(names, MARKER))
            done[model._meta.label] = names
    for revision in QuestionRevision.objects.all():
        revision.body["stem"] = MARKER
        for option in revision.body["options"]:
            option |= {"text": MARKER, "feedback": MARKER}
        QuestionRevision.objects.filter(pk=revision.pk).update(body=revision.body)
    return done


def test_the_marker_is_in_what_people_read(marked):
    wanted = {
        "accounts.User",
        "accounts.Team",
        "courses.Course",
        "courses.Module",
        "courses.LessonRevision",
        "courses.Path",
    }
    assert wanted <= set(marked), marked


@pytest.mark.parametrize("role", ROLES)
def test_stored_text_never_becomes_markup(people, marked, role):
    found, shown = crawl(people[role]), 0
    for address, response in found.pages.items():
        page = response.content.decode()
        assert response.status_code in (200, 403), address
        assert "<script>x" not in page, address
        assert not re.search(r"(?:href|src|value|title|alt|content)=\"[^\"]*\"'><script", page), address
        shown += "&lt;script&gt;x()" in page
    assert shown or role == "nobody", "The marker was nowhere: the crawl proves nothing."
