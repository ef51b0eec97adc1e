"""What a browser downloads for a page: on the first visit everything, on the next what it may not keep."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPResponse
from urllib.parse import urljoin

from tests.bench.servers import Client, Unexpected


class Links(HTMLParser):
    """The addresses a browser fetches by itself for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        fetched = tag == "link" and (names.get("rel") or "") in ("stylesheet", "icon", "manifest", "modulepreload")
        address = names.get("href") if fetched else names.get("src") if tag in ("script", "img") else None
        if address and address not in self.found:
            self.found.append(address)


@dataclass
class Weight:
    """Bytes; `scripts` and `styles` compressed, `first` and `repeat` with the headers of the answers."""

    html: int = 0
    scripts: int = 0
    styles: int = 0
    requests: int = 0
    first: int = 0
    repeat: int = 0
    kept: list[str] = field(default_factory=list)


def weigh(client: Client, path: str) -> Weight:
    """Fetch a page as a browser does, with all it names. Pages are compressed as deploy/nginx.conf has it."""
    answer, page = fetch(client, path)
    sent = len(page) if answer.headers.get("Content-Encoding") else len(gzip.compress(page, 5))
    text = (gzip.decompress(page) if answer.headers.get("Content-Encoding") else page).decode()
    weight = Weight(html=len(text.encode()), requests=1, first=sent + head(answer), repeat=sent + head(answer))
    links = Links()
    links.feed(text)
    todo = [urljoin(path, address) for address in links.found]
    for address in todo:
        answer, content = fetch(client, address)
        weight.requests += 1
        weight.first += len(content) + head(answer)
        if "immutable" not in answer.headers.get("Cache-Control", ""):
            weight.repeat += len(content) + head(answer)
        kind = answer.headers.get("Content-Type", "")
        weight.scripts += len(content) if "javascript" in kind else 0
        weight.styles += len(content) if "css" in kind else 0
        todo += [found for found in named_in(address, answer, content) if found not in todo]
    return weight


def fetch(client: Client, path: str) -> tuple[HTTPResponse, bytes]:
    answer, content = client.ask("GET", path, headers={"Accept-Encoding": "gzip"})
    if answer.status != 200:
        raise Unexpected(f"GET {path} answered {answer.status}")
    return answer, content


def head(answer: HTTPResponse) -> int:
    return len(f"HTTP/1.1 {answer.status} {answer.reason}\r\n") + sum(
        len(f"{name}: {value}\r\n") for name, value in answer.headers.items()
    )


def named_in(address: str, answer: HTTPResponse, content: bytes) -> list[str]:
    """What a stylesheet or module fetches in turn."""
    kind = answer.headers.get("Content-Type", "")
    if "css" not in kind and "javascript" not in kind:
        return []
    text = (gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content).decode()
    pattern = r"url\(\s*[\"']?(?!data:)([^\"')#]+)" if "css" in kind else r"(?:import|from)\s*[\"']([^\"']+)[\"']"
    return [urljoin(address, found) for found in re.findall(pattern, text)]
