"""Whether links lead somewhere. The pages they lead to are served by a server of this test."""

import dataclasses
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mailer.issues.editing.link_check import check_links
from mailer.issues.fetching import fetch
from tests.issues import sample


class Site(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        match self.path:
            case "/moved":
                self.send_response(301)
                self.send_header("Location", "/there")
            case "/gone":
                self.send_response(404)
            case "/refuses":
                self.send_response(403)
            case _:
                self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.asked = []
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_link_is_asked_for_once_and_said_what_became_of_it(site):
    story = sample.story(
        link=f"{site}/there",
        image=f"{site}/gone",
        body=f"[a]({site}/moved) [b]({site}/refuses)\n[c](mailto:a@example.org) [d]({site}/there)",
    )
    issue = dataclasses.replace(
        sample.issue(stories=(story,)),
        intro=f"[mine]({site}/x?who={{{{ subscriber.email }}}})",
        outro="",
        call_to_action_link="http://127.0.0.1:1/nobody",
    )
    host = site.removeprefix("http://")
    reports = check_links(issue, partial(fetch, private_hosts=[host]))
    assert [(one.where, one.status) for one in reports] == [
        ("intro, line 1", "skipped"),
        ("story 1, link", "ok"),
        ("story 1, body, line 1", "moved"),
        ("story 1, body, line 1", "unreachable"),
        ("story 1, body, line 2", "skipped"),
        ("story 1, body, line 2", "ok"),
        ("call to action, link", "broken"),
        ("story 1, image", "broken"),
    ]
    assert reports[2].detail.endswith(f"{site}/there")
    assert sorted(Site.asked) == ["/gone", "/moved", "/refuses", "/there", "/there"]


def test_nothing_inside_is_asked_for(site):
    [report] = [
        one for one in check_links(sample.issue(stories=(), intro=f"[x]({site}/secret)")) if site in one.url
    ]
    assert report.status == "broken"
    assert Site.asked == []
