"""Pictures on the staff pages, in lessons, and over HTTP."""

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from coursefiles.export import Export
from coursefiles.stored import Stored
from courses import markdown, publishing
from courses.models import Image, Lesson
from tests.builders import SILENT, make_course, make_image, picture

pytestmark = pytest.mark.django_db
ADD = "admin:courses_image_add"


def upload(data, name="x.png"):
    return SimpleUploadedFile(name, data, "image/png")


def form(course, data, **fields):
    return {"course": course.pk, "title": "A counter", "alt": "A counter with a bell", "file": upload(data), **fields}


def url(page, image):
    return reverse(f"admin:courses_image_{page}", args=[image.pk])


def show(lesson, key, alt="A counter"):
    publishing.publish(lesson.add_revision(title="T", body=f"Look:\n\n![{alt}](image:{key})", takeaway="K"), SILENT)


def test_upload_and_show(cast, as_):
    answer = as_(cast.ed).post(reverse(ADD), form(cast.course, picture(2000, 1000)), follow=True)
    image = Image.objects.get()
    assert (image.key, image.width, image.height, image.uploaded_by) == ("a-counter", 1600, 800, cast.ed)
    assert default_storage.exists(image.file)
    assert "x.png" not in image.file
    assert "![A counter with a bell](image:a-counter)" in answer.content.decode()
    lesson = cast.course.lessons.get(key="m1-read-1")
    show(lesson, image.key, alt="")
    page = as_(cast.ada).get(lesson.get_absolute_url()).content.decode()
    assert f'<img src="{image.get_absolute_url()}" alt="A counter with a bell" width="1600" height="800"' in page


def test_the_file_is_kept_by_the_browser_and_does_nothing(cast, as_):
    image = make_image(cast.course)
    answer = as_(cast.ada).get(image.get_absolute_url())
    assert answer.content[:4] == b"RIFF"
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment")


def test_who_sees_a_picture(cast, as_):
    image, other = make_image(cast.course), make_image(make_course("other"))
    for person, wanted in ((cast.ada, 200), (cast.otto, 200), (cast.ed, 200), (cast.mia, 404), (cast.hana, 404)):
        assert as_(person).get(image.get_absolute_url()).status_code == wanted
        assert image.is_visible_to(person) == (wanted == 200)
        assert (image in Image.objects.visible_to(person)) == (wanted == 200)
    assert as_(cast.ada).get(other.get_absolute_url()).status_code == 404
    crossed = reverse("learn:image", args=[cast.course.key, other.name])
    assert as_(cast.ed).get(crossed).status_code == 404
    assert Client().get(image.get_absolute_url()).status_code == 404


def test_strangers_see_those_of_the_open_sample(cast):
    lesson = cast.course.lessons.get(key="m1-read-1")
    shown, hidden = make_image(cast.course, "shown"), make_image(cast.course, "not-shown")
    show(lesson, "shown")
    assert Client().get(shown.get_absolute_url()).status_code == 404
    Lesson.objects.filter(pk=lesson.pk).update(is_sample=True)
    assert Client().get(shown.get_absolute_url()).status_code == 200
    assert Client().get(hidden.get_absolute_url()).status_code == 404
    lesson.refresh_from_db()
    publishing.unpublish(lesson)
    assert Client().get(shown.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alt": ""}, "This field is required"),
        ({"alt": "  "}, "This field is required"),
        ({"title": ""}, "This field is required"),
        ({"file": ""}, "This field is required"),
        ({"key": "Not A Key"}, "Enter a valid"),
        ({"title": "漢字"}, "no letters to make it from"),
    ],
)
def test_what_is_missing_is_said(cast, as_, change, words):
    page = as_(cast.ed).post(reverse(ADD), form(cast.course, picture(), **change)).content.decode()
    assert words in page
    assert not Image.objects.exists()


