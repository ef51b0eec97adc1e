import pytest
from django.core.management import CommandError, call_command

from accounts.models import Team, User
from demo import story
from demo.company import CAST
from tests.demo.test_make_demo import half_ready_course


@pytest.fixture
def course(db):
    return half_ready_course()


def test_half_a_company_is_never_left(course, monkeypatch):
    monkeypatch.setattr(story, "_sign_in", lambda *args: 1 / 0)  # when everything else is written
    with pytest.raises(ZeroDivisionError):
        call_command("make_demo")
    assert not User.objects.exists()
    assert not Team.objects.exists()


def test_refused_outside_the_demo(course, settings):
    settings.DEMO = settings.DEBUG = False
    for command in ("make_demo", "demo_people"):
        with pytest.raises(CommandError):
            call_command(command)
    assert not User.objects.exists()


def test_says_to_load_the_course_first(db):
    with pytest.raises(CommandError, match="load_course"):
        call_command("make_demo")


def test_says_who_can_sign_in(settings, capsys):
    call_command("demo_people")
    said = capsys.readouterr().out
    assert settings.DEMO_PASSWORD in said
    assert all(address in said for address, _who in CAST)
