"""The page of a module: what it promises, what is in it, and how far one is."""

import re

from courses import progress, publishing
from courses.models import Completion, Lesson, Module
from tests.builders import make_lesson
from tests.conftest import sign_in

URL = "/courses/service/module/m1/"


def page(client, url=URL):
    response = client.get(url)
    assert response.status_code == 200, url
    return re.sub(r"\s+", " ", response.content.decode())


def section(html, heading):
    """What stands between a heading and the next."""
    return html.split(f"<h2>{heading}</h2>")[1].split("<h2>")[0]


def test_everything_of_the_module_is_on_it(client, cast):
    module = cast.course.modules.get()
    Module.objects.update(purpose="Why one would.")
    for kind in ("story", "page"):
        make_lesson(module, f"m1-{kind}", position=8, kind=kind)
    make_lesson(module, "m1-more", position=7)
    make_lesson(module, "m1-draft", position=6, publish=False)
    html = page(sign_in(client, cast.ada))
    assert "Why one would." in html
    assert "Do it." in section(html, "What you can do after it")
    assert section(html, "Lessons").count("<li>") == 2
    assert "Not started" in section(html, "Lessons")
    assert "Lesson m1-more" in section(html, "More if you like")
    assert "Lesson m1-story" in section(html, "A story")
    assert "Lesson m1-quiz" in section(html, "Quiz")
    assert '/courses/service/m1-page/#print"' in section(html, "To print and keep")
    assert "m1-draft" not in html
    assert html.count("button-primary") == 1
    assert "Start: Lesson m1-read-1" in html


def test_it_says_how_far_one_is_and_where_to_go_on(client, cast):
    first = Lesson.objects.select_related("published_revision").get(key="m1-read-1")
    progress.complete_lesson(cast.ada_enrolled, first, first.published_revision, Completion.How.READ)
    html = page(sign_in(client, cast.ada))
    assert "1 of 3 lessons" in html
    assert "Continue: Lesson m1-read-2" in html
    assert "Complete" in section(html, "Lessons")


def test_editors_see_it_without_states(client, cast):
    html = page(sign_in(client, cast.ed))
    assert "Lesson m1-read-1" in html
    assert "Not started" not in html
    assert "button-primary" not in html


def test_a_module_in_preparation_shows_its_purpose_and_no_lesson(client, cast):
    Module.objects.update(purpose="Why one would.")
    publishing.set_status(cast.course.modules.get(), Module.Status.IN_PREPARATION)
    html = page(sign_in(client, cast.ada))
    assert "Why one would." in html
    assert "In preparation" in html
    assert "Lesson m1-read-1" not in html


def test_what_is_not_there_is_not_found(client, cast):
    assert sign_in(client, cast.ada).get("/courses/service/module/none/").status_code == 404
    assert sign_in(client, cast.stranger).get(URL).status_code == 404


def test_lesson_outline_and_my_learning_lead_to_it(client, cast):
    sign_in(client, cast.ada)
    for url in ("/courses/service/m1-read-1/", "/courses/service/", "/"):
        assert f'href="{URL}"' in page(client, url), url
