"""Staff take addresses off the suppressions, with a reason."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse

from subscribers.models import Erasure, Lifting, MailingList, Subscriber, Suppression
from subscribers.privacy.erase import erase
from tests.roles import somebody

pytestmark = pytest.mark.django_db
LIST = "staff:suppressions"


@pytest.fixture
def bounced() -> Suppression:
    return Suppression.objects.create(
        address="back@example.org", reason="bounce", detail="<b>550</b> no such user"
    )


def lift_page(suppression: Suppression) -> str:
    return reverse("admin:subscribers_suppression_lift", args=[suppression.pk])


def test_an_address_is_taken_off_with_a_reason_and_the_name_of_who_did_it(client, bounced) -> None:
    client.force_login(somebody("marketer", username="anna"))
    assert lift_page(bounced) in client.get(reverse(LIST)).text
    shown = client.get(lift_page(bounced)).text
    assert "back@example.org" in shown
    assert "&lt;b&gt;550&lt;/b&gt; no such user" in shown
    answer = client.post(lift_page(bounced), {"because": "wrote that it works"}, follow=True)
    assert "Taken off." in answer.text
    assert not Suppression.objects.exists()
    record = Lifting.objects.get()
    assert (record.address, record.reason, record.by, record.because) == (
        "back@example.org",
        "bounce",
        "anna",
        "wrote that it works",
    )
    assert LogEntry.objects.get().change_message == "Taken off the suppressions."


@pytest.mark.parametrize("because", ["", "  \n "])
def test_without_a_reason_nothing_happens(client, bounced, because) -> None:
    client.force_login(somebody("marketer", username="anna"))
    answer = client.post(lift_page(bounced), {"because": because})
    assert "Say why" in answer.text
    assert Suppression.objects.exists()


def test_after_a_complaint_the_page_says_that_it_is_never_lifted(client, bounced) -> None:
    Suppression.objects.create(address="back@example.org", reason="complaint")
    client.force_login(somebody("marketer", username="anna"))
    assert "never lifted" in client.get(lift_page(bounced)).text
    answer = client.post(lift_page(bounced), {"because": "please"})
    assert "never lifted" in answer.text
    assert Suppression.objects.count() == 2
    assert not Lifting.objects.exists()


def test_opening_the_page_changes_nothing(client, bounced) -> None:
    client.force_login(somebody("marketer", username="anna"))
    client.get(f"{lift_page(bounced)}?because=please")
    assert Suppression.objects.exists()


def test_it_wants_a_right_of_its_own(client, bounced) -> None:
    client.force_login(somebody("editor", "approver"))
    assert lift_page(bounced) not in client.get(reverse(LIST)).text
    assert client.get(lift_page(bounced)).status_code == 403
    assert client.post(lift_page(bounced), {"because": "please"}).status_code == 403
    assert Suppression.objects.exists()


def test_nobody_deletes_a_suppression_past_the_record(client, bounced) -> None:
    client.force_login(User.objects.create_superuser("root"))
    delete = reverse("admin:subscribers_suppression_delete", args=[bounced.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [bounced.pk], "post": "yes"}
    answer = client.post(reverse("admin:subscribers_suppression_changelist"), data)
    assert answer.headers["Location"] == reverse(LIST)
    assert Suppression.objects.exists()


def test_the_address_of_somebody_erased_is_not_written_down_again(client) -> None:
    erase(Subscriber.objects.create(email="gone@example.org").pk, by="the person", source="test")
    client.force_login(User.objects.create_superuser("root"))
    answer = client.post(
        reverse("staff:suppressions-add"), {"addresses": "Gone@example.org", "reason": "manual"}
    )
    assert answer.status_code == 302
    assert not Suppression.objects.exists()
    assert not LogEntry.objects.filter(object_repr__icontains="gone@").exists()
    assert Erasure.objects.get().suppressed_for == "manual"


def test_the_record_is_shown_and_cannot_be_edited(client, bounced) -> None:
    client.force_login(User.objects.create_superuser("root"))
    client.post(lift_page(bounced), {"because": "<script>x</script>"})
    record = Lifting.objects.get()
    shown = client.get(reverse("admin:subscribers_lifting_changelist")).text
    assert "back@example.org" in shown
    assert "<script>x</script>" not in shown
    change = reverse("admin:subscribers_lifting_change", args=[record.pk])
    assert client.post(change, {"because": "other"}).status_code == 403


def test_a_lists_rule_on_soft_bounces_is_set_and_has_to_make_sense(client) -> None:
    weekly = MailingList.objects.create(slug="weekly", name="Weekly")
    client.force_login(User.objects.create_superuser("root"))
    page = reverse("admin:subscribers_mailinglist_change", args=[weekly.pk])
    given = {"name": "Weekly", "slug": "weekly", "soft_bounce_limit": 2, "soft_bounce_pause_days": 7}
    answer = client.post(page, given | {"soft_bounce_issues": 1})
    assert "more refused issues than issues that are looked at" in answer.text
    assert client.post(page, given | {"soft_bounce_issues": 4}).status_code == 302
    weekly.refresh_from_db()
    assert (weekly.soft_bounce_limit, weekly.soft_bounce_issues, weekly.soft_bounce_pause_days) == (2, 4, 7)
