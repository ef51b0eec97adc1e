"""What stands in front of the site: clients that are slow, and proxies that lose an answer."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
import time
from contextlib import ExitStack, closing
from http.client import HTTPException
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from courses.models import Certificate, Completion, Lesson
from quizzes.models import LessonCheck
from tests.builders import enroll, make_course, make_person
from tests.config.outside import get, post, running
from tests.config.test_faults import address_of

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = 60  # connections: many times the threads that the site has for requests


class Proxy(socketserver.ThreadingTCPServer):
    """Hands each request on, and loses the answers to the first few of them."""

    daemon_threads = True

    def __init__(self, port: int, losing: int) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.port, self.losing, self.lost = port, losing, 0

    def __enter__(self) -> Proxy:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


class Conversation(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        head, _, body = self.request.recv(65536).partition(b"\r\n\r\n")
        length = int((re.search(rb"(?i)content-length: (\d+)", head) or [b"", b"0"])[1])
        while len(body) < length:
            body += self.request.recv(65536)
        with closing(socket.create_connection(("127.0.0.1", self.server.port), timeout=30)) as site:
            site.sendall(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + b"\r\n\r\n" + body)
            answer = b"".join(iter(lambda: site.recv(65536), b""))
        if self.server.lost < self.server.losing:
            self.server.lost += 1  # the deed is done, and nobody hears of it
            return
        self.request.sendall(answer)


def test_an_answer_that_a_proxy_lost_is_the_answer_to_the_next_try(tmp_path: Path) -> None:
    """The last lesson of a course: sent three times, answered once. One completion, one certificate, the same page."""
    course = make_course(readings=1, quiz=False)
    LessonCheck.objects.all().delete()
    lesson = Lesson.objects.select_related("course").get(course=course)
    person = make_person("Learner", email="learner@example.com")
    enrollment = enroll(person, course)
    browser = Client()
    browser.force_login(person)
    with running(tmp_path) as site, Proxy(site.port, losing=2) as proxy:
        answers = []
        for _try in range(4):
            try:
                revision = lesson.published_revision_id
                answers.append(
                    post(proxy.server_address[1], address_of(lesson), browser.session.session_key, revision=revision)
                )
            except (OSError, HTTPException):
                answers.append(None)
    assert answers[:2] == [None, None]
    assert answers[2] == answers[3]
    assert answers[2][0] == 302
    assert Completion.objects.filter(enrollment=enrollment).count() == 1
    assert Certificate.objects.filter(enrollment=enrollment).count() == 1


@pytest.mark.once
def test_clients_that_never_end_their_headers_keep_nobody_out(tmp_path: Path) -> None:
    with running(tmp_path) as site, ExitStack() as slow:
        for _number in range(SLOW):
            one = slow.enter_context(closing(socket.create_connection(("127.0.0.1", site.port), timeout=10)))
            one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        begun = time.monotonic()
        assert get(site.port, "/healthz")[0] == 200
        assert get(site.port, "/accounts/sign-in/")[0] == 200
        assert time.monotonic() - begun < 10


@pytest.mark.once
@pytest.mark.parametrize(
    "line",
    [
        "client_header_timeout 15s;",
        "client_body_timeout 15s;",
        "proxy_request_buffering on;",  # slow bodies end here, and not in a thread of the site
        "proxy_buffering on;",
        "proxy_next_upstream off;",  # a form is never sent twice
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
    ],
)
def test_the_nginx_we_ship_takes_the_slow_and_repeats_nothing(line: str) -> None:
    shipped = re.sub(r"\s*#.*", "", (settings.BASE_DIR / "deploy" / "nginx.conf").read_text())
    assert line in re.sub(r"[ \t]+", " ", shipped)
