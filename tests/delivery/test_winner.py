"""The winner of an A/B test: chosen when its time has come, by a significance test, and given to everybody else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import erfc, sqrt
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.models import Batch, Delivery, Notice, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.submit import submit
from mailer.delivery.variants import ABTest
from mailer.delivery.winner import Result, choose, decide_due, holm, results, two_proportions
from tests.newsroom import crowd, make_issue

LONG = timedelta(minutes=241)


def trying(inbox=None, people: int = 60, topics: tuple[str, ...] = ("ai",)) -> Send:
    """A started send that tries two subjects on half of its people. With an inbox its test has gone out."""
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, people)
    crowd(issue.newsletter.mailing_list, people // 2, topics=topics)
    send = send_of(issue, test=ABTest((("Another subject", ""),), share=50))
    plan(send)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())
    if inbox:
        submit_all(send)
    return Send.objects.get(pk=send.pk)


def submit_all(send: Send) -> None:
    for batch_id in Batch.objects.filter(send=send, state="waiting").values_list("id", flat=True):
        submit(batch_id)


def members(send: Send, variant: int) -> list[int]:
    """The people who got this variant in the test."""
    batches = Batch.objects.filter(send=send, in_test=True, edition__variant=variant)
    return [person for batch in batches for person in batch.subscriber_ids]


def click(send: Send, variant: int, share: float) -> None:
    """Everybody in the test got it, and this share of the ones with the variant clicked."""
    people, now = members(send, variant), timezone.now()
    Delivery.objects.filter(send=send, subscriber__in=people).update(delivered_at=now)
    Delivery.objects.filter(send=send, subscriber__in=people[: round(share * len(people))]).update(
        clicked_at=now
    )


# ---- The statistics


def test_the_z_test_gives_the_p_of_published_examples():
    # statsmodels 0.14, proportions_ztest([5, 12], [83, 99]): p = 0.15918129181156992
    assert two_proportions(5, 83, 12, 99) == pytest.approx(0.15918129181156992, rel=1e-9)
    # Penn State STAT 415, lesson 9.4, smokers and non-smokers on a tax: z = 8.99 of 351/605 against 41/195
    assert erfc(8.995 / sqrt(2)) < two_proportions(351, 605, 41, 195) < erfc(8.985 / sqrt(2))


@pytest.mark.parametrize(("hits", "other"), [(0, 0), (50, 50)])
def test_nothing_and_everything_are_no_difference(hits, other):
    assert two_proportions(hits, 50, other, 50) == 1.0


COUNTS = st.integers(1, 5_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(COUNTS, COUNTS)
def test_p_is_a_probability_whichever_comes_first(one, other):
    p = two_proportions(*one, *other)
    assert 0 <= p <= 1
    assert p == pytest.approx(two_proportions(*other, *one), abs=1e-12)
    assert two_proportions(one[1] - one[0], one[1], other[1] - other[0], other[1]) == pytest.approx(
        p, abs=1e-9
    )


@given(st.integers(1, 2_000), st.data())
def test_p_falls_as_the_shares_part(of, data):
    low = data.draw(st.integers(0, of))
    middle = data.draw(st.integers(low, of))
    high = data.draw(st.integers(middle, of))
    assert two_proportions(high, of, low, of) <= two_proportions(middle, of, low, of) + 1e-12


@given(st.integers(1, 400), st.data(), st.integers(2, 20))
def test_p_falls_as_the_same_shares_are_seen_on_more_people(of, data, times):
    one, other = data.draw(st.integers(0, of)), data.draw(st.integers(0, of))
    more = two_proportions(one * times, of * times, other * times, of * times)
    assert more <= two_proportions(one, of, other, of) + 1e-12


def test_holm_corrects_as_in_its_textbook_example():
    # The four p of Wikipedia's example: 0.01, 0.04, 0.03, 0.005
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_holm_never_makes_a_p_smaller_and_keeps_their_order(ps):
    adjusted = holm(ps)
    assert all(p <= corrected <= 1 for p, corrected in zip(ps, adjusted, strict=True))
    assert [corrected for _, corrected in sorted(zip(ps, adjusted, strict=True))] == sorted(adjusted)


# ---- The decision


def variant(number: int, clicked: int, delivered: int = 1_000, opened: int = 0) -> Result:
    return Result(number, f"Subject {number}", "", delivered, delivered, opened, clicked)


def test_the_best_wins_when_it_is_better_than_each_of_the_others():
    decision = choose([variant(0, 40), variant(1, 80), variant(2, 45)], "clicks")
    assert decision.winner == 1
    assert "variant 0: 40 of 1,000 (4.0 %); variant 1: 80 of 1,000 (8.0 %)" in decision.because
    assert "Holm-corrected: p = 0.0012" in decision.because


def test_being_better_than_only_some_is_not_enough():
    assert choose([variant(0, 40), variant(1, 80), variant(2, 79)], "clicks").winner == 0


def test_without_a_significant_difference_the_first_goes_out():
    decision = choose([variant(0, 40), variant(1, 50)], "clicks")
    assert decision.winner == 0
    assert "None is proven better" in decision.because


def test_more_variants_need_a_clearer_difference():
    two = [variant(0, 40), variant(1, 60)]
    assert choose(two, "clicks").winner == 1
    assert choose([*two, variant(2, 40), variant(3, 40)], "clicks").winner == 0


@pytest.mark.parametrize(
    "found",
    [
        [variant(0, 0, 99), variant(1, 60, 5_000)],
        [variant(0, 0), variant(1, 19)],
        [variant(0, 0, 0), variant(1, 0, 0)],
        [variant(0, 500)],
        [],
    ],
)
def test_too_few_answers_decide_for_the_first(found):
    decision = choose(found, "clicks")
    assert decision.winner == 0
    assert "Too few answers" in decision.because


def test_the_metric_says_what_counts():
    found = [variant(0, 80, opened=200), variant(1, 40, opened=300)]
    assert choose(found, "clicks").winner == 0
    assert choose(found, "opens").winner == 1
    assert "Opens by people" in choose(found, "opens").because


@given(st.lists(st.integers(0, 1_000), min_size=2, max_size=4))
def test_who_wins_has_the_best_share_or_is_the_first(clicks):
    winner = choose([variant(n, clicked) for n, clicked in enumerate(clicks)], "clicks").winner
    assert winner == 0 or clicks[winner] == max(clicks) > clicks[0]


# ---- The send


@pytest.mark.django_db
def test_before_its_time_and_before_the_test_is_out_nothing_is_decided(inbox):
    send = trying()
    assert decide_due(timezone.now() + LONG) == 0, "the test has not gone out"
    submit_all(send)
    assert decide_due() == 0
    assert decide_due(timezone.now() + timedelta(minutes=239)) == 0
    assert len(inbox.messages()) == len(members(send, 0)) + len(members(send, 1))
    assert decide_due(timezone.now() + LONG) == 1


@pytest.mark.django_db
def test_the_time_counts_from_the_last_request_of_the_test(inbox):
    send = trying()
    Send.objects.update(started_at=timezone.now() - LONG)
    submit_all(send)
    assert decide_due() == 0
    assert decide_due(timezone.now() + LONG) == 1


@pytest.mark.django_db
def test_the_others_get_the_winner_in_the_edition_of_their_own_stories(inbox):
    send = trying(inbox, people=700)
    stories = dict(Batch.objects.filter(send=send, in_test=False).values_list("id", "edition__story_ids"))
    assert len({tuple(each) for each in stories.values()}) == 2
    click(send, 0, 0.02)
    click(send, 1, 0.2)
    assert decide_due(timezone.now() + LONG) == 1
    send.refresh_from_db()
    assert (send.winner, send.decided_at is not None) == (1, True)
    assert "Variant 1 is better" in send.decided_because
    others = Batch.objects.filter(send=send, in_test=False)
    assert dict(others.values_list("id", "edition__story_ids")) == stories
    assert set(others.values_list("edition__variant", flat=True)) == {1}
    assert set(Batch.objects.filter(send=send, in_test=True).values_list("edition__variant", flat=True)) == {
        0,
        1,
    }
    before = len(inbox.messages())
    submit_all(send)
    late = inbox.messages()[before:]
    assert len(late) == sum(others.values_list("size", flat=True))
    assert {message["subject"] for message in late} == {"Another subject"}
    assert len(set(inbox.addresses())) == len(inbox.addresses()) == 1_050


@pytest.mark.django_db
def test_the_decision_is_told_and_counted(inbox):
    send = trying(inbox, people=700)
    click(send, 0, 0.1)
    click(send, 1, 0.1)
    first, second = results(send)
    assert (first.subject, second.subject) == (send.issue.subject, "Another subject")
    assert first.sent == first.delivered == len(members(send, 0))
    assert first.clicked == round(0.1 * first.delivered)
    assert first.opened == 0
    decide_due(timezone.now() + LONG)
    send.refresh_from_db()
    assert send.winner == 0
    assert Notice.objects.get().text == send.decided_because
    assert results(send) == [first, second], "who gets the winner later is no part of the test"


@pytest.mark.django_db
def test_what_others_wait_for_keeps_its_time(inbox):
    send = trying(inbox)
    tomorrow, yesterday = timezone.now() + timedelta(days=1), timezone.now() - timedelta(days=1)
    early, *rest = Batch.objects.filter(send=send, in_test=False).values_list("id", flat=True)
    Batch.objects.filter(pk=early).update(due_at=yesterday)
    Batch.objects.filter(pk__in=rest).update(due_at=tomorrow)
    decide_due(timezone.now() + LONG)
    assert Batch.objects.get(pk=early).due_at > yesterday + timedelta(hours=23)
    assert {batch.due_at for batch in Batch.objects.filter(pk__in=rest)} == {tomorrow}


@pytest.mark.django_db
def test_a_paused_send_is_decided_and_goes_on_when_it_is_resumed(inbox):
    send = trying(inbox)
    pause(send.pk, "lunch")
    assert decide_due(timezone.now() + LONG) == 1
    before = len(inbox.messages())
    submit_all(send)
    assert len(inbox.messages()) == before
    resume(send.pk)
    submit_all(send)
    assert len(inbox.messages()) == 90


@pytest.mark.django_db
def test_a_cancelled_send_is_not_decided(inbox):
    send = trying(inbox)
    cancel(send.pk, "wrong issue")
    assert decide_due(timezone.now() + LONG) == 0
    assert Send.objects.get().winner is None


@pytest.mark.django_db
def test_an_unknown_part_of_the_test_holds_nobody_up(inbox):
    send = trying()
    inbox.fail("reset_after", count=1)
    submit_all(send)
    assert Batch.objects.filter(send=send, state="unknown").count() == 1
    assert decide_due(timezone.now() + LONG) == 1


@pytest.mark.django_db
def test_a_test_of_nobody_is_decided_at_once():
    send = trying(people=2)
    Batch.objects.filter(send=send).update(in_test=False)
    assert decide_due() == 1
    send.refresh_from_db()
    assert send.winner == 0
    assert results(send)[1].sent == 0


@pytest.mark.django_db
def test_a_send_without_a_test_has_no_winner():
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 3)
    send = send_of(issue)
    plan(send)
    Send.objects.update(started_at=timezone.now())
    assert decide_due(timezone.now() + LONG) == 0
    assert results(send) == []


@pytest.mark.django_db(transaction=True)
def test_deciding_twice_at_once_decides_once(inbox):
    send = trying(inbox)
    together, moment = Barrier(3), timezone.now() + LONG

    def decide() -> int:
        try:
            together.wait()
            return decide_due(moment)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(future.result() for future in [pool.submit(decide) for _ in range(3)]) == [0, 0, 1]
    assert Notice.objects.filter(send=send).count() == 1
    assert decide_due(moment) == 0


@pytest.mark.django_db
def test_the_report_shows_the_variants_and_why_one_won(inbox, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "200")
    send = trying(inbox, people=700)
    call_command("report", str(send.pk))
    assert "The winner is not chosen yet." in capsys.readouterr().out
    click(send, 0, 0.02)
    click(send, 1, 0.2)
    decide_due(timezone.now() + LONG)
    page = tmp_path / "report.html"
    call_command("report", str(send.pk), "--html", str(page))
    shown = capsys.readouterr().out
    assert "1. Another subject" in shown
    assert "Variant 1 is better" in shown
    assert "Variant 1 is better" in page.read_text()
    assert "<bdi>Another subject</bdi>" in page.read_text()
