import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from courses import progress
from courses.models import Certificate, Completion, Enrollment, Lesson, LessonRevision, Module
from tests.builders import enroll, make_course, make_lesson, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def lesson(cast):
    return cast.course.lessons.get(key="m1-read-1")


def url(page, lesson, *more):
    return reverse(f"admin:courses_lesson_{page}", args=[lesson.pk, *more])


def typed(lesson, **changes):
    draft = lesson.draft
    form = {"title": draft.title, "body": draft.body, "takeaway": draft.takeaway, "note": "", "number": draft.number}
    place = {"module": lesson.module_id, "slug": lesson.slug, "position": lesson.position}
    return {**form, **place, **changes}


def test_saving_makes_a_revision_and_leaves_the_old_one_and_the_learner(cast, lesson, as_):
    old = lesson.published_revision
    page = as_(cast.ed).post(url("change", lesson), typed(lesson, body="One\r\nTwo", note="Shorter"), follow=True)
    assert page.status_code == 200
    draft, old_now = lesson.draft, LessonRevision.objects.get(pk=old.pk)
    assert (draft.number, draft.body, draft.note, draft.created_by) == (2, "One\nTwo", "Shorter", cast.ed)
    assert draft.published_at is None
    assert draft.redo_level == old.redo_level
    assert (old_now.body, old_now.title) == (old.body, old.title)
    assert Lesson.objects.get(pk=lesson.pk).published_revision == old
    assert LogEntry.objects.filter(user=cast.ed, object_id=str(lesson.pk)).exists()


def test_an_unchanged_save_makes_no_revision(cast, lesson, as_):
    as_(cast.ed).post(url("change", lesson), typed(lesson, body=lesson.draft.body + ""))
    assert lesson.revisions.count() == 1
    as_(cast.ed).post(url("change", lesson), typed(lesson, always_read="on"))
    lesson.refresh_from_db()
    assert lesson.always_read
    assert lesson.revisions.count() == 1


def test_minutes_are_counted_on_saving(cast, lesson, as_):
    as_(cast.ed).post(url("change", lesson), typed(lesson, body="word " * 1000))
    assert lesson.draft.minutes == 6  # 1000 words at 200 a minute, and the check question


def test_two_editors_nothing_is_lost(cast, lesson, as_):
    first, second = typed(lesson, body="Text of the first"), typed(lesson, body="Text of the second")
    as_(cast.ed).post(url("change", lesson), first)
    refused = as_(cast.ed).post(url("change", lesson), second)
    page = refused.content.decode()
    assert refused.status_code == 200
    assert lesson.draft.body == "Text of the first"
    assert "Text of the first" in page
    assert "Text of the second" in page
    assert "Ed Okoye saved a newer text" in page
    assert 'name="number" value="2"' in page
    as_(cast.ed).post(url("change", lesson), {**second, "number": 2})
    assert lesson.draft.body == "Text of the second"
    assert lesson.revisions.count() == 3


def test_posted_state_is_ignored(cast, lesson, as_):
    extra = {"required": "", "retired_at": "2020-01-01", "published_revision": "", "key": "other", "kind": "page"}
    as_(cast.ed).post(url("change", lesson), typed(lesson, **extra))
    now = Lesson.objects.get(pk=lesson.pk)
    assert now.required
    assert now.retired_at is None
    assert now.key == lesson.key
    assert now.kind == "reading"
    assert now.published_revision == lesson.published_revision


def test_a_second_address_or_sample_is_a_form_error(cast, lesson, as_):
    other = cast.course.lessons.get(key="m1-read-2")
    Lesson.objects.filter(pk=other.pk).update(is_sample=True)
    fresh = make_lesson(lesson.module, "fresh", position=9, publish=False)
    page = as_(cast.ed).post(url("change", fresh), typed(fresh, slug=other.slug))
    assert page.status_code == 200
    assert "Error:" in page.content.decode()
    page = as_(cast.ed).post(url("change", lesson), typed(lesson, is_sample="on"))
    assert "“Lesson m1-read-2” is the open sample of this course." in page.content.decode()
    quiz = cast.course.lessons.get(kind="quiz")
    Lesson.objects.filter(pk=other.pk).update(is_sample=False)
    assert 'name="is_sample"' not in as_(cast.ed).get(url("change", quiz)).content.decode()
    Lesson.objects.filter(pk=other.pk).update(is_sample=True)
    assert Lesson.objects.filter(is_sample=True).count() == 1


