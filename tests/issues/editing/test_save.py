"""Saving a document: revisions, versions, and what others saved meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from mailer.delivery.models import Send
from mailer.issues.editing.document import as_json, from_json
from mailer.issues.editing.locks import Locked
from mailer.issues.editing.read import Invalid
from mailer.issues.editing.rows import document_of
from mailer.issues.editing.save import Conflicting, Wanted, save
from mailer.issues.models import Issue, Story, Version
from subscribers.models import Topic
from tests.newsroom import make_issue, next_issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue():
    return make_issue()


@pytest.fixture
def anna():
    return User.objects.create_user("anna", first_name="Anna", last_name="Lee")


@pytest.fixture
def ben():
    return User.objects.create_user("ben")


def now(issue):
    issue.refresh_from_db()
    return document_of(issue)


def written(document, place, **changed):
    stories = list(document.stories)
    stories[place] = replace(stories[place], **changed)
    return replace(document, stories=tuple(stories))


def added(document, key, **fields):
    return replace(document, stories=(*document.stories, replace(document.stories[0], id=key, **fields)))


def test_every_field_is_kept_as_it_was_written(issue, anna):
    topic = Topic.objects.create(slug="new", name="New")
    document = now(issue)
    wanted = replace(
        written(
            document,
            1,
            headline="H",
            body="B\n\n* one",
            link="https://x.example",
            link_label="L",
            image="https://i.example/1.png",
            image_alt="A",
            topics=(topic.pk,),
            for_everyone=True,
            hidden=True,
        ),
        number=7,
        date=date(2027, 1, 4),
        subject="S",
        preheader="P",
        intro="I",
        outro="O",
        call_to_action_label="C",
        call_to_action_link="https://c.example",
    )
    saved = save(issue.pk, Wanted(1, wanted), anna)
    assert (saved.revision, saved.merged) == (2, False)
    assert now(issue) == wanted == saved.document
    assert (issue.edited_by, issue.edited_at) == (anna, saved.at)


def test_stories_are_added_moved_and_deleted_in_one_go(issue, anna):
    document = now(issue)
    one, two, three = document.stories
    new = replace(one, id="new-a", headline="New")
    saved = save(issue.pk, Wanted(1, replace(document, stories=(three, new, one))), anna)
    assert now(issue).keys == (three.id, saved.ids["new-a"], one.id)
    assert not Story.objects.filter(pk=two.id).exists()
    assert Story.objects.get(headline="New").created_by == anna


def test_nothing_changed_makes_no_revision(issue, anna):
    assert save(issue.pk, Wanted(1, now(issue)), anna).changed is False
    assert (now(issue), issue.revision, Version.objects.count()) == (document_of(issue), 1, 0)


def test_each_revision_leaves_a_version_and_so_does_what_was_there_before(issue, anna, ben):
    before = now(issue)
    save(issue.pk, Wanted(1, replace(before, subject="First")), anna)
    save(issue.pk, Wanted(2, replace(before, subject="Second")), ben)
    kept = {version.revision: version for version in Version.objects.all()}
    assert [from_json(kept[n].content).subject for n in (1, 2, 3)] == [before.subject, "First", "Second"]
    assert [kept[n].by for n in (1, 2, 3)] == [None, anna, ben]


def test_what_somebody_else_saved_meanwhile_is_merged_in(issue, anna, ben):
    document = now(issue)
    save(issue.pk, Wanted(1, added(written(document, 0, body="Anna's"), "new-1", headline="Hers")), anna)
    saved = save(issue.pk, Wanted(1, written(document, 1, body="Ben's")), ben)
    assert saved.merged
    assert saved.document == now(issue)
    assert [story.body for story in saved.document.stories][:2] == ["Anna's", "Ben's"]
    assert saved.document.stories[-1].headline == "Hers"


def test_where_both_changed_the_same_nothing_is_written(issue, anna, ben):
    document = now(issue)
    save(issue.pk, Wanted(1, replace(document, subject="Anna's")), anna)
    with pytest.raises(Conflicting) as raised:
        save(issue.pk, Wanted(1, replace(document, subject="Ben's", intro="Ben's intro")), ben)
    conflict = raised.value
    assert (conflict.revision, conflict.by, conflict.theirs) == (2, "Anna Lee", now(issue))
    assert conflict.merged == replace(now(issue), intro="Ben's intro")
    resolved = replace(conflict.merged, subject="Ben's")
    assert save(issue.pk, Wanted(conflict.revision, resolved), ben).revision == 3
    assert now(issue) == resolved


def test_a_save_whose_answer_was_lost_conflicts_not_with_itself_and_doubles_nothing(issue, anna):
    document = now(issue)
    typed = added(replace(document, subject="Dra"), "new-1", body="Be")
    lost = save(issue.pk, Wanted(1, typed, client="page"), anna)
    typed_on = added(replace(document, subject="Draft"), "new-1", body="Begun")
    saved = save(issue.pk, Wanted(1, typed_on, client="page"), anna)
    assert saved.ids == lost.ids
    assert saved.merged is False
    assert (now(issue).subject, now(issue).stories[-1].body, len(now(issue).stories)) == ("Draft", "Begun", 4)
    with pytest.raises(Conflicting):
        save(issue.pk, Wanted(1, replace(document, subject="Of another page"), client="other"), anna)


def test_no_story_is_doubled_where_the_answer_to_a_merged_save_was_lost(issue, anna, ben):
    document = now(issue)
    save(issue.pk, Wanted(1, replace(document, intro="Ben's"), client="his"), ben)
    typed = added(document, "new-1", headline="Once")
    lost = save(issue.pk, Wanted(1, typed, client="hers"), anna)
    saved = save(issue.pk, Wanted(1, typed, client="hers"), anna)
    assert (saved.ids, saved.merged, saved.changed) == (lost.ids, True, False)
    assert [story.headline for story in now(issue).stories].count("Once") == 1


def test_a_story_is_moved_in_from_the_backlog_and_out_to_it(issue, anna):
    waits = Story.objects.create(newsletter=issue.newsletter, headline="Waits", body="B")
    document = now(issue)
    out, *rest = document.stories
    moved_in = replace(out, id=waits.pk, headline="Waits no more", topics=())
    wanted = Wanted(1, replace(document, stories=(*rest, moved_in)), backlog=frozenset({out.id}))
    save(issue.pk, wanted, anna)
    assert now(issue).keys == (*(story.id for story in rest), waits.pk)
    waits.refresh_from_db()
    assert (waits.newsletter, waits.headline) == (None, "Waits no more")
    story = Story.objects.get(pk=out.id)
    assert (story.issue, story.newsletter, story.position) == (None, issue.newsletter, None)


def test_a_story_of_another_issue_cannot_be_taken(issue, anna):
    other = next_issue(issue)
    theirs = now(other).stories[0]
    document = now(issue)
    with pytest.raises(Invalid) as raised:
        save(issue.pk, Wanted(1, replace(document, stories=(*document.stories, theirs))), anna)
    assert [(error.field, error.where) for error in raised.value.errors] == [
        (f"stories.{theirs.id}", "story 4")
    ]
    assert other.stories.filter(pk=theirs.id).exists()
    foreign = Story.objects.create(newsletter=make_issue().newsletter, headline="Foreign", body="B")
    with pytest.raises(Invalid):
        save(issue.pk, Wanted(1, replace(document, stories=(replace(theirs, id=foreign.pk),))), anna)


def test_a_number_that_is_taken_and_a_topic_that_is_not_there_are_refused_by_field(issue, anna):
    next_issue(issue)
    wrong = replace(written(now(issue), 2, topics=(999_999,)), number=2)
    with pytest.raises(Invalid) as raised:
        save(issue.pk, Wanted(1, wrong), anna)
    assert [(error.where, error.field) for error in raised.value.errors] == [
        ("number", "number"),
        ("story 3, topics", f"stories.{wrong.stories[2].id}.topics"),
    ]
    assert issue.revision == 1


def test_a_story_that_others_deleted_is_made_anew_where_somebody_keeps_it(issue, anna, ben):
    document = now(issue)
    save(issue.pk, Wanted(1, replace(document, stories=document.stories[1:])), anna)
    kept = written(document, 0, body="Better")
    with pytest.raises(Conflicting):
        save(issue.pk, Wanted(1, kept), ben)
    saved = save(issue.pk, Wanted(2, kept), ben)
    assert (saved.ids, now(issue)) == ({}, kept)


def test_a_number_that_a_page_made_up_is_given_to_nobody(issue, anna):
    document = now(issue)
    made_up = 10**9
    wanted = replace(document, stories=(replace(document.stories[0], id=made_up), *document.stories[1:]))
    saved = save(issue.pk, Wanted(1, wanted), anna)
    assert list(saved.ids) == [made_up]
    assert not Story.objects.filter(pk=made_up).exists()


@pytest.mark.parametrize("rolling", [False, True])
def test_an_issue_of_which_a_send_was_started_is_locked(issue, anna, rolling):
    moment = timezone.now()
    send = Send.objects.create(
        issue=issue,
        mailing_list=issue.newsletter.mailing_list,
        planned_at=moment,
        candidates=0,
        rolling=rolling,
    )
    save(issue.pk, Wanted(1, replace(now(issue), subject="Planned only")), anna)
    Send.objects.filter(pk=send.pk).update(started_at=moment)
    with pytest.raises(Locked, match="copy"):
        save(issue.pk, Wanted(2, replace(now(issue), subject="Too late")), anna)
    assert now(issue).subject == "Planned only"


def test_old_versions_thin_out_but_not_those_with_a_reason(issue, anna, ben):
    base = timezone.now() - timedelta(hours=3)
    start = base - timedelta(seconds=base.timestamp() % 600)

    document = now(issue)

    def version(number, minutes, by, why=""):
        Version.objects.create(issue=issue, revision=number, content=as_json(document), by=by, why=why)
        Version.objects.filter(revision=number).update(at=start + timedelta(minutes=minutes))

    for number, minute, by in [
        (1, 1, anna),
        (2, 2, ben),
        (3, 3, anna),
        (4, 4, ben),
        (5, 12, anna),
        (6, 13, anna),
    ]:
        version(number, minute, by)
    version(7, 14, anna, "Restored from revision 2")
    version(8, 175, anna)
    version(9, 176, anna)
    Issue.objects.filter(pk=issue.pk).update(revision=9)
    save(issue.pk, Wanted(9, replace(now(issue), subject="Written")), anna)
    there_are = list(Version.objects.order_by("revision").values_list("revision", flat=True))
    assert there_are == [3, 4, 6, 7, 8, 9, 10]


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_the_same_moment_wait_for_each_other_and_both_are_kept(issue, anna, ben):
    document = now(issue)
    first, second = replace(document, subject="Anna's"), written(document, 0, body="Ben's")
    start = Barrier(2)

    def save_at_once(mine, by):
        try:
            start.wait()
            return save(issue.pk, Wanted(1, mine), by).revision
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        revisions = list(pool.map(save_at_once, (first, second), (anna, ben)))
    assert sorted(revisions) == [2, 3]
    assert now(issue) == written(replace(document, subject="Anna's"), 0, body="Ben's")
