"""Walk the site as one person does: every link and every form that a page offers, in the test client."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin, urlsplit

from django.http import FileResponse, HttpResponse
from django.test import Client
from django.urls import resolve

from accounts.models import User

STARTS = ["/", "/reports/", "/admin/", "/my/what-my-manager-sees/", "/accounts/profile/", "/certificates/"]
LEAVE = ("/static/", "/media/")
TAG = re.compile(r"<(input|select|textarea|button)\b([^>]*)>")
LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)


@dataclass(frozen=True)
class Form:
    address: str
    method: str
    fields: tuple[tuple[str, str], ...]  # name and value as offered; a chosen option is not looked up


@dataclass
class Crawl:
    """What one person reached: pages by address (first visit wins), forms, addresses that lead out."""

    pages: dict[str, HttpResponse] = field(default_factory=dict)
    forms: dict[tuple[str, str, tuple[str, ...]], Form] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)

    def text(self, address: str) -> str:
        return self.pages[address].content.decode()


def visitor(person: User | None, **options: object) -> Client:
    client = Client(**options)
    if person:
        client.force_login(person)
    return client


def crawl(person: User | None, starts: Iterable[str] = STARTS, limit: int = 400) -> Crawl:
    """Every page that can be reached by links; a query counts as a page of its own, once for each set of names."""
    found, client, waiting = Crawl(), visitor(person, raise_request_exception=False), list(starts)
    seen: set[str] = set()
    while waiting and len(found.pages) < limit:
        address = waiting.pop(0)
        if shape(address) in seen:
            continue
        seen.add(shape(address))
        response = to_the_end(client.get(address, follow=True))
        if response.get("Content-Type", "").startswith("text/html"):
            found.pages[address] = response
            waiting += sorted(read(found, response))
    assert not waiting, "The crawl has no end: look at the addresses."
    return found


def to_the_end(response: HttpResponse) -> HttpResponse:
    """A file is closed once it is read, as a server does."""
    if isinstance(response, FileResponse):
        b"".join(response.streaming_content)
    return response


def shape(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{','.join(sorted(pair.split('=')[0] for pair in parts.query.split('&')))}"


def read(found: Crawl, response: HttpResponse) -> set[str]:
    """The links of a page; its forms are noted."""
    page, here = response.content.decode(), response.request["PATH_INFO"]
    links = set()
    for href in LINK.findall(page):
        address = urldefrag(urljoin(here, html.unescape(href)))[0]
        if urlsplit(address).netloc or not address.startswith("/"):
            found.outside.add(address)
        elif not address.startswith(LEAVE):
            links.add(address)
    for attributes, inside in FORM.findall(page):
        form = as_form(here, attributes, inside)
        if form.method == "dialog":  # closes what it stands in, and sends nothing
            continue
        found.forms.setdefault((shape(form.address), form.method, tuple(name for name, _ in form.fields)), form)
    return links


def as_form(here: str, attributes: str, inside: str) -> Form:
    given = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
    fields = []
    for _tag, inner in TAG.findall(inside):
        pairs = dict(re.findall(r'([\w-]+)="([^"]*)"', inner))
        if pairs.get("name") and pairs["name"] != "csrfmiddlewaretoken":
            fields.append((pairs["name"], html.unescape(pairs.get("value", ""))))
    address = urldefrag(urljoin(here, html.unescape(given.get("action", here) or here)))[0]
    return Form(address, given.get("method", "get").lower(), tuple(dict(fields).items()))


def one_each(addresses: Iterable[str]) -> list[str]:
    """One address for each view: what holds for the page of one row holds for the next row's."""
    found: dict[str, str] = {}
    for address in sorted(addresses):
        path = urlsplit(address).path
        found.setdefault(resolve(path).view_name, path)
    return sorted(found.values())