def test_preview_shows_the_draft_and_records_nothing(cast, lesson, as_):
    lesson.add_revision(title="New title", body="A **bold** draft", takeaway="Keep it.")
    page = as_(cast.ed).get(url("preview", lesson)).content.decode()
    assert "<strong>bold</strong>" in page
    assert "Keep it." in page
    assert "Stem of check-m1-read-1" in page
    assert "Preview: nothing is recorded" in page
    assert not Completion.objects.exists()
    assert not Enrollment.objects.filter(user=cast.ed).exists()


def test_history_lists_each_revision(cast, lesson, as_):
    lesson.add_revision(title="New", body="Newer", note="Because", by=cast.ed)
    page = as_(cast.ed).get(url("revisions", lesson)).content.decode()
    assert "Because" in page
    assert "Ed Okoye" in page
    assert "What learners see" in page
    assert "Text of m1-read-1" in as_(cast.ed).get(url("revision", lesson, 1)).content.decode()
    assert as_(cast.ed).get(url("revision", lesson, 99)).status_code == 404


def test_what_was_typed_is_shown_and_not_saved(cast, lesson, as_):
    form = {"title": "Typed <b>", "body": "A **bold** word\r\n\r\n<script>x</script>", "takeaway": "T"}
    page = as_(cast.ed).post(url("preview", lesson), form).content.decode()
    assert "Typed &lt;b&gt;" in page
    assert "<strong>bold</strong>" in page
    assert "<script>x" not in page
    assert lesson.revisions.count() == 1


def test_an_earlier_text_becomes_the_draft_again(cast, lesson, as_):
    old = lesson.draft
    lesson.add_revision(title="New", body="Newer")
    ed, place = as_(cast.ed), url("restore", lesson, 1)
    assert ed.get(place).status_code == 302
    assert lesson.revisions.count() == 2
    ed.post(place)
    draft = lesson.draft
    assert (draft.number, draft.body, draft.created_by) == (3, old.body, cast.ed)
    assert draft.published_at is None
    assert lesson.published_revision == old  # learners see what they saw
    ed.post(url("restore", lesson, 3))  # what is the draft already
    assert lesson.revisions.count() == 3
    assert ed.post(url("restore", lesson, 99)).status_code == 404


def test_the_list_names_drafts_that_were_never_published(cast, as_):
    fresh = Lesson.objects.create(
        course=cast.course, module=cast.course.modules.get(), key="fresh", slug="fresh", position=50
    )
    fresh.add_revision(title="Never out yet", body="x")
    assert "Never out yet" in as_(cast.ed).get(reverse("admin:courses_lesson_changelist")).content.decode()


def test_publish_page_shows_people_and_lines(cast, lesson, as_):
    progress.complete_lesson(cast.ada_enrolled, lesson, lesson.published_revision, Completion.How.READ)
    lesson.add_revision(title=lesson.draft.title, body="A new line", takeaway=lesson.draft.takeaway)
    page = as_(cast.ed).get(url("publish", lesson)).content.decode()
    assert "<strong>1</strong> person completed this lesson" in page
    assert "<strong>1</strong> person has not started" in page
    assert "Redo: 1 person is asked to do it again" in page
    assert "<ins>A new line</ins>" in page
    assert "<del>Text of m1-read-1.</del>" in page
    assert "Removed line:" in page  # in words, too
    assert "It shows no dialogue." in page


@pytest.mark.parametrize("effect", ["silent", "announce", "redo"])
def test_publishing_with_an_effect(cast, lesson, as_, effect):
    draft = lesson.add_revision(title="New", body="Newer")
    as_(cast.ed).post(url("publish", lesson), {"revision": draft.pk, "effect": effect, "redo_due_on": ""})
    lesson.refresh_from_db()
    draft.refresh_from_db()
    assert lesson.published_revision == draft
    assert draft.effect == effect
    assert draft.published_by == cast.ed
    assert draft.redo_level == (1 if effect == "redo" else 0)
    assert bool(draft.redo_due_on) == (effect == "redo")


def test_publishing_twice_says_so_and_raises_the_level_once(cast, lesson, as_):
    draft = lesson.add_revision(title="New", body="Newer")
    for _click in range(2):
        page = as_(cast.ed).post(url("publish", lesson), {"revision": draft.pk, "effect": "redo"}, follow=True)
    assert "This text is published already." in page.content.decode()
    draft.refresh_from_db()
    assert draft.redo_level == 1
    assert lesson.revisions.count() == 2


def test_an_empty_text_is_not_published(cast, lesson, as_):
    draft = lesson.add_revision(title="New", body="  ")
    page = as_(cast.ed).post(url("publish", lesson), {"revision": draft.pk, "effect": "silent"})
    assert "is empty" in page.content.decode()
    lesson.refresh_from_db()
    assert lesson.published_revision != draft


