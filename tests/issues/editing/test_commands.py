"""Versions and new issues on the command line."""

from dataclasses import replace
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from mailer.issues.editing.rows import document_of
from mailer.issues.editing.save import Wanted, save
from mailer.issues.models import Issue
from tests.newsroom import make_issue

pytestmark = pytest.mark.django_db


def run(*arguments):
    said = StringIO()
    call_command(*arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def issue():
    issue = make_issue(suffix="cli", intro="The fee rises.")
    document = document_of(issue)
    changed = replace(document, intro="The fee [falls].", stories=document.stories[1:])
    save(issue.pk, Wanted(1, changed), User.objects.create_user("anna"))
    return issue


def test_versions_are_listed_shown_and_restored(issue):
    listed = run("versions", "weekly-cli/1")
    assert "anna" in listed
    assert "intro; 1 story removed" in listed
    shown = run("versions", "weekly-cli/1", "--show", "2")
    assert "intro: The fee rises[falls]." in shown
    assert "Story 1 was removed: News about ai" in shown
    assert "as revision 3" in run("versions", "weekly-cli", "--restore", "1")
    assert Issue.objects.get(pk=issue.pk).intro == "The fee rises."
    assert "nothing was changed" in run("versions", "weekly-cli", "--restore", "1")


def test_what_is_not_there_is_named(issue):
    for arguments, told in [
        (["weekly-cli/9"], "no issue"),
        (["weekly-cli/1", "--show", "9"], "no version"),
        (["weekly-cli/1", "--restore", "9"], "no version"),
    ]:
        with pytest.raises(CommandError, match=told):
            run("versions", *arguments)
    with pytest.raises(CommandError, match="no newsletter"):
        run("new", "none")


def test_a_new_issue_is_begun(issue, settings):
    said = run("new", "weekly-cli")
    begun = Issue.objects.get(number=2)
    assert begun.intro == "The fee [falls]."
    assert f"{settings.PUBLIC_URL}/staff/issues/{begun.pk}/" in said
    run("new", "weekly-cli", "--empty")
    assert Issue.objects.get(number=3).intro == ""
