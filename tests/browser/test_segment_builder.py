"""The builder of segments in a real browser: a nested rule by mouse and keyboard, its count, saving, and its JSON."""

import re

import pytest
from hypothesis import HealthCheck, given, seed, settings
from playwright.sync_api import expect

from subscribers.models import Segment, Subscriber, Suppression, Topic
from subscribers.segments.saving import save
from tests.browser.chromium import PALE_TEXT, barriers, signed_in, staff_page
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody
from tests.subscribers.segment_strategies import conditions, groups_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _people():
    issue = make_issue(suffix="ours")
    subscribe(issue.newsletter.mailing_list, *(f"reader{n}@{'long.' * 6}example.org" for n in range(12)))
    Subscriber.objects.update(country="SG", attributes={"plan": "gold"})
    subscribe(issue.newsletter.mailing_list, "mei@example.com", "ben@example.com")
    Subscriber.objects.filter(email__endswith=".com").update(country="MY", attributes={"plan": "free"})
    Suppression.objects.create(address="ben@example.com", reason="bounce")
    Topic.objects.get_or_create(slug="payments", defaults={"name": "Payments"})


def choose(page, name: str, text: str, nth: int = -1) -> None:
    """Type into a combobox and take what is offered first, by the keyboard alone."""
    field = page.get_by_role("combobox", name=name, exact=True).nth(nth)
    field.click()
    field.fill(text)
    page.get_by_role("option").filter(has_text=re.compile(text, re.IGNORECASE)).first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_a_rule_is_built_by_mouse_and_keyboard_counted_saved_and_opened_again(live_server, session):
    with staff_page(live_server.url, session) as page:
        page.goto(f"{live_server}/staff/segments/new/")
        page.get_by_label("Name", exact=True).fill("Asia & more")
        expect(page.get_by_label("Short name").first).to_have_value("asia-more")
        page.get_by_text("The rule is not complete yet.").wait_for()

        page.get_by_role("combobox", name="Field").click()
        expect(page.get_by_role("group", name="What they did with issues")).to_be_visible()
        assert barriers(page, ".segment") == []
        page.keyboard.press("Escape")
        choose(page, "Field", "coun")
        page.get_by_role("combobox", name="Operator").select_option(label="is any of")
        choose(page, "Value: add", "singa")
        page.get_by_text("12 people").wait_for()
        choose(page, "Value: add", "malay")
        page.get_by_text("14 people").wait_for()
        expect(page.locator("[data-part=sentence]")).to_have_text("In Singapore or Malaysia.")
        expect(page.locator("[data-part=examples] li")).to_have_count(10)

        page.get_by_role("button", name="+ Group").click()
        choose(page, "Field", "suppr")
        page.get_by_role("button", name="not", exact=True).last.click()
        page.get_by_role("button", name="+ Condition").last.click()
        choose(page, "Field", "plan")
        choose(page, "Value", "gol")
        page.get_by_text("12 people").wait_for()

        # By keyboard: the value's row goes up into the group; by mouse: it comes out again, to the top.
        page.get_by_role("combobox", name="Value", exact=True).press("Alt+ArrowUp")
        expect(page.locator(":focus")).to_have_attribute("aria-label", "Value")
        expect(page.locator(".group .group .condition")).to_have_count(2)
        page.get_by_text("13 people").wait_for()
        handle = page.locator(".group .group .condition").last.locator(".handle")
        handle.drag_to(page.locator(".condition").first, target_position={"x": 40, "y": 2})
        expect(page.locator(".group .group .condition")).to_have_count(1)
        expect(page.get_by_role("combobox", name="Field").first).to_have_value("plan")
        page.locator(".condition").first.locator(".handle").focus()
        page.keyboard.press("Control+z")
        expect(page.locator(".group .group .condition")).to_have_count(2)
        page.get_by_role("button", name="Redo").click()
        expect(page.locator(".group .group .condition")).to_have_count(1)

        page.context.set_offline(True)
        page.get_by_role("button", name="Duplicate the condition").first.click()
        expect(page.locator(".condition")).to_have_count(4)
        page.get_by_text("The site cannot be reached: try again.").wait_for()
        page.context.set_offline(False)
        page.get_by_role("button", name="Count again").click()
        page.get_by_text("12 people").wait_for()
        page.get_by_role("button", name="Remove the condition").first.click()
        page.keyboard.press("Control+s")
        page.wait_for_url("**/segments/*/")
        page.get_by_text("Used by").wait_for()

        page.get_by_role("button", name="JSON").click()
        text = page.get_by_label("The same rule as JSON").input_value()
        page.get_by_role("button", name="Rows").click()
        page.get_by_role("button", name="JSON").click()
        expect(page.get_by_label("The same rule as JSON")).to_have_value(text)
    segment = Segment.objects.get()
    assert segment.slug == "asia-more"
    assert segment.rule == {
        "version": 1,
        "all": [
            {"attribute": "plan", "type": "text", "is": "gold"},
            {"field": "country", "is_any_of": ["SG", "MY"]},
            {"any": [{"none": [{"suppressed": True}]}]},
        ],
    }


