"""The tones of states."""

from django.conf import settings

from mailer.staff.templatetags.tones import STATES, tone


def test_a_state_has_the_tone_of_its_word():
    assert [tone(state) for state in ("sent", "opened by a person", "running", "draft", "bounced")] == [
        "good",
        "good",
        "busy",
        "open",
        "bad",
    ]
    assert tone("unsubscribed") == ""


def test_each_tone_has_a_colour():
    styles = (settings.ROOT / "static" / "staff" / "parts.css").read_text()
    assert [each for each in STATES if f".badge, .note).{each} {{ --tone:" not in styles] == []
