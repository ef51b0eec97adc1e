"""Take the screenshots of docs/screenshots/ and the picture of the team report on the public home (`make shots`).

With a folder as argument, takes every page there, desktop and phone, light and dark, for looking at.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import Visitor
from tests.browser.demo_site import CHROMIUM, FLAGS, ROOT, demo_site
from tests.browser.test_every_page import PAGES

COURSE = "/courses/customer-service/"
DOCS = {
    "home": ("", "/", 1280, "light"),
    "home-phone": ("", "/", 390, "light"),
    "my-learning": ("ada@example.com", "/", 1280, "light"),
    "lesson": ("ada@example.com", f"{COURSE}de-escalating-anger/", 1280, "light"),
    "lesson-phone-dark": ("ada@example.com", f"{COURSE}de-escalating-anger/", 390, "dark"),
    "team-report": ("mia@example.com", "/reports/", 1280, "light"),
    "editor": ("ed@example.com", "/admin/", 1280, "light"),
}


def main() -> None:
    with demo_site() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        if len(sys.argv) > 1:
            everything(browser, site, Path(sys.argv[1]))
        else:
            documentation(browser, site)
        browser.close()


def documentation(browser: Browser, site: str) -> None:
    folder = ROOT / "docs" / "screenshots"
    folder.mkdir(exist_ok=True)
    for name, (who, address, width, scheme) in DOCS.items():
        shoot(browser, site, who, address, width, scheme, folder / f"{name}.png", full=False)
    for scheme in ("light", "dark"):
        target = ROOT / "static" / "img" / f"team-report-{scheme}.png"
        shoot(browser, site, "mia@example.com", "/reports/", 1100, scheme, target, full=False)


def everything(browser: Browser, site: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for who, addresses in PAGES.items():
        for address in addresses:
            for width in (1280, 360):
                for scheme in ("light", "dark"):
                    name = f"{who.split('@')[0] or 'nobody'}{address.replace('/', '_')[:60]}-{width}-{scheme}.png"
                    shoot(browser, site, who, address, width, scheme, folder / name, full=True)


def shoot(
    browser: Browser, site: str, who: str, address: str, width: int, scheme: str, target: Path, full: bool
) -> None:
    visitor = Visitor(browser, site, viewport={"width": width, "height": 860}, color_scheme=scheme)
    if who:
        visitor.sign_in(who)
    visitor.page.goto(address)
    visitor.page.screenshot(path=target, full_page=full)
    visitor.context.close()


if __name__ == "__main__":
    main()
