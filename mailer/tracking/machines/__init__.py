"""Machines apart: which opens and clicks are a program's, by which rule, and the words for it."""

from mailer.tracking.machines.rules import WORDS
from mailer.tracking.machines.single import machine_rule, opened_with, without_agent

__all__ = ["WORDS", "machine_rule", "opened_with", "without_agent"]