def test_a_newer_draft_than_the_one_looked_at_is_not_skipped(cast, lesson, as_):
    seen = lesson.add_revision(title="Seen", body="Seen")
    lesson.add_revision(title="Newer", body="Newer")
    page = as_(cast.ed).post(url("publish", lesson), {"revision": seen.pk, "effect": "silent"})
    assert "There is a newer draft" in page.content.decode()
    lesson.refresh_from_db()
    assert lesson.published_revision.number == 1


@pytest.mark.parametrize("value", ["9" * 40, "x", "", "-1"])
def test_forged_revisions_are_form_errors(cast, lesson, as_, value):
    other = cast.course.lessons.get(key="m1-read-2").add_revision(title="Other", body="Other")
    for revision in (value, other.pk):
        answer = as_(cast.ed).post(url("publish", lesson), {"revision": revision, "effect": "silent"})
        assert answer.status_code == 200
    assert as_(cast.ed).post(url("publish", lesson), {"revision": "1\0", "effect": "\0"}).status_code in (200, 400)
    lesson.refresh_from_db()
    assert lesson.published_revision.number == 1


def test_unpublish_and_publish_again(cast, lesson, as_):
    ed = as_(cast.ed)
    assert "2 people are asked to take it." in ed.get(url("do", lesson, "unpublish")).content.decode()
    lesson.refresh_from_db()
    assert lesson.published_revision is not None  # looking changed nothing
    ed.post(url("do", lesson, "unpublish"))
    lesson.refresh_from_db()
    assert lesson.published_revision is None
    for _click in range(2):
        ed.post(url("publish", lesson), {"revision": lesson.draft.pk, "effect": "silent"})
        lesson.refresh_from_db()
    assert lesson.published_revision.body == "Text of m1-read-1."
    assert lesson.revisions.count() == 2


def test_acts_say_how_many_they_complete_and_do_it(cast, as_):
    course = make_course("small", readings=2, quiz=False)
    one, two = course.lessons.in_order()
    enrolled = Enrollment.objects.create(user=cast.ada, course=course, path=course.paths.get())
    progress.complete_lesson(enrolled, one, one.published_revision, Completion.How.READ)
    page = as_(cast.ed).get(url("do", two, "make-optional")).content.decode()
    assert "completes the course for 1 person" in page
    as_(cast.ed).post(url("do", two, "make-optional"))
    enrolled.refresh_from_db()
    assert enrolled.is_complete
    as_(cast.ed).post(url("do", two, "make-required"))
    as_(cast.ed).post(url("do", two, "retire"))
    two.refresh_from_db()
    assert two.required
    assert two.retired_at
    assert "Nothing to do" in as_(cast.ed).post(url("do", two, "retire"), follow=True).content.decode()
    assert as_(cast.ed).get(url("do", two, "explode")).status_code == 404


def test_a_new_lesson(cast, as_):
    module = cast.course.modules.get()
    form = {"title": "Fresh", "body": "Text", "takeaway": "", "module": module.pk, "key": "fresh", "kind": "story"}
    as_(cast.ed).post(reverse("admin:courses_lesson_add"), form)
    made = Lesson.objects.get(key="fresh")
    assert (made.slug, made.course, made.required, made.draft.title) == ("fresh", cast.course, False, "Fresh")
    assert made.position > 1
    assert made.published_revision is None
    again = as_(cast.ed).post(reverse("admin:courses_lesson_add"), form)
    assert again.status_code == 200
    assert Lesson.objects.filter(key="fresh").count() == 1
    as_(cast.ed).post(reverse("admin:courses_lesson_add"), {**form, "key": "fresh-quiz", "kind": "quiz"})
    assert Lesson.objects.get(key="fresh-quiz").quiz.draw == 8


def test_first_publication_in_a_ready_module_asks_about_people_under_way(cast, as_):
    lesson = make_lesson(cast.course.modules.get(), "later", position=8, publish=False)
    step = cast.course.paths.get().steps.create(lesson=lesson, position=9)
    assert "ask_people_under_way" in as_(cast.ed).get(url("publish", lesson)).content.decode()
    as_(cast.ed).post(url("publish", lesson), {"revision": lesson.draft.pk, "ask_people_under_way": "on"})
    step.refresh_from_db()
    assert step.since is None
    assert Lesson.objects.get(pk=lesson.pk).published_revision


