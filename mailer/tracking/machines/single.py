"""Which opens and clicks are a program's, as far as one event alone tells, and with what a person opened the mail."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from mailer.tracking.machines.agents import Agent, agent_of
from mailer.tracking.machines.networks import is_scanners
from mailer.tracking.machines.rules import FLAG, PREFETCH, SCANNER

RULE, PROGRAM, DEVICE = "mailer_machine", "mailer_opened_with", "mailer_opened_on"
"""What an event of somebody who was erased holds in the place of user agent and IP address."""


def machine_rule(kind: str, payload: Mapping[str, Any]) -> str:
    """The rule by which an open or a click is a program's; "" for a person's, and for every other event."""
    if kind not in ("open", "click"):
        return ""
    if kind == "open" and payload.get("sg_machine_open") in (True, "true"):
        return FLAG
    agent = _agent(payload)
    if rule := agent.open_rule if kind == "open" else agent.click_rule:
        return rule
    address = payload.get("ip")
    if isinstance(address, str) and is_scanners(address, kind, settings.ENVIRONMENT.scanner_networks):
        return SCANNER
    kept = payload.get(RULE)
    return kept if kept in (SCANNER, PREFETCH) else ""


def opened_with(payload: Mapping[str, Any]) -> tuple[str, str]:
    """Mail program and device (phone, tablet, desktop) of a person's open, "" where they cannot be told."""
    agent = _agent(payload)
    return agent.program or _text(payload, PROGRAM), agent.device or _text(payload, DEVICE)


def without_agent(machine: str, program: str, device: str) -> dict[str, str]:
    """What an event holds from which user agent and IP address are taken out, so that it is read as before."""
    return {name: value for name, value in ((RULE, machine), (PROGRAM, program), (DEVICE, device)) if value}


def _agent(payload: Mapping[str, Any]) -> Agent:
    return agent_of(_text(payload, "useragent"))


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
