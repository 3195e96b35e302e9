"""The dashboard for Grafana and the rules for Prometheus name what /metrics has."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from ruamel.yaml import YAML

from tests.health.scrape import families_of

FOLDER = Path(__file__).resolve().parents[2] / "monitoring"
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text())
RULES = YAML(typ="safe").load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
NAME = re.compile(r"\bmailer_\w+")


def queries() -> Iterator[str]:
    """Every expression of the dashboard and of the rules."""
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (
        variable["definition"] for variable in DASHBOARD["templating"]["list"] if "definition" in variable
    )
    yield from (rule["expr"] for rule in RULES)


@pytest.mark.django_db
def test_every_metric_in_them_exists_and_every_metric_is_in_one_of_them():
    exist = families_of(Client().get("/metrics")).keys()
    named = {name for query in queries() for name in NAME.findall(query)}
    assert named <= exist
    # Of a histogram one of its three suffices.
    bare = {re.sub("_(bucket|sum|count)$", "", name) for name in exist}
    assert bare == {re.sub("_(bucket|sum|count)$", "", name) for name in named}


def test_the_dashboard_is_one_that_grafana_takes():
    assert DASHBOARD["schemaVersion"] >= 36
    assert DASHBOARD["title"]
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert [panel["title"] for panel in panels if panel["type"] == "row"] == [
        "Sending", "Following", "Queues", "SendGrid", "Health",
    ]  # fmt: skip
    for panel in panels:
        assert panel["type"] in ("row", "stat", "timeseries")
        assert panel["title"]
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
    variables = {variable["name"]: variable["type"] for variable in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "job": "query"}


def test_no_panel_lies_on_another():
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] <= 24 - place["w"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_each_rule_says_what_it_is_and_what_to_do():
    assert len({rule["alert"] for rule in RULES}) == len(RULES) > 0
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"].keys() == {"summary", "action"}


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_brackets_of_each_query_are_closed(query: str):
    stack: list[Any] = []
    for sign in re.sub(r'"[^"]*"', "", query):
        if sign in "([{":
            stack.append({"(": ")", "[": "]", "{": "}"}[sign])
        elif sign in ")]}":
            assert stack.pop() == sign
    assert not stack
