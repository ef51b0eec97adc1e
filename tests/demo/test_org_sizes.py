import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from courses.models import Completion
from tests.builders import make_person
from tests.conftest import with_role
from tests.demo.test_make_org import course_with_paths


def test_a_seed_makes_the_same_organization_again(db):
    course_with_paths()

    def what_is_made(seed):
        with transaction.atomic():
            call_command("make_org", people=200, seed=seed)
            people = list(User.objects.order_by("staff_number", "email").values_list("name", "email", "last_login"))
            learned = list(Completion.objects.order_by("at", "lesson").values_list("at", "lesson", "how"))
            transaction.set_rollback(True)
        return people, learned

    first = what_is_made(7)
    assert what_is_made(7) == first
    assert what_is_made(8) != first


@pytest.mark.parametrize("people", [0, 199, 10_000_000])
def test_a_size_that_makes_no_sense_is_refused(db, people):
    course_with_paths()
    with pytest.raises(CommandError, match="200 to 1000000"):
        call_command("make_org", people=people)


def test_refused_outside_the_demo_and_without_a_course(db, settings):
    with pytest.raises(CommandError, match="load_course"):
        call_command("make_org")
    settings.DEMO = settings.DEBUG = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("make_org")
    assert not User.objects.exists()


# --- The same number of queries, however large the organization ------------------------------------------------------

LISTS = [
    "admin:index",
    "admin:accounts_user_changelist",
    "admin:accounts_user_add",
    "admin:accounts_team_changelist",
    "admin:accounts_team_add",
    "admin:courses_enrollment_changelist",
    "admin:courses_assignment_changelist",
    "admin:courses_assignment_add",
    "reports:team",
    "reports:grid",
    "reports:team_csv",
    "reports:analyses",
]


def queries_of_pages(people):
    """How many queries each page of HR takes in an organization of this size, which is taken back afterwards."""
    with transaction.atomic():
        course_with_paths()
        hana = with_role(make_person("Hana Sato"), "HR")
        call_command("make_org", people=people)
        client, counted = Client(), {}
        client.force_login(hana)
        for name in LISTS:
            client.get(reverse(name))  # what is asked once in a process is asked
            with CaptureQueriesContext(connection) as queries:
                response = client.get(reverse(name))
                assert response.status_code == 200, name
                if response.streaming:
                    list(response.streaming_content)
            counted[name] = len(queries)
        transaction.set_rollback(True)
    return counted


def test_every_page_of_hr_asks_as_often_in_a_large_organization(db):
    assert queries_of_pages(200) == queries_of_pages(800)
