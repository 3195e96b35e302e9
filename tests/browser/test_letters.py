"""A letter as its reader sees it in the emulator's inbox: on a phone and on a desk, by day and by night."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mailer.delivery.letters.submit import submit_letter
from mailer.issues.models import Newsletter
from subscribers.letters.ask import ask
from subscribers.models import AddressChange, Letter, LetterKind, PendingSignUp
from tests.browser.chromium import browser_context
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.django_db
PALE_TEXT = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (!/^rgba.*, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")]
    .filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => {
      const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
      return [e.textContent.trim(), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}"""
"""Text whose contrast with its ground is below WCAG 2's AA, with the ratio; the preheader is not shown."""
FINGER = 44
"""Pixels: what a thumb hits (WCAG 2.1, 2.5.5)."""


def write(newsletter: Newsletter) -> list[Letter]:
    """A letter of each kind, in the order of LetterKind."""
    mailing_list = newsletter.mailing_list
    (person,) = subscribe(mailing_list, "ada@example.org")
    end = (timezone.now() + timedelta(days=7)).replace(microsecond=0)
    PendingSignUp.objects.create(
        mailing_list=mailing_list, subscriber=person, chosen={}, had_left=False, expires_at=end
    )
    change = AddressChange.objects.create(
        subscriber=person, address="ada@example.com", expires_at=timezone.now() + timedelta(days=2)
    )
    more = {
        LetterKind.CONFIRM: {"reference": int(end.timestamp())},
        LetterKind.ADDRESS: {"address": change.address, "reference": change.pk},
        LetterKind.MOVED: {"address": "former@example.org"},
    }
    return [ask(kind, person.pk, mailing_list.pk, **more.get(kind, {})) for kind in LetterKind]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("colour", ["#0f5c6e", "#ffd400"])
def test_every_letter_can_be_read_and_its_button_hit(inbox, width, scheme, colour):
    newsletter = make_issue().newsletter
    Newsletter.objects.filter(pk=newsletter.pk).update(colour=colour)
    letters = write(newsletter)
    for letter in letters:
        assert submit_letter(letter.batch.pk)
    with browser_context(viewport={"width": width, "height": 844}, color_scheme=scheme) as context:
        page = context.new_page()
        for number, letter in enumerate(letters):
            page.goto(f"{inbox.url}/messages/{number}/body")
            look_at(page, width, letter.kind)


def look_at(page: Page, width: int, kind: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(PALE_TEXT) == []
    expect(page.get_by_text("1 Raffles Place")).to_be_visible()
    links = page.get_by_role("link")
    if kind == LetterKind.MOVED:
        expect(links).to_have_count(0)
        return
    box = links.bounding_box()
    assert box is not None
    assert box["height"] >= FINGER
