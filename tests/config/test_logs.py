"""Log lines, as a process writes them."""

import json
import os
import subprocess
import sys

import pytest

from mailer.config.logs import default_level
from subscribers import tokens
from subscribers.tokens import Scope

TOKEN = tokens.make(Scope.MANAGE, 1, 2, 3)


def written(program: str, level: str = "INFO") -> list[dict[str, str]]:
    """The lines that a process writes to its log that runs this."""
    start = f"from mailer.config.logs import logging_config; logging_config({level!r}); import logging, structlog\n"
    done = subprocess.run(
        [sys.executable, "-c", start + program], capture_output=True, text=True, env=os.environ, check=True
    )
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


@pytest.mark.parametrize(
    "program",
    [
        "structlog.get_logger().info('refused', who='mei.lin@news.example.org')",
        "structlog.get_logger().info('refused for mei.lin@news.example.org')",
        "logging.getLogger('celery').warning('refused for <%s>', 'mei.lin@news.example.org')",
        "logging.getLogger('django').warning('refused', exc_info=ValueError('mei.lin@news.example.org'))",
        "structlog.get_logger().info('refused', people=['mei.lin@news.example.org'])",
        "structlog.get_logger().info('refused', person={'to': {'email': 'mei.lin@news.example.org'}})",
        "structlog.get_logger().info('refused', error=ValueError('mei.lin@news.example.org'))",
    ],
)
def test_no_address_reaches_the_log(program):
    (line,) = written(program)
    assert "refused" in line["event"]
    assert "mei" not in json.dumps(line)
    assert "<address>" in json.dumps(line)


def test_no_address_reaches_the_log_with_a_traceback():
    program = (
        "try:\n    int('mei.lin@news.example.org')\n"
        "except ValueError:\n    structlog.get_logger().exception('refused')"
    )
    (line,) = written(program)
    assert "ValueError: invalid literal" in line["exception"]
    assert "mei" not in json.dumps(line)


@pytest.mark.parametrize("scope", ["u", "p", "v", "confirm", "address", "data", "erase"])
def test_no_token_of_a_link_reaches_the_log(scope):
    program = (
        f"logging.getLogger('django.request').warning('Not Found: %s', '/{scope}/{TOKEN}')\n"
        f"structlog.get_logger().info('asked', path='https://news.example.org/{scope}/{TOKEN}?a=b')"
    )
    lines = written(program)
    assert [line["event"] for line in lines] == [f"Not Found: /{scope}/…", "asked"]
    assert lines[1]["path"] == f"https://news.example.org/{scope}/…?a=b"
    assert TOKEN not in json.dumps(lines)


def test_lines_carry_an_event_a_time_a_level_and_what_was_given():
    (line,) = written("structlog.get_logger('mailer.sample').info('batches_handed_out', count=3)")
    assert (line["event"], line["count"], line["level"], line["logger"]) == (
        "batches_handed_out", 3, "info", "mailer.sample",
    )  # fmt: skip
    assert line["timestamp"].endswith("Z")


def test_lines_below_the_level_are_not_written():
    program = "structlog.get_logger().info('quiet'); structlog.get_logger().warning('loud')"
    assert [line["event"] for line in written(program, "WARNING")] == ["loud"]


@pytest.mark.parametrize("service", ["web", "worker", "beat", "emulator"])
def test_services_tell_what_they_do(service):
    assert default_level(["mailer", service]) == "INFO"


@pytest.mark.parametrize("arguments", [["mailer", "send", "web/1"], ["mailer"], ["pytest"]])
def test_commands_tell_only_what_is_wrong(arguments):
    assert default_level(arguments) == "WARNING"
