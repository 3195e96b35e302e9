"""The pictures of the README's tour, taken of the demo: python -m tests.screenshots [--to docs/tour]

It runs `mailer demo` on servers of its own, writes the next issue, and photographs the main pages in Debian's Chromium.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from mailer.config.environment import VARIABLES
from mailer.local.ports import remembered
from mailer.local.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent
SIZE = {"width": 1280, "height": 860}
LIMIT = 60_000
"""Milliseconds to wait for a page."""

PREPARE = """
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from mailer.delivery.models import Delivery, Send
from mailer.issues.editing.create import copy_issue
from mailer.issues.models import Newsletter
from mailer.tracking.newsletter.keep import count_and_keep
from subscribers.segments.saving import save

newsletter = Newsletter.objects.get()
count_and_keep(newsletter)
user, _ = User.objects.get_or_create(username="mei", defaults={"is_staff": True, "is_superuser": True, "email": "mei@example.com"})
session = SessionStore()
session.update({"_auth_user_id": str(user.pk), "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0]})
session["_auth_user_hash"] = user.get_session_auth_hash()
session.save()
draft = copy_issue(newsletter.issues.first(), user)
draft.subject = '{{ subscriber.first_name or "Hello" }}, what the digital yuan is for'
draft.save()
rule = {"version": 1, "all": [{"field": "country", "is_any_of": ["SG", "MY"]}, {"any": [
    {"field": "first_name", "contains": "a"}, {"none": [{"field": "domain", "is": "gmail.com"}]}]}]}
segment, _ = save("near", rule, name="Readers nearby")
send = Send.objects.get()
person = Delivery.objects.exclude(clicked_at=None).order_by("pk")[7].subscriber_id
print("READY", session.session_key, draft.pk, segment.pk, send.pk, person)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "tour", metavar="DIR")
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("The pictures are taken in Debian's Chromium: apt install chromium")
    console = Console()
    with tempfile.TemporaryDirectory(prefix="mailer-tour-") as var:
        environment = _environment(Path(var) / "var")
        console.print("The demo …")
        _mailer(environment, "demo")
        said = _mailer(environment, "shell", "--verbosity=0", "--command", PREPARE)
        session, *numbers = next(line for line in said.splitlines() if line.startswith("READY")).split()[1:]
        draft, segment, send, person = numbers
        options.to.mkdir(parents=True, exist_ok=True)
        with _site(environment) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            context = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
            context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
            page = context.new_page()
            page.set_default_timeout(LIMIT)
            for name, path in {
                "start": "/staff/",
                "builder": f"/staff/issues/{draft}/",
                "send": f"/staff/issues/{draft}/send/",
                "report": f"/staff/reports/{send}/",
                "segment": f"/staff/segments/{segment}/",
                "person": f"/staff/subscribers/subscriber/{person}/facts/",
            }.items():
                _take(page, f"{site}{path}", options.to / f"{name}.png")
                console.print(f"{options.to / name}.png", highlight=False, soft_wrap=True)
            browser.close()


def _take(page: Page, address: str, to: Path) -> None:
    """Photograph a page when it has shown what it fetches.

    Raises:
        SystemExit: it does not answer 200.
    """
    answer = page.goto(address)
    if answer is None or not answer.ok:
        raise SystemExit(f"{address} answers {answer.status if answer else 'nothing'}")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=to)


def _environment(var: Path) -> dict[str, str]:
    ours = {variable.name for variable in VARIABLES}
    return {
        **{name: value for name, value in os.environ.items() if name not in ours},
        "MAILER_VAR": str(var),
        "LOG_LEVEL": "warning",
    }


def _mailer(environment: dict[str, str], *arguments: str) -> str:
    """What a command says.

    Raises:
        SystemExit: it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "mailer", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"mailer {arguments[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def _site(environment: dict[str, str]) -> Iterator[str]:
    """Everything at once, as `make up` runs it."""
    site = f"http://127.0.0.1:{remembered(Path(environment['MAILER_VAR']))['web']}"
    up = subprocess.Popen(
        [sys.executable, "-m", "mailer", "up"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if not wait_until(lambda: _answers(f"{site}/healthz"), LIMIT / 1000):
            raise SystemExit(f"{site} does not answer")
        yield site
    finally:
        up.terminate()
        up.wait(LIMIT / 1000)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    main()
