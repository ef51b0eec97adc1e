import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from courses.models import CompanyFact

pytestmark = pytest.mark.django_db


@pytest.fixture
def fact(cast):
    return CompanyFact.objects.create(
        course=cast.course, key="returns", title="How long things can come back", default="Thirty days."
    )


def change(fact):
    return reverse("admin:courses_companyfact_change", args=[fact.pk])


def test_an_editor_writes_what_holds_here_and_nothing_else(cast, fact, as_):
    changed = {"text": "Sixty days.", "default": "Never.", "key": "other", "title": "Other", "position": 9}
    page = as_(cast.ed).post(change(fact), changed, follow=True)
    assert page.status_code == 200
    fact.refresh_from_db()
    assert (fact.text, fact.default, fact.key, fact.position) == ("Sixty days.", "Thirty days.", "returns", 0)
    assert LogEntry.objects.filter(user=cast.ed, object_id=str(fact.pk)).exists()


def test_the_list_says_whose_words_learners_see(cast, fact, as_):
    url = reverse("admin:courses_companyfact_changelist")
    assert "What the course says" in as_(cast.ed).get(url).content.decode()
    CompanyFact.objects.update(text="Sixty days.")
    assert "Your own text" in as_(cast.ed).get(url).content.decode()
    assert url in as_(cast.ed).get(reverse("admin:index")).content.decode()


def test_it_can_be_emptied_again(cast, fact, as_):
    CompanyFact.objects.update(text="Sixty days.")
    as_(cast.ed).post(change(fact), {"text": ""})
    fact.refresh_from_db()
    assert not fact.shown.is_own
    assert fact.shown.text == "Thirty days."
