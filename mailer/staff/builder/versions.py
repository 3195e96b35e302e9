"""The versions of an issue: their list, one beside another, and restoring one."""

from dataclasses import asdict

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mailer.issues.editing.diff import difference, told
from mailer.issues.editing.locks import why_locked
from mailer.issues.editing.restore import NoSuchVersion, restore
from mailer.issues.editing.versions import documents_at, kept
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs, wants_json
from mailer.staff.audit import record
from mailer.staff.builder.asked import answers_json
from mailer.staff.page import page
from subscribers.models import Topic

MOST_LISTED = 100
"""Versions at once, with what each changed."""
MOST_OFFERED = 1_000
"""Versions to be compared with."""


@require_safe
@needs("issues.view_issue", Issue)
def listed(request: HttpRequest, issue: Issue) -> JsonResponse:
    """The versions, newest first, with what each changed from the one before it in a few words."""
    there_are = kept(issue, MOST_LISTED)
    revisions = [one.revision for one in there_are]
    changed = told(revisions, documents_at(issue, revisions))
    return JsonResponse(
        [
            {**asdict(one), "summary": changed.get(one.revision, "the first in this list")}
            for one in there_are
        ],
        safe=False,
    )


@require_safe
@needs("issues.view_issue", Issue)
def version(request: HttpRequest, issue: Issue, revision: int) -> HttpResponse:
    """What changed up to a version, from the one before it or from the one that ?against= names."""
    there_are = kept(issue, MOST_OFFERED)
    chosen = next((one for one in there_are if one.revision == revision), None)
    if chosen is None:
        raise Http404("There is no such version.")
    wanted = request.GET.get("against", "")
    older = [one for one in there_are if one.revision < revision]
    named = [one for one in there_are if str(one.revision) == wanted]
    against = next(iter(named or older), None)
    changes = None
    if against is not None:
        documents = documents_at(issue, [against.revision, revision])
        if {against.revision, revision} - documents.keys():
            raise Http404("One of the versions was thinned out this moment.")
        names = dict(Topic.objects.values_list("pk", "name"))
        changes = difference(documents[against.revision], documents[revision], names)
    return page(
        request,
        "staff/issues/version.html",
        f"{issue.newsletter} {issue.number}, revision {revision}",
        issue=issue,
        chosen=chosen,
        against=against,
        others=[one for one in there_are if one.revision != revision],
        changes=changes,
        is_newest=revision == issue.revision,
        may_restore=request.user.has_perm("issues.change_issue", issue) and why_locked(issue) is None,
    )


@require_POST
@needs("issues.change_issue", Issue)
@answers_json
def restore_version(request: HttpRequest, issue: Issue, revision: int) -> HttpResponseBase:
    """Make a version the newest revision."""
    try:
        saved = restore(issue.pk, revision, request.user)
    except NoSuchVersion as error:
        raise Http404(str(error)) from error
    if saved.changed:
        record(request.user, issue, f"Restored revision {revision}, as revision {saved.revision}.")
    if wants_json(request):
        return JsonResponse({"revision": saved.revision})
    return redirect("staff:issue", issue.pk)
