"""Numbers on the command line."""

from argparse import ArgumentTypeError

import pytest
from django.core.management import CommandError, call_command

from mailer.config.arguments import number, port


def test_a_number_within_its_limits_is_read():
    assert [number(1, 3)(written) for written in ("1", "2", " 3 ")] == [1, 2, 3]


@pytest.mark.parametrize("written", ["0", "4", "-1", "two", "", "1.5"])
def test_any_other_is_refused_with_what_it_may_be(written):
    with pytest.raises(ArgumentTypeError, match="from 1 to 3"):
        number(1, 3)(written)


def test_a_port_has_five_digits_at_most():
    assert port("65535") == 65_535
    with pytest.raises(ArgumentTypeError):
        port("65536")


@pytest.mark.parametrize(
    "command",
    [("web", "--port=99999"), ("worker", "--threads=0"), ("up", "--workers=-3"), ("emulator", "--port=0")],
)
def test_commands_say_so_before_they_start_anything(command):
    with pytest.raises(CommandError, match="is not a whole number from 1"):
        call_command(*command)