@pytest.mark.parametrize("data", [b"<svg/>", b"<html>", b"GIF89a", picture() + b"<script>", b"", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused_with_the_reason(cast, as_, data):
    before = default_storage.listdir("images") if default_storage.exists("images") else None
    answer = as_(cast.ed).post(reverse(ADD), form(cast.course, data))
    assert answer.status_code == 200
    assert "Something needs another look" in answer.content.decode()
    assert not Image.objects.exists()
    assert (default_storage.listdir("images") if default_storage.exists("images") else None) == before


def test_the_same_picture_or_key_twice(cast, as_):
    ed = as_(cast.ed)
    ed.post(reverse(ADD), form(cast.course, picture()))
    again = ed.post(reverse(ADD), form(cast.course, picture(), title="Another", key="another")).content.decode()
    assert "has this very picture already" in again
    taken = ed.post(reverse(ADD), form(cast.course, picture(color="red"))).content.decode()
    assert "has this key already" in taken
    assert Image.objects.count() == 1


def test_replacing_keeps_the_old_file_and_shows_the_new_one(cast, as_):
    lesson, image = cast.course.lessons.get(key="m1-read-1"), make_image(cast.course)
    show(lesson, image.key)
    ed = as_(cast.ed)
    assert "1 lesson shows it: T." in ed.get(url("replace", image)).content.decode()
    for _click in range(2):
        answer = ed.post(url("replace", image), {"file": upload(picture(color="red"))}, follow=True)
    assert answer.status_code == 200
    new = Image.objects.in_use().get()
    image.refresh_from_db()
    assert (new.key, new.alt, new.uploaded_by) == (image.key, image.alt, cast.ed)
    assert not image.is_in_use
    assert default_storage.exists(image.file)
    page = as_(cast.ada).get(lesson.get_absolute_url()).content.decode()
    assert new.name in page
    assert image.name not in page


def test_retired_it_stays_where_it_is_shown(cast, as_):
    lesson, image = cast.course.lessons.get(key="m1-read-1"), make_image(cast.course)
    show(lesson, image.key)
    as_(cast.ed).post(url("retire", image))
    assert not Image.objects.in_use().exists()
    assert image.name in as_(cast.ada).get(lesson.get_absolute_url()).content.decode()
    parts = as_(cast.ed).get(reverse("admin:courses_lesson_parts", args=[lesson.pk])).content.decode()
    assert image.key not in parts


def test_where_each_is_used(cast, as_):
    lesson = cast.course.lessons.get(key="m1-read-1")
    used, drafted, unused = (make_image(cast.course, key) for key in ("used", "drafted", "unused"))
    show(lesson, "used")
    lesson.add_revision(title="T", body="![x](image:drafted)\n\n`![y](image:unused)`")
    places = {"used": {used, drafted}, "unused": {unused}, "retired": set(), "": {used, drafted, unused}}
    for use, wanted in places.items():
        page = as_(cast.ed).get(reverse("admin:courses_image_changelist"), {"use": use})
        assert set(page.context["cl"].result_list) == wanted
    assert lesson.draft.title in as_(cast.ed).get(url("change", used)).content.decode()
    assert "In no lesson." in as_(cast.ed).get(url("change", unused)).content.decode()


def test_a_missing_file_is_not_there(cast, as_):
    image = make_image(cast.course)
    default_storage.delete(image.file)
    assert as_(cast.ada).get(image.get_absolute_url()).status_code == 404


def test_an_export_keeps_the_reference(cast):
    lesson, image = cast.course.lessons.get(key="m1-read-1"), make_image(cast.course)
    show(lesson, image.key)
    files = dict(Export(Stored(cast.course)).files())
    assert f"(image:{image.key})".encode() in files["modules/m1/m1-read-1.md"]


@pytest.mark.parametrize(
    "body",
    [
        "![x](image:none)",
        "![x](/courses/service/images/0.webp)",
        "![x](image:../a)",
        "![x](IMAGE:counter)",
        "![x](//a/b)",
    ],
)
def test_only_pictures_of_the_course_are_loaded(cast, body):
    make_image(cast.course)
    assert "<img" not in markdown.render(body, "service", images={})
