"""One page fills in what holds at the company: at once for learners, with nothing else moved and nothing lost."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from courses import facts, publishing, search
from courses.models import CompanyFact, Completion, Lesson, LessonRevision
from desk.facts import mark
from tests.builders import make_course, make_lesson, make_person
from tests.conftest import sign_in, with_role

SILENT = LessonRevision.Effect.SILENT
LESSON = "/courses/service/m1-read-1/"


def make_fact(course, key="returns", position=1, **fields):
    fields.setdefault(
        "default", "Thirty days, with the receipt or any other proof, and to whoever leads the shift now."
    )
    return CompanyFact.objects.create(course=course, key=key, title=f"About {key}", position=position, **fields)


@pytest.fixture
def fact(cast):
    lesson = Lesson.objects.get(key="m1-read-1")
    publishing.publish(lesson.add_revision(title="Returning", body="Look.\n\n::: fact returns\n:::\n"), SILENT)
    return make_fact(cast.course, group="Money", hint="How many days?")


@pytest.fixture
def url(cast):
    return reverse("admin:desk_facts", args=[cast.course.pk])


def typed(**texts):
    """The form as it stands now, with some fields typed over."""
    form = {}
    for fact in CompanyFact.objects.all():
        form |= {f"fact-{fact.key}": fact.text, f"seen-{fact.key}": mark(fact.text)}
    return form | {f"fact-{key}": text for key, text in texts.items()}


def page(client, address):
    return client.get(address).content.decode()


def texts():
    return dict(CompanyFact.objects.values_list("key", "text"))


def test_it_shows_all_with_help_example_and_what_is_missing_first(cast, fact, url, as_):
    make_fact(cast.course, "greeting", 2, text="Say hello.", group="Words")
    make_fact(cast.course, "number", 3, default="555 0100", group="Money")
    html = page(as_(cast.ed), url)
    assert "1 of 3 filled in" in html
    missing = html[html.index('id="missing"') : html.index("<form method", html.index('id="missing"'))]
    assert 'href="#id_fact-returns"' in missing
    assert 'href="#id_fact-number"' in missing
    assert "greeting" not in missing
    for text in ("How many days?", "Thirty days, with the receipt", "Say hello.", ">Money</h2>", ">Words</h2>"):
        assert text in html
    assert html.index(">Money</h2>") < html.index('for="id_fact-number"') < html.index(">Words</h2>")
    assert re.search(r'<input type="text"[^>]*id="id_fact-number"', html)
    assert re.search(r'<textarea[^>]*id="id_fact-returns"', html)
    assert url in page(as_(cast.ed), reverse("admin:index"))
    assert url in page(as_(cast.ed), reverse("admin:courses_course_home", args=[cast.course.pk]))


def test_it_says_where_each_is_shown(cast, fact, url, as_):
    module = cast.course.modules.get()
    body = "::: fact returns\n:::"
    sheet, gone = make_lesson(module, "sheet", 7, kind="page"), make_lesson(module, "gone", 8)
    publishing.publish(sheet.add_revision(title="Sheet", body=body), SILENT)
    publishing.publish(gone.add_revision(title="Gone", body=body), SILENT)
    publishing.retire(gone)
    quiz, draft = Lesson.objects.get(key="m1-quiz"), Lesson.objects.get(key="m1-read-2")
    publishing.publish(quiz.add_revision(title="Quiz", body=body), SILENT)
    draft.add_revision(title="Draft", body=body)
    lost = Lesson.objects.get(key="m1-read-1").add_revision(title="Newer", body="No more.")
    assert lost.number == 3
    other = make_course("other").lessons.first()
    other.add_revision(title="Elsewhere", body=body)
    found = [(use.title, use.is_published) for use in facts.uses(cast.course)["returns"]]
    assert found == [("Returning", True), ("Draft", False), ("Quiz", True), ("Sheet", True)]
    html = page(as_(cast.ed), url)
    assert reverse("admin:courses_lesson_change", args=[sheet.pk]) in html
    assert "(quiz)" in html
    assert "(reading, not published yet)" in html


def test_learners_see_it_at_once_and_nothing_else_moves(cast, fact, url, as_):
    Completion.objects.create(
        enrollment=cast.ada_enrolled,
        lesson=fact.course.lessons.get(key="m1-read-1"),
        redo_level=0,
        revision=fact.course.lessons.get(key="m1-read-1").published_revision,
        how="read",
    )
    ada = sign_in(Client(), cast.ada)
    assert "Until your company writes its own:" in page(ada, LESSON)

    def rest():
        lessons = list(Lesson.objects.order_by("pk").values())
        revisions = list(LessonRevision.objects.order_by("pk").values())
        return lessons, revisions, list(Completion.objects.values()), found("thirty"), found("sixty"), found("look")

    def found(word):
        return [hit.lesson.pk for hit in search.find(cast.ada, word).hits]

    before = rest()
    assert as_(cast.ed).post(url, typed(returns="Sixty days. **No** receipt.")).status_code == 302
    assert rest() == before
    html = page(ada, LESSON)
    assert "<p>Sixty days. <strong>No</strong> receipt.</p>" in html
    assert "Completed" in html
    assert "has changed" not in html
    as_(cast.ed).post(url, typed(returns=" "))
    assert "Thirty days, with the receipt" in page(ada, LESSON)


def test_the_audit_list_has_who_and_both_texts(cast, fact, url, as_):
    make_fact(cast.course, "greeting", 2)
    ed = as_(cast.ed)
    ed.post(url, typed(returns="Sixty days."))
    ed.post(url, typed(returns="Ninety days."))
    html = ed.post(url, typed(), follow=True).content.decode()
    assert "Nothing was different" in html
    entries = LogEntry.objects.order_by("pk").values_list("user", "object_id", "change_message")
    assert list(entries) == [
        (cast.ed.pk, str(fact.pk), "Company fact: from what the course says to “Sixty days.”"),
        (cast.ed.pk, str(fact.pk), "Company fact: from “Sixty days.” to “Ninety days.”"),
    ]
    assert "from “Sixty days.” to “Ninety days.”" in html
    assert "to “Ninety days.”" in page(as_(cast.hana), reverse("admin:admin_logentry_changelist"))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("x" * 5001, "This has 5001 characters"),
        ("a\n::: note\nb\n:::", "Take them out."),
        ("See [it](lesson:nowhere).", "lesson:nowhere leads nowhere"),
        ("a\0b", "Null characters are not allowed."),
    ],
    ids=["long", "box", "link", "nul"],
)
def test_one_bad_text_keeps_all_that_was_typed(cast, fact, url, as_, bad, said):
    make_fact(cast.course, "greeting", 2)
    html = as_(cast.ed).post(url, typed(returns=bad, greeting="Typed & kept")).content.decode()
    assert said in html
    assert "Typed &amp; kept</textarea>" in html
    assert bad[:20].split("[")[0] in html
    assert "<title>Error: What" in html
    assert texts() == {"returns": "", "greeting": ""}
    assert not LogEntry.objects.exists()


def test_of_two_editors_the_second_sees_what_changed(cast, fact, url, as_):
    make_fact(cast.course, "greeting", 2)
    other = with_role(make_person("Ines Two"), "Editors")
    mine = typed(returns="Sixty days.", greeting="Hello.")
    as_(other).post(url, typed(returns="Ninety days."))
    html = as_(cast.ed).post(url, mine).content.decode()
    assert "A colleague changed this while you were writing." in html
    assert "Sixty" in html
    assert "Ninety" in html
    assert "Theirs, saved" in html
    assert texts() == {"returns": "Ninety days.", "greeting": ""}
    again = mine | dict(re.findall(r'<input type="hidden" name="(seen-[a-z]+)" value="(\w+)">', html))
    assert as_(cast.ed).post(url, again).status_code == 302
    assert texts() == {"returns": "Sixty days.", "greeting": "Hello."}


def test_what_one_did_not_touch_stays_as_a_colleague_left_it(cast, fact, url, as_):
    make_fact(cast.course, "greeting", 2)
    opened = typed(greeting="Hello.")
    CompanyFact.objects.filter(pk=fact.pk).update(text="Ninety days.")
    make_fact(cast.course, "later", 3, text="New by a load.")
    assert as_(cast.ed).post(url, opened).status_code == 302
    assert texts() == {"returns": "Ninety days.", "greeting": "Hello.", "later": "New by a load."}
    assert as_(cast.ed).post(url, opened | {"fact-returns": "x\r\ny"}).status_code == 200
    html = as_(cast.ed).post(url, {"fact-nothing": "x", "seen-returns": "\0"}, follow=True).content.decode()
    assert "Nothing was different" in html


def test_only_those_of_the_course(cast, fact, url, as_):
    other = make_course("other")
    make_fact(other, "elsewhere")
    html = page(as_(cast.ed), url)
    assert "About elsewhere" not in html
    as_(cast.ed).post(url, typed(elsewhere="x", returns="y"))
    assert texts() == {"returns": "y", "elsewhere": ""}
    assert as_(cast.ed).get(reverse("admin:desk_facts", args=[999])).status_code == 404
    assert "in “Course other”" in page(as_(cast.ed), reverse("admin:index"))
    empty = reverse("admin:desk_facts", args=[make_course("empty").pk])
    assert "leaves nothing open" in page(as_(cast.ed), empty)


def test_more_facts_and_uses_ask_no_more_queries(cast, fact, url, as_, django_assert_max_num_queries):
    ed = as_(cast.ed)
    ed.post(url, typed(returns="Sixty days."))
    page(ed, url)
    with django_assert_max_num_queries(12) as few:
        page(ed, url)
    asked = len(few)
    for n in range(6):
        make_fact(cast.course, f"more-{n}", n + 2)
        lesson = make_lesson(cast.course.modules.get(), f"extra-{n}", 10 + n)
        publishing.publish(
            lesson.add_revision(title="T", body=f"::: fact more-{n}\n:::\n\n::: fact returns\n:::"), SILENT
        )
    ed.post(url, typed(**{f"more-{n}": "x" for n in range(6)}))
    page(ed, url)
    with django_assert_max_num_queries(asked):
        page(ed, url)
