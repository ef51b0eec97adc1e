"""Course files on the staff pages: the look, the choice, the deed once; copying and starting."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from coursefiles import importing, starting
from coursefiles.bundle import files_in, pack
from coursefiles.export import export_course
from coursefiles.load import load_course
from courses import publishing
from courses.models import Bundle, CompanyFact, Course, Enrollment, Image, Lesson, Path
from tests.builders import SILENT
from tests.coursefiles.conftest import CourseFolder
from tests.coursefiles.test_load import LESSON, edit, everything, lesson

pytestmark = pytest.mark.django_db

HUB, ADD = reverse("admin:courses_bundle_changelist"), reverse("admin:courses_bundle_add")
NOD, FIRST = "Greet the whole line with a nod.", "The door opens"


@pytest.fixture
def folder(tmp_path) -> CourseFolder:
    return CourseFolder(tmp_path / "counter")


@pytest.fixture
def ed(cast, as_):
    return as_(cast.ed)


def upload(folder: CourseFolder, name: str = "counter.zip"):
    out = io.BytesIO()
    pack(out, "counter", files_in(folder.path))
    return {"file": SimpleUploadedFile(name, out.getvalue(), "application/zip")}


def page(name: str, *args: object) -> str:
    return reverse(f"admin:courses_bundle_{name}", args=args)


def bring(client, folder: CourseFolder, **chosen: str):
    """Look, then bring in what is chosen."""
    look = client.post(ADD, upload(folder), follow=True)
    bundle = Bundle.objects.latest("pk")
    form = look.context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value()}
    return client.post(page("apply", bundle.pk), {**data, **chosen}, follow=True)


def rewrite(old: str, new: str) -> None:
    publishing.publish(edit("greet-first", lesson("greet-first").draft.body.replace(old, new)), SILENT)


def test_a_new_course_comes_in_after_a_look(ed, cast, folder):
    look = ed.post(ADD, upload(folder), follow=True)
    said = look.content.decode()
    assert "This would make a new course, “At the Counter”." in said
    assert "The Late Bus" in said
    assert not Course.objects.filter(key="counter").exists()
    done = bring(ed, folder).content.decode()
    assert "Created: 1 course" in done
    assert done.count("Ed Okoye") == 2
    course = Course.objects.get(key="counter")
    assert course.lessons.get(key="greet-first").published_revision.published_by == cast.ed
    bundle = Bundle.objects.latest("pk")
    assert (bytes(bundle.data), bundle.contents, bundle.applied_by) == (b"", {}, cast.ed)
    entry = LogEntry.objects.get(object_id=course.pk, content_type__model="course")
    assert entry.change_message == "Brought in course files: 17 new, 0 changed, 0 retired"


def test_only_what_was_seen_is_brought_in_and_only_once(ed, folder):
    load_course(folder.path)
    folder.replace(LESSON, NOD, "Wave.")
    look = ed.post(ADD, upload(folder), follow=True)
    seen = {"seen": look.context["form"]["seen"].value()}
    rewrite(FIRST, "The bell rings")
    bundle = Bundle.objects.get()
    stale = ed.post(page("apply", bundle.pk), seen, follow=True)
    assert "needs another look" in stale.content.decode()  # there is a choice to make now
    assert NOD in lesson("greet-first").published_revision.body
    form = ed.get(page("change", bundle.pk)).context["form"]
    right = {"seen": form["seen"].value(), "lesson.greet-first": "merge"}
    stale = ed.post(page("apply", bundle.pk), {**right, **seen}, follow=True)
    assert "The course changed since you looked" in stale.content.decode()
    ed.post(page("apply", bundle.pk), right)
    revisions = lesson("greet-first").revisions.count()
    again = ed.post(page("apply", bundle.pk), right, follow=True)
    assert lesson("greet-first").revisions.count() == revisions == 3
    assert "Brought in" in again.content.decode()
    assert importing.bring_in(bundle, bundle.by, {}, retire=False, seen="") is None


def test_two_at_once_bring_it_in_once(ed, cast, folder):
    """The second has the row from before the first was done."""
    bring(ed, folder)
    folder.replace(LESSON, NOD, "Wave.")
    ed.post(ADD, upload(folder))
    bundle = Bundle.objects.latest("pk")
    seen = importing.plan_for(bundle).fingerprint()
    assert importing.bring_in(Bundle.objects.get(pk=bundle.pk), cast.ed, {}, retire=False, seen=seen)
    assert importing.bring_in(bundle, cast.ed, {}, retire=False, seen=seen) is None
    assert lesson("greet-first").revisions.count() == 2


@pytest.mark.parametrize(
    ("decision", "first", "last"),
    [("keep", "The bell rings", NOD), ("take", FIRST, "Wave."), ("merge", "The bell rings", "Wave.")],
)
def test_keep_take_or_merge(ed, folder, decision, first, last):
    load_course(folder.path)
    rewrite(FIRST, "The bell rings")
    folder.replace(LESSON, NOD, "Wave.")
    bring(ed, folder, **{"lesson.greet-first": decision})
    now = lesson("greet-first").published_revision.body
    assert now.startswith(first)
    assert last in now


def test_the_look_has_a_choice_for_each_and_the_texts_side_by_side(ed, folder):
    load_course(folder.path)
    rewrite(NOD, "Nod to all.")
    folder.replace(LESSON, NOD, "Wave.")
    folder.replace("modules/greeting/the-late-bus.md", "The bus was late", "The bus came late")
    look = ed.post(ADD, upload(folder), follow=True)
    said = look.content.decode()
    assert look.context["form"]["lesson.greet-first"].value() == "merge"
    assert said.count('name="lesson.greet-first"') == 3
    assert "the merge becomes a draft" in said
    assert 'name="lesson.the-late-bus"' in said
    bundle = Bundle.objects.get()
    sides = ed.get(page("unit", bundle.pk, "lesson", "greet-first")).content.decode()
    for text in ("What a merge would make", "What changed here", "What changed in the file", "Wave.", "Nod"):
        assert text in sides
    assert ed.get(page("unit", bundle.pk, "lesson", "nothing")).status_code == 404
    report = bring(ed, folder, **{"lesson.the-late-bus": "on"}).content.decode()
    assert "Merged with conflicts, to be mended in the draft before it is published: Greet First." in report
    assert "The bus was late" in lesson("the-late-bus").published_revision.body


def test_the_look_asks_the_same_few_questions_of_any_course(ed, folder, django_assert_max_num_queries):
    load_course(folder.path)
    for key in ("greet-first", "the-late-bus", "card-greeting"):
        folder_file = next(path for path in folder.path.rglob(f"{key}.md"))
        folder_file.write_text(folder_file.read_text() + "\nMore.\n")
    ed.post(ADD, upload(folder))
    with django_assert_max_num_queries(26):
        ed.get(page("change", Bundle.objects.get().pk))


def test_what_is_missing_is_taken_out_only_when_ticked(ed, folder):
    load_course(folder.path)
    folder.delete("modules/greeting/card-greeting.md")
    folder.replace("modules/greeting/module.yaml", ", card-greeting]", "]")
    folder.replace(LESSON, " More in [the card](lesson:card-greeting).", "")
    bring(ed, folder)
    assert Lesson.objects.get(key="card-greeting").retired_at is None
    report = bring(ed, folder, retire="on").content.decode()
    assert "Retired: lesson card-greeting." in report
    assert Lesson.objects.get(key="card-greeting").retired_at


def test_a_bad_file_is_named_by_place_and_leaves_nothing(ed, folder):
    folder.replace(LESSON, "kind: reading", "kind: raeding")
    before = everything()
    said = ed.post(ADD, upload(folder)).content.decode()
    assert f"<code>{LESSON}:3</code>" in said
    assert "Nothing was changed." in said
    assert "<title>Error:" in said
    assert everything() == before
    for name, content in (("x.zip", b"no zip"), ("x.txt", b"text"), ("x.zip", b"")):
        answer = ed.post(ADD, {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 200
        assert not Bundle.objects.exists()


def test_files_are_forgotten_when_thrown_away_and_after_a_week(ed, cast, folder):
    ed.post(ADD, upload(folder))
    bundle = Bundle.objects.get()
    ed.post(page("discard", bundle.pk))
    bundle.refresh_from_db()
    assert (bytes(bundle.data), bundle.is_waiting()) == (b"", False)
    assert ed.get(page("change", bundle.pk)).status_code == 200
    ed.post(ADD, upload(folder))
    late = timezone.now() + timedelta(days=8)
    assert not Bundle.objects.waiting(late).exists()
    assert not Bundle.objects.latest("pk").is_waiting(late)
    assert Bundle.objects.forget_old() == 0
    Bundle.objects.update(at=timezone.now() - timedelta(days=8))
    call_command("retain")
    assert not Bundle.objects.exclude(data=b"").exists()
    said = ed.post(page("apply", Bundle.objects.latest("pk").pk), {"seen": "x"}, follow=True).content.decode()
    assert "Too old, thrown away" in said


def test_the_course_as_shipped_is_compared(ed, folder, monkeypatch):
    monkeypatch.setattr("desk.bundles.pages.SHIPPED", folder.path.parent)
    load_course(folder.path)
    folder.replace(LESSON, NOD, "Wave.")
    assert "Compare with “counter” as shipped" in ed.get(HUB).content.decode()
    assert ed.post(page("shipped", "nothing")).status_code == 404
    look = ed.post(page("shipped", "counter"), follow=True)
    assert [entry.part.key for entry, _noun, _field in look.context["changed"]] == ["greet-first"]


def test_the_zip_is_the_files_and_taking_it_is_noted(ed, folder, tmp_path):
    load_course(folder.path)
    answer = ed.post(page("export", "counter"))
    assert answer["Content-Disposition"].startswith('attachment; filename="counter-')
    export_course("counter", tmp_path / "out")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        files = {name.removeprefix("counter/"): archive.read(name) for name in archive.namelist()}
    assert files == dict(files_in(tmp_path / "out"))
    assert LogEntry.objects.filter(change_message="Took the course as files").exists()


def test_a_copy_has_the_content_and_nobody_in_it(ed, cast, folder):
    load_course(folder.path)
    CompanyFact.objects.update(text="Ours.")
    edit("the-late-bus", "A draft that nobody published.\n\n![x](image:bus-stop)")
    answer = ed.post(page("copy", "counter"), {"title": "A Copy", "key": "copied"}, follow=True)
    assert "“A Copy” is there. Nobody is enrolled in it." in answer.content.decode()
    copied, source = Course.objects.get(key="copied"), Course.objects.get(key="counter")
    for name in ("lessons", "questions", "paths", "modules", "skills", "facts", "images", "diagrams"):
        keys = [set(getattr(course, name).values_list("key", flat=True)) for course in (source, copied)]
        assert keys[0] == keys[1], name
    assert copied.lessons.get(key="the-late-bus").published_revision.body.startswith("A draft")
    assert not copied.facts.exclude(text="").exists()
    assert not copied.lessons.filter(is_sample=True).exists()
    assert not Enrollment.objects.filter(course=copied).exists()
    assert Image.objects.get(course=copied).name != Image.objects.get(course=source).name
    again = ed.post(page("copy", "counter"), {"title": "A Copy", "key": "copied"})
    assert "Another course has this key." in again.content.decode()
    with pytest.raises(starting.Taken):
        starting.copy_course(source, "copied", "x", cast.ed)


def test_an_empty_course_is_started_and_goes_out_and_in(ed, cast, tmp_path):
    data = {"title": "Phones", "key": "phones", "path": "Everything", "skills": "Listening\n\nSaying no\nListening"}
    ed.post(page("start"), data)
    course = Course.objects.get(key="phones")
    assert list(course.skills.values_list("key", "title")) == [("listening", "Listening"), ("saying-no", "Saying no")]
    path = Path.objects.get(course=course)
    assert (path.key, path.is_default) == ("everything", True)
    export_course("phones", tmp_path / "out")
    assert load_course(tmp_path / "out").nothing_changed
    assert "Another course has this key." in ed.post(page("start"), data).content.decode()
    with pytest.raises(starting.Taken):
        starting.start_course("phones", "x", "y", ["z"], cast.ed)


def test_a_key_left_empty_is_made_from_the_title_and_the_home_follows(ed, cast):
    data = {"title": "Handling Returns!", "key": "", "path": "Everything", "skills": "Listening"}
    answer = ed.post(page("start"), data)
    course = Course.objects.get(key="handling-returns")
    assert answer.url == reverse("admin:courses_course_home", args=[course.pk])
    assert "Another course has this key." in ed.post(page("start"), data).content.decode()
    assert "no letters to make it from" in ed.post(page("start"), {**data, "title": "§§"}).content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {"title": "T", "key": "No Key", "path": "P", "skills": "S"},
        {"title": "\0", "key": "k", "path": "P", "skills": "S"},
        {"title": "T", "key": "k", "path": "P", "skills": "\n \n"},
        {"title": "T", "key": "k", "path": "P", "skills": "x" * 101},
        {"title": "T" * 201, "key": "k" * 51, "path": "", "skills": "\n".join(map(str, range(31)))},
    ],
)
def test_nonsense_starts_nothing(ed, data):
    before = Course.objects.count()
    assert ed.post(page("start"), data).status_code == 200
    assert Course.objects.count() == before


def test_what_was_made_on_the_site_alone_is_copied_and_goes_out_and_in(ed, cast, tmp_path):
    """Without course files, objectives or levels; a lesson without a text is planned."""
    Lesson.objects.create(
        course=cast.course, module=cast.course.modules.get(), key="m1-empty", slug="m1-empty", position=9
    ).add_revision(title="To be written")
    export_course(cast.course.key, tmp_path / "out")
    assert load_course(tmp_path / "out").nothing_changed
    ed.post(page("copy", cast.course.key), {"title": "A Copy", "key": "copied"})
    copied = Course.objects.get(key="copied")
    assert copied.questions.count() == cast.course.questions.count()
    assert copied.lessons.published().count() == cast.course.lessons.published().count() == 3


def test_the_copy_of_what_is_not_whole_says_what_is_missing(ed, folder):
    load_course(folder.path)
    edit("the-late-bus", "")
    answer = ed.post(page("copy", "counter"), {"title": "A Copy", "key": "copied"})
    assert "</code> The lesson is empty." in answer.content.decode()
    assert not Course.objects.filter(key="copied").exists()
