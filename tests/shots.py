"""Take the screenshots of docs/screenshots/ and the picture of the team report on the public home (`make shots`).

With a folder as argument, takes every page there, desktop and phone, light and dark, for looking at.
"""

from __future__ import annotations

import base64
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
    "editor": ("ed@example.com", "/admin/ > Open “Customer Service Workshop” > De-Escalating Anger", 1280, "light"),
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
        picture_of_the_report(browser, site, scheme, ROOT / "static" / "img" / f"team-report-{scheme}.webp")


def picture_of_the_report(browser: Browser, site: str, scheme: str, target: Path) -> None:
    """The top of the team report as WebP, which Chromium itself can write."""
    visitor = Visitor(browser, site, viewport={"width": 1280, "height": 660}, color_scheme=scheme)
    visitor.sign_in("mia@example.com").goto("/reports/")
    png = base64.b64encode(visitor.page.screenshot()).decode()
    canvas = browser.new_page()
    url = canvas.evaluate(
        """async png => {
            const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
            const canvas = Object.assign(document.createElement('canvas'), {width: image.width, height: image.height});
            canvas.getContext('2d').drawImage(image, 0, 0);
            return canvas.toDataURL('image/webp', 0.45);  // the home is 60 kB on the first visit, this included
        }""",
        png,
    )
    target.write_bytes(base64.b64decode(url.split(",")[1]))
    canvas.close()
    visitor.context.close()


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
    address, *links = address.split(" > ")
    visitor.page.goto(address)
    for link in links:
        visitor.page.get_by_role("link", name=link, exact=True).first.click()
    visitor.page.wait_for_load_state("networkidle")
    visitor.page.screenshot(path=target, full_page=full)
    visitor.context.close()


if __name__ == "__main__":
    main()
