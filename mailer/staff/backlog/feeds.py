"""The feeds of a newsletter: add one, change it, look at it now, see what fails."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mailer.issues.feeds.due import claim, with_next_look
from mailer.issues.feeds.find import find_feed
from mailer.issues.feeds.look import Looked, look
from mailer.issues.fetching import FetchError
from mailer.issues.models import Feed, Newsletter
from mailer.staff.access.needs import needs
from mailer.staff.admin.base import ModelForm
from mailer.staff.audit import ADDITION, DELETION, record
from mailer.staff.backlog.stories import offer_topics
from mailer.staff.page import page

PATIENCE = 12.0
"""Seconds for pictures while somebody waits for the page."""
EVERY = ((15, "every 15 minutes"), (60, "every hour"), (240, "every 4 hours"), (1440, "once a day"))


class FeedForm(ModelForm):
    """A feed; its address may be that of a page which names one."""

    url = forms.CharField(
        max_length=2000,
        strip=True,
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://www.example.org/feed.xml"}),
    )
    every = forms.TypedChoiceField(coerce=int, choices=EVERY, initial=60)

    class Meta:
        model = Feed
        fields = ("url", "title", "every", "topics", "enabled")
        widgets = {"topics": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_topics(self)
        every = self.instance.every
        if self.instance.pk and every not in dict(EVERY):
            field: Any = self.fields["every"]
            field.choices = [(every, f"every {every:,} minutes"), *EVERY]

    def clean_url(self) -> str:
        """The address of the feed itself: it is fetched once, and has to be one."""
        url: str = self.cleaned_data["url"]
        if self.instance.pk and url == self.initial.get("url"):
            return url
        try:
            address, self.parsed = find_feed(url)
        except FetchError as error:
            raise forms.ValidationError(str(error)) from error
        others = Feed.objects.filter(newsletter=self.instance.newsletter, url=address).exclude(
            pk=self.instance.pk
        )
        if others.exists():
            raise forms.ValidationError("This newsletter has the feed already.")
        return address


@require_http_methods(["GET", "HEAD", "POST"])
@needs("issues.view_feed", Newsletter)
def feeds(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """The feeds of a newsletter, and a form to add one, which is looked at at once."""
    may_add = request.user.has_perm("issues.add_feed", newsletter)
    form = FeedForm(request.POST or None, instance=Feed(newsletter=newsletter))
    if request.method == "POST":
        if not may_add:
            raise PermissionDenied
        if form.is_valid() and (added := _add(request, form)):
            return redirect(f"{reverse('staff:feeds', args=[newsletter.pk])}#feed-{added.pk}")
    rows = newsletter.feeds.prefetch_related("topics").order_by("id")
    rows = with_next_look(rows).annotate(brought=Count("entries__story"))
    return page(
        request,
        "staff/backlog/feeds.html",
        "Feeds",
        status=422 if form.errors else 200,
        newsletter=newsletter,
        feeds=rows,
        form=form,
        may_add=may_add,
        may_change=request.user.has_perm("issues.change_feed", newsletter),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("issues.change_feed", Feed)
def feed(request: HttpRequest, feed: Feed) -> HttpResponse:
    """Change a feed."""
    form = FeedForm(request.POST or None, instance=feed)
    if request.method == "POST" and form.is_valid():
        if "url" in form.changed_data or (form.cleaned_data["enabled"] and "enabled" in form.changed_data):
            # It begins anew: what the old address said holds for it no more.
            feed.etag = feed.modified = feed.failed_because = ""
            feed.failures, feed.looked_at = 0, None
        form.save()
        record(request.user, feed, "Changed the feed.")
        messages.success(request, "The feed is kept.")
        return redirect("staff:feeds", feed.newsletter.pk)
    return page(
        request,
        "staff/backlog/feed.html",
        "Feed",
        status=422 if form.errors else 200,
        feed=feed,
        newsletter=feed.newsletter,
        form=form,
        may_delete=request.user.has_perm("issues.delete_feed", feed),
    )


@require_POST
@needs("issues.change_feed", Feed)
def look_now(request: HttpRequest, feed: Feed) -> HttpResponse:
    """Look at a feed, and say what came."""
    if claim(feed, timezone.now()):
        looked = look(feed, patience=PATIENCE)
        record(request.user, feed, "Looked at the feed.")
        _say(request, feed, looked)
    else:
        messages.warning(request, "Somebody else looks at the feed at this moment.")
    return redirect(f"{reverse('staff:feeds', args=[feed.newsletter.pk])}#feed-{feed.pk}")


@require_POST
@needs("issues.delete_feed", Feed)
def delete(request: HttpRequest, feed: Feed) -> HttpResponse:
    """Delete a feed. The stories that it brought stay."""
    newsletter = feed.newsletter
    with transaction.atomic():
        record(request.user, feed, "Deleted the feed.", DELETION)
        feed.delete()
    messages.success(request, "The feed is deleted. Its stories stay in the backlog.")
    return redirect("staff:feeds", newsletter.pk)


def _add(request: HttpRequest, form: FeedForm) -> Feed | None:
    """Keep a new feed and look at it; None where somebody else added it just now, which the form says then."""
    form.instance.title = form.instance.title or form.parsed.title
    try:
        with transaction.atomic():
            added: Feed = form.save()
            record(request.user, added, "Added the feed.", ADDITION)
    except IntegrityError:
        form.add_error("url", "This newsletter has the feed already.")
        return None
    if added.enabled and claim(added, timezone.now()):
        _say(request, added, look(added, patience=PATIENCE))
    return added


def _say(request: HttpRequest, feed: Feed, looked: Looked) -> None:
    if looked.failed:
        messages.error(request, f"{feed} could not be read. {looked.failed}")
    elif not looked.stories:
        messages.info(request, f"{feed} has nothing new.")
    else:
        count = len(looked.stories)
        came = "; ".join(f"“{story.headline}”" for story in looked.stories[:3])
        more = f" and {count - 3} more" if count > 3 else ""
        messages.success(
            request, f"{count} new {'story' if count == 1 else 'stories'} from {feed}: {came}{more}."
        )