ROUND_TRIPS = """async rules => {
  const { read, write, isObject } = await import("/static/staff/segments/rule.js");
  const { meaningOf } = await import("/static/staff/segments/fields.js");
  const { faces } = JSON.parse(document.getElementById("segment-data").textContent).described;
  const unknown = [];
  const look = node => node.parts ? node.parts.forEach(look) : meaningOf(faces, node.data) || unknown.push(node.data);
  return rules.map(rule => { const tree = read(rule); look(tree.root); return write(tree); }).concat([unknown]);
}"""


def test_any_rule_comes_back_from_the_rows_as_it_was(live_server, session):
    rules: list[dict] = []

    @seed(6)
    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    @given(groups_of(conditions))
    def collect(rule: dict) -> None:
        rules.append(rule)

    collect()
    rules += [
        {"version": 1, "none": [{"none": [{"suppressed": True}]}]},
        {"version": 1, "all": []},
        {"version": 1, "field": "country", "is": "SG"},
        {"field": "country", "is": ["wrong"], "and": {"more": [None]}},
        {"version": 7, "any": ["text", 1, None, {"all": 3}, {"all": [], "any": []}]},
    ]
    with staff_page(live_server.url, session) as page:
        page.goto(f"{live_server}/staff/segments/new/")
        *back, unknown = page.evaluate(ROUND_TRIPS, rules)
    assert back == rules
    # Only what says what goes without saying ({"chosen": false}), and what is no condition, stays JSON.
    strange = [each for each in unknown if not (isinstance(each, dict) and each.get("chosen") is False)]
    assert len(strange) == 6, strange


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_pages_fit_their_screen_and_can_be_read_by_everybody(live_server, session, width, scheme):
    save("asia", {"version": 1, "field": "country", "is": "SG"}, name="Asia <b>&</b> " + "w" * 60)
    save("gold", {"version": 1, "attribute": "plan", "type": "text", "is": "gold"}, name="Gold")
    rule = {
        "version": 1,
        "all": [
            {"field": "country", "is_any_of": ["SG", "Narnia"]},
            {"none": [{"field": "domain", "is": "x" * 200}]},
            {
                "any": [
                    {"list": "weekly-ours", "state": "active", "signed_up": {"in_last_days": 30}},
                    {"segment": "asia"},
                ]
            },
            {"clicked": {"topic": "payments"}, "not_in_last_issues": 4, "of": "weekly-ours"},
            {"attribute": "age", "type": "number", "between": [18, 30]},
            {"something": "else"},
        ],
    }
    segment = Segment.objects.create(slug="wide", name="Wide", rule=rule)
    pages = {
        "list": "/staff/segments/",
        "builder": f"/staff/segments/{segment.pk}/",
        "two": "/staff/segments/overlap/?of=segment:asia&of=segment:gold",
        "three": "/staff/segments/overlap/?of=segment:asia&of=segment:gold&of=list:weekly-ours",
    }
    with staff_page(live_server.url, session, width, scheme) as page:
        for name, address in pages.items():
            page.goto(f"{live_server}{address}")
            page.wait_for_function("document.querySelector('[x-cloak]') === null")
            if name == "builder":
                page.get_by_text("The rule cannot be counted yet.").wait_for()
                page.get_by_text("No country is called 'Narnia'").wait_for()
            if name == "list":
                page.get_by_role("button", name="Count Gold").click()
                page.get_by_text("12", exact=True).wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert page.evaluate(PALE_TEXT) == [], name
            assert barriers(page, ".desk") == [], name


def test_who_may_only_look_sees_the_rule_and_the_count_and_can_change_nothing(live_server):
    segment, _ = save("asia", {"version": 1, "all": [{"field": "country", "is_any_of": ["SG"]}]}, name="Asia")
    with staff_page(live_server.url, signed_in(somebody("reader"))) as page:
        page.goto(f"{live_server}/staff/segments/{segment.pk}/")
        page.get_by_text("12 people").wait_for()
        expect(page.locator(".segment :is(input, select, textarea, button):visible:enabled")).to_have_text(
            ["Rows", "JSON"]
        )
        expect(page.get_by_text("reader0@")).to_have_count(0)
        page.get_by_role("button", name="JSON").click()
        expect(page.get_by_label("The same rule as JSON")).not_to_be_editable()
        assert barriers(page, ".desk") == []
