"""What the lint finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend before sending: an error blocks, a warning shows."""

    level: Literal["error", "warning"]
    code: str
    message: str
    where: str


def error(code: str, message: str, where: str) -> Finding:
    """Return a finding that blocks."""
    return Finding("error", code, message, where)


def warning(code: str, message: str, where: str) -> Finding:
    """Return a finding that shows."""
    return Finding("warning", code, message, where)


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that forbid sending."""
    return tuple(finding for finding in findings if finding.level == "error")
