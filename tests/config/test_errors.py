"""Every kind of trouble has a page of ours, a fitting status, and a JSON face for scripts."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

from notices.models import Notice
from tests.conftest import Cast, sign_in

pytestmark = [pytest.mark.urls("tests.config.urls"), pytest.mark.django_db]


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


def away(*args):
    raise OperationalError("could not connect to server: Connection refused")


PAGES = [
    ("/test/broken", 500, "Something broke on our side"),
    ("/test/forbidden", 403, "for another role"),
    ("/test/away", 503, "be back in a moment"),
    ("/nowhere/at/all/", 404, "nothing at this address"),
    ("/test/read?name=%00", 400, "did not arrive well"),
]


@pytest.mark.parametrize(("address", "status", "words"), PAGES)
def test_page(visitor: Client, address: str, status: int, words: str) -> None:
    response = visitor.get(address)
    page = response.content.decode()
    assert (response.status_code, words in page) == (status, True)
    assert "<h1" in page
    assert 'lang="en' in page
    for internals in ("Traceback", "RuntimeError", "OperationalError", "/work/", "django", "Ada Moreau"):
        assert internals not in page
    assert response["Content-Security-Policy"]
    assert response["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(("address", "status", "words"), PAGES)
def test_script_gets_json(visitor: Client, address: str, status: int, words: str) -> None:
    response = visitor.get(address, headers={"Accept": "application/json", "X-Request-ID": "from-the-proxy-1"})
    assert response.status_code == status
    assert response.json()["error"]
    assert response.json()["request"] == "from-the-proxy-1" == response["X-Request-ID"]


def test_browser_that_would_also_take_json_gets_the_page(visitor: Client) -> None:
    response = visitor.get("/test/broken", headers={"Accept": "text/html,application/json;q=0.9"})
    assert response["Content-Type"].startswith("text/html")


def test_trouble_of_ours_shows_the_number_to_give(visitor: Client) -> None:
    response = visitor.get("/test/broken")
    assert response["X-Request-ID"] in response.content.decode()


def test_foreign_request_number_must_look_like_one(visitor: Client) -> None:
    response = visitor.get("/healthz", headers={"X-Request-ID": 'x" onload="alert(1)'})
    assert response["X-Request-ID"].isalnum()


def test_database_away_is_503_for_somebody_signed_in_and_back_by_itself(visitor: Client, cast: Cast) -> None:
    """Sessions are in the database too: the page must not need one."""
    sign_in(visitor, cast.ada)
    with connection.execute_wrapper(away):
        response = visitor.get("/test/read")
    assert response.status_code == 503
    assert response["Retry-After"].isdigit()
    assert "cannot reach its data" in response.content.decode()
    assert visitor.get("/test/read").status_code == 200


@pytest.mark.parametrize(
    "words",
    [
        "attempt to write a readonly database",
        "database or disk is full",
        "could not extend file: No space left on device",
        "cannot execute INSERT in a read-only transaction",
    ],
)
def test_database_that_cannot_write_is_told_apart(visitor: Client, words: str) -> None:
    def full(*args):
        raise OperationalError(words)

    with connection.execute_wrapper(full):
        response = visitor.get("/test/read")
    assert response.status_code == 503
    assert "cannot save at the moment" in response.content.decode()


def test_unknown_address_is_503_too_while_the_database_is_away(visitor: Client, cast: Cast) -> None:
    """The 404 page names the person; without a database nobody can."""
    sign_in(visitor, cast.ada)
    with connection.execute_wrapper(away):
        assert visitor.get("/nowhere/").status_code == 503


def test_error_page_that_cannot_be_rendered_still_tells(visitor: Client, monkeypatch) -> None:
    def no_template(*args):
        raise ValueError("Missing staticfiles manifest entry")

    monkeypatch.setattr("config.errors.render_to_string", no_template)
    response = visitor.get("/test/away")
    assert response.status_code == 503
    assert response["Content-Type"].startswith("text/plain")
    assert "Missing" not in response.content.decode()


# --- Requests nobody sends by hand -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["/test/read?name=%00", "/test/read?%00=1", "/courses/a%00b/", "/%00", "/accounts/reset/%00/%00/", "/admin/?q=%00"],
)
@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_nul_bytes_are_a_bad_request(visitor: Client, address: str, method: str) -> None:
    assert getattr(visitor, method)(address).status_code in (400, 404)


def test_nul_byte_in_the_session_cookie(visitor: Client, settings) -> None:
    for value in ('"\\000"', '"abc\\000def"'):
        visitor.cookies[settings.SESSION_COOKIE_NAME] = value
        visitor.cookies[settings.SESSION_COOKIE_NAME].set("sessionid", "abc\0def", value)
        assert visitor.get("/test/read").status_code in (200, 400)
        assert visitor.get("/reports/").status_code in (302, 400, 404)


@pytest.mark.parametrize(
    "address",
    [
        "/test/read?name=" + "a" * 200_000,
        "/test/read?" + "&".join(f"a{number}=1" for number in range(20_000)),
        "/" + "a" * 100_000 + "/",
        "/courses/" + "9" * 40 + "/",
        "/test/read?name=%ff%fe%f0",
        "/test/read?name=" + "%ed%a0%80",
        "/%ff%fe",
        "//evil.example/%2e%2e",
    ],
)
def test_absurd_addresses_never_break(visitor: Client, address: str) -> None:
    assert visitor.get(address).status_code in (200, 302, 400, 404)


def test_too_many_fields_and_too_much_text(visitor: Client) -> None:
    many = visitor.post("/test/write", {f"f{number}": "1" for number in range(2000)})
    large = visitor.post("/test/write", {"key": "x" * 1_100_000})
    assert (many.status_code, large.status_code) == (400, 400)


def test_unknown_host(visitor: Client) -> None:
    response = visitor.get("/healthz", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()


# --- The token of a form ---------------------------------------------------------------------------------------------


def test_old_form_gets_kind_words_and_a_way_back() -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/test/write", {"key": "a"}, headers={"Referer": "http://testserver/courses/service/"})
    page = response.content.decode()
    assert response.status_code == 403
    assert "Your page was open for a long time" in page
    assert "your text is still there" in page
    assert 'href="http://testserver/courses/service/"' in page
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    "referrer", ["https://evil.example/", "javascript:alert(1)", "//evil.example", "", "http:///x"]
)
def test_way_back_stays_on_this_site(referrer: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    page = strict.post("/test/write", headers={"Referer": referrer}).content.decode()
    assert "evil.example" not in page
    assert "javascript:" not in page
