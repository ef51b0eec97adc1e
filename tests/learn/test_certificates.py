"""The certificate's own page, where it is linked, and what anybody who has the code is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.formats import date_format

from accounts.models import Throttle
from accounts.throttling import MISS_LIMIT, WINDOW
from courses.models import Certificate, Path
from courses.models.enrollment import CODE_LETTERS, clean_code, new_code, site_day
from tests.builders import enroll
from tests.conftest import sign_in
from tests.learn.certified import certified, finish

pytestmark = pytest.mark.django_db


def page(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


@pytest.fixture
def ada_certificate(cast) -> Certificate:
    return finish(cast.ada_enrolled).certificate


# --- The person's own page


def test_one_sees_what_it_says_and_how_to_print_it(client, cast, ada_certificate):
    html = page(sign_in(client, cast.ada), ada_certificate.get_absolute_url())
    for said in ("Certificate of completion", "Ada Moreau", "Course service", ada_certificate.grouped_code):
        assert said in html
    for paper in ("a4", "letter"):
        assert f'href="/my/certificates/{ada_certificate.code}/{paper}.pdf"' in html
    assert f"http://127.0.0.1:8000/certificates/{ada_certificate.code}/" in html
    assert '<svg class="certificate-qr"' in html
    assert 'content="noindex"' in html


def test_it_is_linked_where_the_course_is_shown(client, cast, ada_certificate):
    sign_in(client, cast.ada)
    link = f'href="/my/certificates/{ada_certificate.code}/"'
    for url in ("/", "/courses/service/", "/courses/service/module/m1/"):
        assert link in page(client, url), url


def test_a_path_without_certificate_promises_none(client, cast):
    cast.course.paths.update(certificate=False)
    finish(cast.ada_enrolled)
    sign_in(client, cast.ada)
    for url in ("/", "/courses/service/", "/courses/service/module/m1/"):
        assert "certificate" not in page(client, url).lower(), url
    assert "You did all of it" in page(client, "/courses/service/module/m1/")


@pytest.mark.parametrize("name", ["mia", "otto", "hana", "stranger", "ed"])
def test_nobody_else_has_that_page(client, cast, ada_certificate, name):
    sign_in(client, getattr(cast, name))
    for address in ("", "a4.pdf", "letter.pdf"):
        foreign = client.get(f"{ada_certificate.get_absolute_url()}{address}")
        missing = client.get(f"/my/certificates/{new_code()}/{address}")
        assert foreign.status_code == missing.status_code == 404


@pytest.mark.parametrize("paper", ["a5", "a4-x", "letter1"])
def test_there_is_no_other_paper(client, cast, ada_certificate, paper):
    sign_in(client, cast.ada)
    assert client.get(f"{ada_certificate.get_absolute_url()}{paper}.pdf").status_code == 404


def test_the_day_is_the_same_for_everybody(client, cast, ada_certificate):
    Certificate.objects.update(issued_at=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))  # the 23rd in Paris, the site's
    cast.ada.time_zone = "America/New_York"
    cast.ada.save()
    sign_in(client, cast.ada)
    for url in (ada_certificate.get_absolute_url(), ada_certificate.get_check_url()):
        assert "November 23, 2026" in page(client, url)
    assert "Nov. 23, 2026" in page(client, "/")


def test_pages_cost_a_constant_number_of_queries(client, cast, ada_certificate, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        page(client, ada_certificate.get_check_url())
    sign_in(client, cast.ada)
    with django_assert_max_num_queries(4):
        page(client, ada_certificate.get_absolute_url())


# --- The check


def test_anybody_with_the_code_reads_what_it_says_and_nothing_else(client, cast, ada_certificate):
    response = client.get(ada_certificate.get_check_url())
    html = response.content.decode()
    assert response.status_code == 200
    for said in ("genuine", "Ada Moreau", "Course service", ada_certificate.grouped_code):
        assert said in html
    for kept in ("ada@example.com", "1001", "Lyon", "Everything", "Module 1", "/my/"):
        assert kept not in html
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in response["Cache-Control"]
    assert not Throttle.objects.exists()


def test_it_is_for_ever(client, cast, ada_certificate):
    cast.ada.is_active = False
    cast.ada.save()
    cast.course.title = "Renamed"
    cast.course.save()
    with time_machine.travel(datetime(2061, 1, 1, tzinfo=UTC)):
        html = page(client, ada_certificate.get_check_url())
    assert "Ada Moreau" in html
    assert "Course service" in html


def test_a_withdrawn_code_says_so_and_names_nobody(client, cast, ada_certificate):
    ada_certificate.withdraw()
    assert not Certificate.objects.valid().exists()
    assert not Certificate.objects.get().is_valid
    html = page(client, ada_certificate.get_check_url(), 410)
    assert "withdrawn" in html
    assert "Ada" not in html
    assert "Course service" not in html
    sign_in(client, cast.ada)
    assert client.get(ada_certificate.get_absolute_url()).status_code == 404
    assert client.get(f"{ada_certificate.get_absolute_url()}a4.pdf").status_code == 404


def test_withdrawing_twice_keeps_the_first_moment(ada_certificate):
    first = datetime(2026, 12, 1, tzinfo=UTC)
    ada_certificate.withdraw(first)
    ada_certificate.withdraw(first + timedelta(days=1))
    kept = Certificate.objects.get()
    assert (kept.withdrawn_at, kept.name) == (first, "")


def test_the_database_keeps_no_name_in_a_withdrawn_one(ada_certificate):
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.update(withdrawn_at=datetime(2026, 12, 1, tzinfo=UTC))


# --- The code as people type it


@pytest.mark.parametrize(
    "typed",
    [
        "ABCD EFGH JKMN PQRS",
        "abcd-efgh-jkmn-pqrs",
        "  AbCdEfGhJkMnPqRs\n",
        "ＡＢＣＤ ＥＦＧＨ ＪＫＭＮ ＰＱＲＳ",
        "ABCD\u00a0EFGH–JKMN.PQRS",
    ],
)
def test_a_code_is_read_however_it_is_typed(client, typed):
    assert clean_code(typed) == "ABCDEFGHJKMNPQRS"
    response = client.get("/certificates/", {"code": typed})
    assert response["Location"] == "/certificates/ABCDEFGHJKMNPQRS/"


@pytest.mark.parametrize(
    "typed",
    ["", "ABC", "ABCD EFGH JKMN PQR0", "ABCD EFGH JKMN PQRSS", "ABCDEFGHJKMNPQRÉ", "A" * 81, "١" * 16, "\u202e"],
)
def test_what_cannot_be_a_code_is_said_at_the_field(client, typed):
    assert clean_code(typed) is None or len(typed) > 80
    html = page(client, f"/certificates/?code={typed}")
    assert "<title>Error:" in html


def test_only_a_v_can_have_been_read_as_u():
    assert clean_code("ABCDEFGHJKMNPQRU") == "ABCDEFGHJKMNPQRV"
    assert not set("0O1ILU") & set(CODE_LETTERS)
    assert {len(new_code()) for _ in range(50)} == {16}
    assert all(clean_code(code) == code for code in (new_code() for _ in range(50)))


def test_an_address_typed_by_hand_leads_to_the_right_one(client, ada_certificate):
    code = ada_certificate.grouped_code.lower().replace(" ", "-")
    response = client.get(f"/certificates/{code}/", follow=True)
    assert response.redirect_chain == [(ada_certificate.get_check_url(), 302)]
    assert response.status_code == 200


@pytest.mark.parametrize("query", ["code=a&code=b", "code[]=x", "code=%F0%9F%98%80", "x=1", "code=" + "9" * 4000])
def test_odd_questions_get_the_form(client, query):
    assert "Check a certificate" in page(client, f"/certificates/?{query}")


@pytest.mark.parametrize("code", ["x", "9" * 40, "..%5c..%5csecret_key", "' OR 1=1", "%F0%9F%98%80", "<b>", "A" * 2000])
def test_odd_addresses_are_no_certificate(client, code):
    html = page(client, f"/certificates/{code}/", 404)
    assert "No certificate with this code" in html
    assert "<b>" not in html
    assert client.get(f"/my/certificates/{code}/").status_code in (302, 404)


def test_a_nul_byte_is_refused(client):
    assert client.get("/certificates/", {"code": "a\0b"}).status_code == 400
    assert client.get("/certificates/a%00b/").status_code == 400


# --- Guessing


def miss(client: Client, **address: str) -> int:
    return client.get(f"/certificates/{new_code()}/", **address).status_code


def test_guessing_is_stopped_for_the_network_it_comes_from(client, ada_certificate, caplog):
    caplog.set_level("INFO", "workshop.accounts")
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as clock:
        assert {miss(client) for _ in range(MISS_LIMIT)} == {404}
        response = client.get(ada_certificate.get_check_url())
        assert response.status_code == 429  # also what is right: the two must not be told apart
        assert "Ada" not in response.content.decode()
        assert 0 < int(response["Retry-After"]) <= WINDOW.total_seconds()
        assert response["X-Robots-Tag"]
        assert "certificate_check_shut" in caplog.text
        page(client, "/certificates/")
        assert client.get(ada_certificate.get_check_url(), REMOTE_ADDR="192.0.2.7").status_code == 200
        clock.shift(WINDOW + timedelta(seconds=1))
        page(client, ada_certificate.get_check_url())
        assert miss(client) == 404


def test_right_codes_are_never_counted(client, ada_certificate):
    for _ in range(MISS_LIMIT + 5):
        page(client, ada_certificate.get_check_url())
    assert not Throttle.objects.exists()


def test_a_certificate_of_a_name_that_is_markup_shows_it_as_text(client):
    html = page(client, certified("<script>alert(1)</script> & Söhne").get_check_url())
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in html


# --- Until when it is valid


@pytest.mark.parametrize(
    ("days", "check", "home"),
    [
        (0, "This certificate is genuine. Workshop issued it, and it says this:", "Valid until"),
        (-1, "", "Was valid until"),
    ],
)
def test_an_end_date_is_said_everywhere(client, cast, ada_certificate, days, check, home):
    ends = site_day() + timedelta(days=days)
    Certificate.objects.update(expires_on=ends)
    own = page(client, ada_certificate.get_check_url())
    assert check in own
    assert ("it was valid until" in own) == (days < 0)
    assert f"Valid until {date_format(ends, 'F j, Y')}" in own, "what the paper says"
    sign_in(client, cast.ada)
    own = page(client, ada_certificate.get_absolute_url())
    assert ("This certificate was valid until" in own) == (days < 0)
    assert "It has no end date." not in own
    assert "It also says whether the certificate is still valid." in own
    assert f"{home} {date_format(ends)}" in page(client, "/")


def test_without_an_end_date_none_is_named(client, cast, ada_certificate):
    sign_in(client, cast.ada)
    assert "It has no end date." in page(client, ada_certificate.get_absolute_url())
    for url in (ada_certificate.get_absolute_url(), ada_certificate.get_check_url(), "/"):
        assert "alid until" not in page(client, url)


@pytest.mark.parametrize(
    ("key", "words"),
    [("refresher", "It is time for your refresher."), ("full", "It is time to take this course again.")],
)
def test_my_learning_says_that_it_is_time_again(client, cast, ada_certificate, key, words):
    ends = site_day() + timedelta(days=30)
    Certificate.objects.update(expires_on=ends)
    if key == "refresher":
        refresher = Path.objects.create(course=cast.course, key=key, title="Refresher", position=1)
        refresher.steps.create(lesson=cast.course.lessons.first(), position=1)
    enroll(cast.ada, cast.course, key, cycle=2, due_on=ends)
    sign_in(client, cast.ada)
    own = " ".join(page(client, "/").split())
    assert words in own
    assert "Your certificate is valid until then." in own
    assert ada_certificate.get_absolute_url() in own, "the earlier certificate is listed"
    Certificate.objects.update(expires_on=site_day() - timedelta(days=1))
    assert "Your certificate was valid until" in page(client, "/")
