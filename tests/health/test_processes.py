"""The real processes: what they say of themselves while an issue goes out, and what their logs hold."""

import json
import re
import signal
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from mailer.config.logs import ADDRESS
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.start import send_of, start
from mailer.tracking.models import Post
from tests.health.scrape import Samples, samples_of, value
from tests.installation import Installation
from tests.newsroom import crowd, make_issue
from tests.tracking.posts import PATH

pytestmark = pytest.mark.xdist_group("processes")
PEOPLE = 30
FOR_A_TERMINAL = ("", "worker: Warm shutdown (MainProcess)")
"""What Celery says on standard output when it is told to stop; the log is standard error."""


def ask(installation: Installation, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{installation.web_port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        return refused.code, refused.read().decode()


def not_working(installation: Installation) -> set[str]:
    _, told = ask(installation, "/readyz")
    return {name for name, check in json.loads(told)["checks"].items() if not check["ok"]}


def metrics(installation: Installation) -> Samples:
    _, page = ask(installation, "/metrics")
    return samples_of(page)


def lines(installation: Installation, name: str) -> list[dict[str, Any]]:
    written = installation.log(name).splitlines()
    return [json.loads(line) for line in written if line not in FOR_A_TERMINAL]


def test_the_processes_tell_how_they_are_and_log_events_with_ids_and_without_addresses(installation):
    installation.start("web", "worker1", "beat")
    installation.wait(lambda: ask(installation, "/readyz")[0] == 200, "it is ready")

    send = send_of(make_issue())
    crowd(send.mailing_list, PEOPLE)
    plan(send)
    start(send)
    installation.wait(lambda: progress(send).accepted == PEOPLE, "everybody has it")
    installation.inbox.call("POST", "world", {"paused": False})
    installation.wait(
        lambda: value(metrics(installation), "mailer_events_folded_total", kind="delivered") == PEOPLE,
        "every delivery was reported, folded and counted",
    )
    installation.wait(lambda: not Post.objects.exists(), "all is folded")
    found = metrics(installation)
    assert value(found, "mailer_recipients_submitted_total", what="batch", outcome="accepted") == PEOPLE
    assert value(found, "mailer_sendgrid_requests_total", endpoint="mail/send", answer="202") == 1
    assert (value(found, "mailer_webhook_posts_total", status="204") or 0) >= 1
    assert value(found, "mailer_processes_alive", what="worker") == 1
    assert value(found, "mailer_processes_alive", what="beat") == 1

    unsigned = Request(f"http://127.0.0.1:{installation.web_port}{PATH}", data=b"[]", method="POST")
    with pytest.raises(HTTPError) as refused:
        urlopen(unsigned, timeout=30)
    installation.kill("worker1", signal.SIGTERM)
    installation.wait(lambda: not_working(installation) == {"worker"}, "the worker is missed")
    installation.kill("beat", signal.SIGTERM)
    installation.kill("web", signal.SIGTERM)

    for name in ("web", "worker1", "beat"):
        said = lines(installation, name)
        for line in said:
            assert line.keys() >= {"event", "level", "logger", "timestamp"}, line
        assert not ADDRESS.search(installation.log(name))
        assert "@example.org" not in installation.log(name)

    web, worker = lines(installation, "web"), lines(installation, "worker1")
    stored = [line for line in web if line["event"] == "events_stored"]
    assert all(re.fullmatch("[0-9a-f]{32}", line["request"]) for line in stored)
    assert len({line["request"] for line in stored}) == len(stored) > 0
    (refusal,) = (line for line in web if line["event"] == "webhook_refused")
    assert refusal["request"] == refused.value.headers["X-Request-ID"]
    (recorded,) = (line for line in worker if line["event"] == "submission_recorded")
    assert (recorded["task"], recorded["send"]) == ("delivery.tasks.submit", send.pk)
    assert recorded.keys() >= {"task_id", "batch", "submission", "outcome", "status"}
    folded = [line for line in worker if line["event"] == "events_folded"]
    assert {line["task"] for line in folded} == {"tracking.tasks.fold"}
