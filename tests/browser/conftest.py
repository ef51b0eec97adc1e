"""Browser tests see what a person sees: they use the demo site and no models.

Each test takes people of the demo company that no other test of its file changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.demo_site import CHROMIUM, FLAGS, DemoSite, demo_site

PASSWORD = "workshop-demo"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="Chromium is missing; `make system` installs it"))


@pytest.fixture(scope="session")
def site() -> Iterator[DemoSite]:
    with demo_site() as address:
        yield address


CERTIFY = """
from courses.models import Certificate, Enrollment
enrollment = Enrollment.objects.get(user__email="%s")
words = {"name": enrollment.user.name, "course_title": enrollment.course.title} | %s
print(Certificate.objects.get_or_create(enrollment=enrollment, defaults=words)[0].code)
"""


def certify(site: DemoSite, who: str, **words: str) -> str:
    """The code of a certificate of this person, though nobody of the demo company can be through with the course."""
    return site.manage("shell", "-v", "0", "-c", CERTIFY % (who, words)).strip()


@pytest.fixture(scope="session")
def certificate(site: DemoSite) -> str:
    return certify(site, "ada@example.com")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Playwright's event loop runs in the thread of the tests; it ends here, or the next test finds it in its way."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """A browser window that notices what must never happen: console errors, CSP violations, foreign requests, 5xx."""

    def __init__(self, browser: Browser, site: str, **options: Any) -> None:
        self.site = site
        self.trouble: list[str] = []
        self.expected: tuple[str, ...] = ()
        self.context: BrowserContext = browser.new_context(base_url=site, **options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.trouble.append(f"script error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning") and not any(text in message.text for text in self.expected):
            self.trouble.append(f"console: {message.text} on {self.page.url}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.site, "data:", "blob:")):
            self.trouble.append(f"foreign request: {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 500:
            self.trouble.append(f"{response.status}: {response.url}")

    def sign_in(self, who: str) -> Page:
        self.page.goto("/accounts/sign-in/")
        self.page.locator("#id_name").fill(who)
        self.page.locator("#id_password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(lambda url: "sign-in" not in url)
        return self.page

    def close(self) -> None:
        self.context.close()
        assert not self.trouble, "\n".join(self.trouble)


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[Any]:
    """Open windows: `visit(viewport=…, java_script_enabled=False, color_scheme="dark")`.

    They are closed in the end, and checked for trouble.
    """
    open_: list[Visitor] = []

    def open_one(width: int = 1280, height: int = 900, **options: Any) -> Visitor:
        visitor = Visitor(chromium, site, viewport={"width": width, "height": height}, **options)
        open_.append(visitor)
        return visitor

    yield open_one
    for visitor in open_:
        visitor.close()
