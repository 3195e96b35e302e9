"""The pages of the archive. There is no session and no cookie, and a GET or HEAD is all that they take.

A newsletter whose archive is not switched on has no page here, whatever was sent.
"""

from datetime import datetime

from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from mailer.archive.box import SignUpBox, box_of
from mailer.archive.feed import atom
from mailer.archive.keep import keep_missing
from mailer.archive.models import WebEdition
from mailer.archive.pages import answer, not_there, policy
from mailer.archive.published import changed, neighbours, published, topics_of
from mailer.archive.render import render_archive, render_issue, render_not_there
from mailer.archive.search import matching, read_query
from mailer.archive.sitemap import robots as robots_text
from mailer.archive.sitemap import sitemap as sitemap_text
from mailer.issues.models import Newsletter

PER_PAGE = 20


@require_safe
def archive(request: HttpRequest, slug: str, topic_slug: str = "") -> HttpResponseBase:
    """The issues of a newsletter, newest first; those on a topic; those that a search finds."""
    newsletter = _open_archive(slug)
    box = box_of(newsletter)
    query = read_query(request.GET.get("q", ""))
    topics = topics_of(newsletter)
    topic = next((each for each, _ in topics if each.slug == topic_slug), None)
    editions = published(newsletter)
    newest = _newest(editions)
    if topic:
        editions = editions.filter(topic_ids__contains=[topic.pk])
    if query:
        editions = matching(editions.defer(None).defer("html", "tags", "words"), query, newsletter.language)
    page = _page(editions, request.GET.get("page", "1"))
    if page is None or (topic_slug and topic is None):
        return _not_there(newsletter, box)
    return answer(
        request,
        render_archive(newsletter, page, topics, box, topic=topic, query=query),
        changed=newest,
        content_policy=_policy(box),
        indexed=not query,
    )


@require_safe
def issue(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """An issue that was sent, with all of its stories."""
    newsletter = _open_archive(slug)
    box = box_of(newsletter)
    editions = published(newsletter)
    edition = editions.defer(None).defer("words", "text").filter(send__issue__number=number).first()
    if edition is None:
        return _not_there(newsletter, box)
    return answer(
        request,
        render_issue(edition, *neighbours(edition), box),
        changed=_newest(editions),
        content_policy=_policy(box, mail=True),
    )


@require_safe
def feed(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The newest issues of a newsletter as an Atom feed (RFC 4287)."""
    newsletter = _open_archive(slug)
    editions = published(newsletter)
    return answer(
        request,
        atom(newsletter, editions[:PER_PAGE]),
        changed=_newest(editions),
        content_type="application/atom+xml; charset=utf-8",
    )


@require_safe
def sitemap(request: HttpRequest) -> HttpResponseBase:
    """Every page of the archives that are open."""
    return answer(request, sitemap_text(), content_type="application/xml; charset=utf-8")


@require_safe
def robots(request: HttpRequest) -> HttpResponseBase:
    """What search engines are asked to leave alone, and where the rest is listed (RFC 9309)."""
    return answer(request, robots_text(), content_type="text/plain; charset=utf-8")


def _open_archive(slug: str) -> Newsletter:
    newsletter = Newsletter.objects.select_related("mailing_list").filter(slug=slug, archive=True).first()
    if newsletter is None:
        raise Http404("There is no public archive at this address.")
    keep_missing(newsletter)
    return newsletter


def _newest(editions: QuerySet[WebEdition]) -> datetime | None:
    """When a page with any of the issues last changed. Each leads to its neighbours, so one that is new changes it."""
    return max((changed(edition) for edition in editions[:PER_PAGE]), default=None)


def _page(editions: QuerySet[WebEdition], number: str) -> Page[WebEdition] | None:
    """A page of the list; None where there is none of that number."""
    try:
        return Paginator(editions, PER_PAGE).page(number[:9])
    except InvalidPage:
        return None


def _not_there(newsletter: Newsletter, box: SignUpBox | None) -> HttpResponse:
    return not_there(render_not_there(newsletter, box), content_policy=_policy(box))


def _policy(box: SignUpBox | None, *, mail: bool = False) -> str:
    return policy(mail=mail, form_leads_to=box.leads_to if box else "")