def test_module_status_on_a_page_of_its_own(cast, as_):
    module = cast.course.modules.get()
    place = reverse("admin:courses_module_status", args=[module.pk])
    assert "2 people are on the course, 0 of them under way." in as_(cast.ed).get(place).content.decode()
    change = reverse("admin:courses_module_change", args=[module.pk])
    as_(cast.ed).post(
        change, {"title": "Renamed", "position": 1, "status": "in-preparation", "key": "other", **no_rows(module)}
    )
    module.refresh_from_db()
    assert (module.title, module.key, module.is_ready) == ("Renamed", "m1", True)
    for value in ("nonsense", "9" * 40):
        as_(cast.ed).post(place, {"status": value})
        assert Module.objects.get(pk=module.pk).is_ready
    as_(cast.ed).post(place, {"status": "in-preparation"})
    assert Module.objects.get(pk=module.pk).is_in_preparation


def test_opening_a_module_says_first_whom_it_completes(cast, as_):
    assert "until you open it nobody can" in as_(cast.ed).get(reverse("admin:courses_module_add")).content.decode()
    module = Module.objects.create(course=cast.course, key="m2", title="Two", position=2)
    place = reverse("admin:courses_module_status", args=[module.pk])
    assert "Nobody completes the course by that." in as_(cast.ed).get(place).content.decode()
    reader = enroll(make_person("Zoe Reader"), cast.course)
    for lesson in cast.course.lessons.all():
        progress.complete_lesson(reader, lesson, lesson.published_revision, Completion.How.READ)
    page = as_(cast.ed).get(place).content.decode()
    assert "That completes the course for 1 person." in page
    assert not Certificate.objects.exists()
    Module.objects.create(course=cast.course, key="m3", title="Three", position=3)
    assert "1 other module is in preparation, so nobody can" in as_(cast.ed).get(place).content.decode()


def test_a_lesson_is_added_from_its_module_with_a_key_of_its_own(cast, as_):
    ed, module = as_(cast.ed), cast.course.modules.get()
    place = reverse("admin:courses_lesson_add")
    page = ed.get(place, {"module": module.pk}).content.decode()
    assert reverse("admin:courses_module_change", args=[module.pk]) in page
    assert "<details" in page[page.index("Takeaway") :]
    assert ed.get(place, {"module": "x"}).status_code == 200
    sent = {"title": "Two calls", "module": module.pk, "kind": "reading", "body": "", "takeaway": "", "number": ""}
    for _again in range(2):
        assert ed.post(place, sent).status_code == 302
    assert list(cast.course.lessons.filter(key__startswith="two").values_list("key", "slug").order_by("pk")) == [
        ("two-calls", "two-calls"),
        ("two-calls-2", "two-calls-2"),
    ]
    refused = ed.post(place, {**sent, "kind": "quiz", "is_sample": "on"}).content.decode()
    assert "A quiz cannot be the open sample" in refused
    assert '<details class="acts"><summary>Address' not in refused  # what is to be mended is open


def no_rows(module):
    objective = module.objectives.get()
    row = {"id": objective.pk, "module": module.pk, "text": objective.text, "skill": objective.skill_id, "position": 0}
    prefix = "objectives"
    return {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": 1} | {f"{prefix}-0-{k}": v for k, v in row.items()}


def test_an_objective_keeps_its_code(cast, as_):
    module = cast.course.modules.get()
    form = {"title": "M", "position": 1, **no_rows(module), "objectives-0-key": "O9.9", "objectives-0-text": "Say it."}
    assert as_(cast.ed).post(reverse("admin:courses_module_change", args=[module.pk]), form).status_code == 302
    objective = module.objectives.get()
    assert (objective.key, objective.text) == ("O1.1", "Say it.")


def test_pages_do_not_grow(cast, lesson, as_, django_assert_max_num_queries):
    ed = as_(cast.ed)
    pages = {
        reverse("admin:index"): 8,
        reverse("admin:courses_course_home", args=[cast.course.pk]): 30,
        reverse("admin:courses_lesson_changelist"): 7,
        reverse("admin:courses_module_changelist"): 7,
        url("revisions", lesson): 8,
    }
    for number in range(2, 12):
        module = Module.objects.create(course=cast.course, key=f"x{number}", title="X", position=number)
        make_lesson(module, f"x{number}-a")
        lesson.add_revision(title=f"T{number}", body="x", by=cast.ed)
    for page, most in pages.items():
        with django_assert_max_num_queries(most):
            assert ed.get(page).status_code == 200


def test_each_change_by_staff_is_logged_by_number(cast, lesson, as_, caplog):
    caplog.set_level("INFO", "workshop.desk")
    revision = lesson.add_revision(title="New title", body="New text", minutes=1)
    as_(cast.ed).post(url("publish", lesson), {"revision": revision.pk, "effect": "redo"})
    lesson.refresh_from_db()
    assert lesson.published_revision == revision
    event = {"event": "changed", "model": "courses.Lesson", "pk": lesson.pk, "by": cast.ed.pk}
    assert event in [record.event for record in caplog.records]
    assert "New title" not in caplog.text
