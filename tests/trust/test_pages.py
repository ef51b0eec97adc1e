"""Every page that a link leads to, as each role: it answers, is ours alone, and is not kept by anybody's cache."""

from __future__ import annotations

import re

import pytest

from tests.trust.conftest import ROLES
from tests.trust.crawling import crawl
from tests.trust.markup import faults

pytestmark = pytest.mark.usefixtures("quiet")
LOADED = re.compile(
    r'<(?:script|link|img|iframe|source|video|audio|object|embed|form)\b[^>]*\b(?:src|href|action|data)="([^"]*)"'
)
ENOUGH = {"nobody": 4, "learner": 9, "manager": 6, "editor": 25, "hr": 20, "operator": 8, "super": 40}


@pytest.mark.once  # on the other database test_input.py asks for the same pages
@pytest.mark.parametrize("role", ROLES)
def test_each_link_leads_to_a_sound_page(people, role):
    found, wrong = crawl(people[role]), []
    for address, response in found.pages.items():
        page = response.content.decode()
        refused = address in ("/reports/", "/admin/") and response.status_code == 403  # asked for by no link
        if response.status_code != 200 and not refused:
            wrong.append(f"{address}: {response.status_code}")
        if "no-store" not in response.get("Cache-Control", ""):
            wrong.append(f"{address}: may be kept: {response.get('Cache-Control')}")
        if not re.search(r'<html\b[^>]*\blang="en', page) or page.count("<h1") != 1 or page.count("<main") != 1:
            wrong.append(f"{address}: language, one h1, one main")
        if not re.search(r"<title>\s*\S", page):
            wrong.append(f"{address}: no title")
        wrong += [f"{address}: {one}" for one in faults(page)]
        wrong += [f"{address}: loads {one}" for one in LOADED.findall(page) if re.match(r"(\w+:)?//", one)]
    assert not wrong, "\n".join(wrong)
    assert not {one for one in found.outside if not one.startswith(("mailto:", "tel:"))}
    assert len(found.pages) >= ENOUGH[role], sorted(found.pages)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("<p>One<p>Two</p>", ["<p> in <p>", "<p> is not closed"]),
        ("<ul><li><a href='#'>Go <button>now</button></a></li></ul>", ["<button> in a link or button"]),
        ("<i id='a'></i><i id='a'></i><label for='b'>Name</label>", ["id 'a' 2 times", "label for: no id 'b'"]),
        ("<div><b></div></b>", ["</b> while [] are open", "</div> while ['div', 'b'] are open"]),
        ("<p>One<br>two</p><svg><path d='M0'/></svg>", []),
    ],
)
def test_faults_of_markup_are_found(page, says):
    assert faults(page) == says
