"""Production starts safely or not at all, and what it sends to browsers is strict."""

import gzip
import json
import re
from pathlib import Path

import pytest

from tests.config.outside import PRODUCTION, ROOT, SECRET, manage, python

pytestmark = pytest.mark.once
WRONG = [
    ({"BASE_URL": PRODUCTION["BASE_URL"]}, "No secret key"),
    ({**PRODUCTION, "SECRET_KEY": "short"}, "SECRET_KEY is too weak"),
    ({**PRODUCTION, "SECRET_KEY": "a" * 60}, "SECRET_KEY is too weak"),
    ({**PRODUCTION, "SECRET_KEY": "django-insecure-" + SECRET}, "SECRET_KEY is too weak"),
    ({**PRODUCTION, "DEBUG": "1", "DEMO": "1"}, "DEBUG and DEMO are both on"),
    ({**PRODUCTION, "DEBUG": "perhaps"}, "DEBUG"),
    ({"SECRET_KEY": SECRET}, "BASE_URL is the address"),
    ({**PRODUCTION, "BASE_URL": "http://workshop.example.com"}, "Set it, https"),
    ({**PRODUCTION, "BASE_URL": "https://"}, "BASE_URL"),
    ({**PRODUCTION, "BASE_URL": "https://workshop.example.com/path"}, "no path"),
    ({**PRODUCTION, "ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
    ({**PRODUCTION, "DATABASE_URL": "mysql://a:b@localhost/c"}, "no other database is tested"),
    ({**PRODUCTION, "DATABASE_URL": "bogus://x"}, "DATABASE_URL"),
    ({**PRODUCTION, "EMAIL_URL": "bogus://x"}, "EMAIL_URL"),
    ({**PRODUCTION, "TIME_ZONE": "Mars/Base"}, "TIME_ZONE"),
    ({**PRODUCTION, "RETAIN_ANSWERS_MONTHS": "-1"}, "RETAIN_ANSWERS_MONTHS is -1"),
    ({**PRODUCTION, "RETAIN_RECORD_MONTHS": "1201"}, "0 keeps for ever"),
]


@pytest.mark.parametrize(("variables", "sentence"), WRONG, ids=[words for _, words in WRONG])
def test_wrong_setting_stops_the_start_with_a_sentence(variables, sentence: str, tmp_path: Path) -> None:
    done = manage("serve", "--port", "1", **{"DATA_DIR": str(tmp_path), **variables})
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_secret_of_the_data_directory_is_enough(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(SECRET + "\n")
    done = python(
        "from config import settings; print(settings.SECRET_KEY)",
        DATA_DIR=str(tmp_path),
        BASE_URL=PRODUCTION["BASE_URL"],
    )
    assert done.stdout.strip() == SECRET


def test_links_of_the_demo_lead_to_the_port_it_is_on() -> None:
    done = python("from config import settings; print(settings.BASE_URL)", SECRET_KEY=SECRET, DEMO="1", PORT="8001")
    assert done.stdout.strip() == "http://127.0.0.1:8001"


@pytest.mark.parametrize("pooler", ["0", "1"])
def test_behind_a_pooler_nothing_outlives_a_transaction(pooler: str, tmp_path: Path) -> None:
    """Neither a prepared statement nor a cursor of the server."""
    done = python(
        "import json; from config import settings; print(json.dumps(settings.DATABASES['default']))",
        **{**PRODUCTION, "DATA_DIR": str(tmp_path), "DATABASE_POOLER": pooler},
        DATABASE_URL="postgresql://a:b@localhost/c?sslmode=require",
    )
    database = json.loads(done.stdout)
    assert ("prepare_threshold" in database["OPTIONS"]) == (pooler == "0")
    assert (database["OPTIONS"].get("options") == "-c jit=off") == (pooler == "0")
    assert database.get("DISABLE_SERVER_SIDE_CURSORS", False) == (pooler == "1")
    assert database["OPTIONS"]["sslmode"] == "require"


def test_deployment_check_is_clean(tmp_path: Path) -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", DATA_DIR=str(tmp_path), **PRODUCTION)
    assert done.returncode == 0, done.stderr


ASK = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django.conf import settings
call_command("migrate", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["admin"])
from django.contrib.staticfiles.storage import staticfiles_storage
from pathlib import Path
client = Client(raise_request_exception=False, enforce_csrf_checks=True)
def ask(address, secure=True, **headers):
    response = client.get(address, secure=secure, headers={"Host": "workshop.example.com", **headers})
    body = b"".join(response.streaming_content) if response.streaming else response.content
    cookies = {n: {k: v for k, v in m.items() if v} for n, m in response.cookies.items()}
    return {"status": response.status_code, "headers": dict(response.items()), "cookies": cookies, "size": len(body)}
css = staticfiles_storage.url("css/workshop.css")
folder = Path(settings.STATIC_ROOT)
print(json.dumps({
    "home": ask("/"), "sign_in": ask("/accounts/sign-in/"), "plain": ask("/accounts/sign-in/", secure=False),
    "healthz": ask("/healthz", secure=False), "cross": ask("/", Origin="https://evil.example"),
    "other_host": ask("/", Host="evil.example"), "missing": ask("/nowhere/"),
    "css": ask(css), "css_gz": ask(css, **{"Accept-Encoding": "gzip"}),
    "css_br": ask(css, **{"Accept-Encoding": "gzip, br"}),
    "unhashed": ask("/static/css/workshop.css"),
    "manifest": ask("/static/staticfiles.json"), "climb": ask("/static/../secret_key"),
    "css_url": css, "served": sorted(p.name for p in folder.iterdir()),
    "kept": sorted(p.name for p in folder.parent.iterdir()),
    "session": [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY,
                settings.SESSION_COOKIE_SAMESITE, settings.SESSION_COOKIE_DOMAIN, settings.SESSION_COOKIE_PATH],
}))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Answers of the site as production runs it, with a database of its own."""
    folder = tmp_path_factory.mktemp("production")
    done = python(ASK, DATA_DIR=str(folder), **PRODUCTION)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_page_carries_strict_headers(site) -> None:
    for page in ("home", "sign_in", "missing"):
        headers = site[page]["headers"]
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cache-Control"] in (
            "no-store, private",
            "max-age=0, no-cache, no-store, must-revalidate, private",
        )


def test_content_security_policy_allows_nothing_but_our_own(site) -> None:
    for page in ("home", "sign_in", "missing"):
        policy = dict(
            part.strip().split(" ", 1) for part in site[page]["headers"]["Content-Security-Policy"].split(";")
        )
        assert (
            policy["default-src"] == policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        )
        assert {"'self'", "'none'"} == set(policy.values())
        assert policy["form-action"] == "'self'"


def test_no_other_site_may_read_our_answers(site) -> None:
    assert not [name for name in site["cross"]["headers"] if name.lower().startswith("access-control-")]


def test_plain_http_is_sent_to_https_but_for_the_monitor(site) -> None:
    assert site["plain"]["status"] == 301
    assert site["plain"]["headers"]["Location"] == "https://workshop.example.com/accounts/sign-in/"
    assert site["healthz"]["status"] == 200


def test_foreign_host_is_refused(site) -> None:
    assert site["other_host"]["status"] == 400


def test_cookies_stay_with_this_host_over_https(site) -> None:
    assert site["session"] == ["__Host-session", True, True, "Lax", None, "/"]
    cookies = site["sign_in"]["cookies"]
    assert set(cookies) <= {"__Host-csrf", "__Host-session"}
    for cookie in cookies.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert "domain" not in cookie


def test_static_files_are_hashed_kept_for_ever_and_compressed(site) -> None:
    assert re.fullmatch(r"/static/css/workshop\.[0-9a-f]{12}\.css", site["css_url"])
    assert site["css"]["headers"]["Cache-Control"] == "max-age=315360000, public, immutable"
    assert site["css_gz"]["headers"]["Content-Encoding"] == "gzip"
    assert site["css_br"]["headers"]["Content-Encoding"] == "br"
    assert site["css_br"]["size"] < site["css"]["size"]
    assert site["unhashed"]["headers"]["Cache-Control"] == "max-age=3600, public"


def test_files_of_the_public_home_leave_room_for_its_page() -> None:
    """The first visit is 60 kB at most, with the picture of the team report; the page itself and all headers are 8."""
    text = [ROOT / "static" / name for name in ("css/workshop.css", "js/app.js", "site.webmanifest", "img/favicon.svg")]
    picture = max(file.stat().st_size for file in (ROOT / "static/img").glob("team-report-*.webp"))
    assert sum(len(gzip.compress(file.read_bytes())) for file in text) + picture < 52_000


def test_list_of_files_and_secret_are_not_served(site) -> None:
    assert site["manifest"]["status"] == 404
    assert site["climb"]["status"] == 404
    assert "staticfiles.json" not in site["served"]
    assert "staticfiles.json" in site["kept"]


def test_settings_page_names_every_variable() -> None:
    source = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    table = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "operators" / "settings.md").read_text(), re.MULTILINE))
    assert read == table
