import csv
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscribers.importing import CannotImport, Note, Refusal, import_file, steer
from subscribers.models import (
    Consent,
    Erasure,
    Import,
    ImportedRow,
    MailingList,
    Subscriber,
    Subscription,
    Suppression,
    Topic,
)
from subscribers.privacy.erase import erase
from subscribers.privacy.erased import address_hash
from tests.subscribers.importing.conftest import run_import


def store():
    """Everything in the store that an import may touch, with its times."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Subscriber, Subscription, Consent, MailingList, Topic, Suppression)
    ]


def refused_rows(tmp_path):
    return list(csv.reader((tmp_path / "refused.csv").read_text("utf-8-sig").splitlines()))


def test_new_people_become_active_with_a_consent_record(importing, weekly):
    Topic.objects.create(slug="ai", name="AI")
    summary = importing(
        "Email,Vorname,姓,lang,tz,country,tags,Company\nAnna@Example.org,Anna,李,zh_CN,asia/singapore,sg,AI,Acme\n"
    )
    anna = Subscriber.objects.get()
    assert (anna.email, anna.first_name, anna.last_name) == ("Anna@example.org", "Anna", "李")
    assert (anna.language, anna.time_zone, anna.country) == ("zh-CN", "Asia/Singapore", "SG")
    assert (anna.topic_ids, anna.attributes) == ([Topic.objects.get().pk], {"company": "Acme"})
    subscription = Subscription.objects.get(subscriber=anna, mailing_list=weekly)
    assert (subscription.state, subscription.source) == ("active", "people.csv")
    consent = Consent.objects.get(subscriber=anna, mailing_list=weekly)
    assert (consent.action, consent.source) == ("imported", "people.csv")
    assert consent.detail == {"import": Import.objects.get().pk, "line": 2}
    assert (summary.rows, summary.imported, summary.subscribed, summary.adds_up) == (1, 1, 1, True)


def test_of_rows_with_the_same_address_the_last_value_of_each_field_counts(importing):
    Topic.objects.create(slug="ai", name="AI")
    summary = importing(
        "email,first name,last name,topics,a,b\n"
        "ANNA@example.org,Ann,Li,ai,1,\n"
        "bob@example.org,Bob,,,,\n"
        "anna@example.org,Anna,,,2,3\n"
        "Anna@EXAMPLE.org,,,,,\n"
    )
    assert (summary.rows, summary.imported, summary.duplicates_in_file) == (4, 2, 2)
    anna = Subscriber.objects.get(email="ANNA@example.org")
    assert (anna.first_name, anna.last_name, anna.topic_ids) == ("Anna", "Li", [Topic.objects.get().pk])
    assert anna.attributes == {"a": "2", "b": "3"}
    assert summary.adds_up


def test_a_value_replaces_the_stores_and_an_empty_one_keeps_it(importing):
    ai, law = (Topic.objects.create(slug=slug, name=slug) for slug in ("ai", "law"))
    importing(
        "email,first name,last name,topics,a,b\nanna@example.org,Anna,Li,ai,1,2\nbo@example.org,Bo,,ai,,\n"
    )
    summary = importing(
        "email,first name,last name,topics,b,c\nANNA@example.org,,王,law,3,4\nbo@example.org,,,nothing,,\n"
    )
    anna, bo = Subscriber.objects.order_by("email")
    assert (anna.email, anna.first_name, anna.last_name) == ("anna@example.org", "Anna", "王")
    assert (anna.topic_ids, anna.attributes) == ([law.pk], {"a": "1", "b": "3", "c": "4"})
    assert bo.topic_ids == [ai.pk]
    assert (summary.merged_with_store, summary.unchanged, summary.unknown_topics) == (1, 1, {"nothing": 1})


def test_the_same_file_twice_changes_nothing(importing):
    text = "email,first name,x\nanna@example.org,Anna,1\nANNA@example.org,Ann,2\nbob@example.org,,\nbad,,\n"
    importing(text)
    before = store()
    summary = importing(text)
    assert store() == before
    assert (summary.imported, summary.merged_with_store, summary.unchanged) == (0, 0, 2)
    assert (summary.duplicates_in_file, summary.refused, summary.subscribed) == (
        1,
        {Refusal.BAD_ADDRESS: 1},
        0,
    )


@pytest.mark.parametrize("state", ["unsubscribed", "pending", "active"])
def test_who_is_on_the_list_stays_as_they_are(importing, weekly, state):
    anna = Subscriber.objects.create(email="anna@example.org")
    Subscription.objects.create(subscriber=anna, mailing_list=weekly, state=state, source="before")
    summary = importing("email,first name\nanna@example.org,Anna\n")
    assert Subscription.objects.values_list("state", "source").get() == (state, "before")
    assert not Consent.objects.exists()
    assert (summary.kept_unsubscribed, summary.kept_pending) == (state == "unsubscribed", state == "pending")
    assert summary.merged_with_store == 1


def test_suppressed_people_are_stored_counted_and_stay_suppressed(importing):
    Suppression.objects.create(address="anna@example.org", reason="complaint")
    Suppression.objects.create(address="anna@example.org", reason="bounce")
    summary = importing("email\nANNA@example.org\n")
    assert (summary.imported, summary.suppressed) == (1, 1)
    assert Suppression.objects.count() == 2


def test_people_of_another_list_come_on_this_one_too(importing):
    importing("email\nanna@example.org\n")
    monthly = MailingList.objects.create(slug="monthly", name="Monthly")
    summary = importing("email\nanna@example.org\nnew@example.org\n", monthly)
    assert (summary.imported, summary.merged_with_store, summary.subscribed) == (1, 1, 2)
    assert Consent.objects.filter(mailing_list=monthly).count() == 2


def test_retired_topics_are_not_chosen(importing):
    Topic.objects.create(slug="ai", name="AI", retired=True)
    assert importing("email,topics\nanna@example.org,AI\n").unknown_topics == {"AI": 1}


def test_refused_rows_stand_in_a_file_with_line_and_reason_and_can_be_mended_and_imported(
    importing, tmp_path
):
    summary = importing(
        'email,name,phone\r\nanna@example.org,Anna,1\r\n"bad","two\r\nlines",+65 1\r\n\r\n=cmd()@,x,\r\nc@example.org,a,b,c\r\n'
    )
    header, *rows = csv.reader((tmp_path / "refused.csv").open(encoding="utf-8-sig", newline=""))
    assert header == ["line", "reason", "email", "name", "phone"]
    assert [(row[0], row[2:]) for row in rows] == [
        ("3", ["bad", "two\r\nlines", "'+65 1"]),
        ("6", ["'=cmd()@", "x", ""]),
        ("7", ["c@example.org", "a", "b", "c"]),
    ]
    assert rows[0][1].startswith("not an email address: ")
    assert rows[2][1] == "more cells than the header has columns"
    assert (summary.refused_path, summary.refused_rows) == (tmp_path / "refused.csv", 3)

    mended = importing("line,reason,email,phone\n3,whatever,good@example.org,'+65 1\n")
    assert mended.imported == 1
    assert Subscriber.objects.get(email="good@example.org").attributes == {"phone": "+65 1"}
    assert not (tmp_path / "refused.csv").exists()


def test_a_broken_character_refuses_its_row_and_leaves_the_others_intact(importing, tmp_path):
    names = "".join(f"p{n}@example.org,Zoë\n" for n in range(20)).encode()
    summary = importing(b"email,first name\n" + names + b"broken@example.org,Zo\xeb\n")
    assert summary.refused == {Refusal.UNREADABLE: 1}
    assert set(Subscriber.objects.values_list("first_name", flat=True)) == {"Zoë"}
    assert refused_rows(tmp_path)[1][:3] == ["22", Refusal.UNREADABLE.value, "broken@example.org"]


def test_values_survive_copy_and_json_unchanged(importing):
    typed = r"a\tb\\N\.{}'" + '"'
    importing("email,first name,note\nanna@example.org,\\N,{}\n".format('"' + typed.replace('"', '""') + '"'))
    anna = Subscriber.objects.get()
    assert (anna.first_name, anna.attributes) == ("\\N", {"note": typed})


def test_ignored_values_are_noted(importing):
    assert importing("email,language\nanna@example.org,Chinese\n").notes == {Note.LANGUAGE: 1}


@pytest.mark.parametrize("content", [",", "sep=;\n", "sep=;\n;;\n", '"', '"email\nanna@example.org\n', "\0"])
def test_a_file_without_a_header_is_refused_as_a_whole(importing, content):
    with pytest.raises(CannotImport):
        importing(content)


def test_an_interruption_leaves_the_chunks_before_it_and_no_half_one(weekly, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("email\n" + "".join(f"p{n}@example.org\n" for n in range(10)))

    def interrupt(done, total):
        if Subscriber.objects.count() == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(path, weekly, refused_path=tmp_path / "refused.csv", progress=interrupt, rows=3)
    assert Subscriber.objects.count() == Subscription.objects.count() == Consent.objects.count() == 6
    stored = Import.objects.get()
    assert (stored.state, stored.rows_read) == ("running", 6)
    assert steer.due() == [stored.pk]


def test_the_file_is_not_overwritten_by_its_own_refusals(weekly, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("email\nbad\n")
    with pytest.raises(CannotImport, match="would be overwritten"):
        import_file(path, weekly, refused_path=path, progress=lambda done, total: None)
    assert path.read_text() == "email\nbad\n"


def test_a_place_for_refusals_that_cannot_be_written_is_named(weekly, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("email\nanna@example.org\n")
    with pytest.raises(CannotImport, match="cannot be written to"):
        import_file(path, weekly, refused_path=tmp_path / "none" / "x.csv")
    assert not Subscriber.objects.exists()
    assert not Import.objects.exists()


def test_an_ordinary_database_role_imports_the_same(importing):
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE import_test")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO import_test")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO import_test")
        cursor.execute("SET LOCAL ROLE import_test")
        summary = importing("email\nanna@example.org\nbob@example.org\n")
        cursor.execute("RESET ROLE")
    assert (summary.imported, Subscription.objects.count(), Consent.objects.count()) == (2, 2, 2)


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_neither_deadlock_nor_double(tmp_path):
    weekly = MailingList.objects.create(slug="weekly", name="Weekly")
    addresses = [f"p{n}@example.org,{n}\n" for n in range(2000)]
    both_have_read = threading.Barrier(2, timeout=60)

    def run(name, rows):
        path = tmp_path / f"{name}.csv"
        path.write_text("email,first name\n" + "".join(rows))

        def progress(done, total):
            if done == total:
                both_have_read.wait()

        try:
            return import_file(path, weekly, refused_path=tmp_path / f"{name}.refused.csv", progress=progress)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(run, ("one", "two"), (addresses, addresses[::-1]))
    assert sorted((one.imported, two.imported)) == [0, 2000]
    assert one.unchanged + two.unchanged == 2000
    assert Subscription.objects.count() == Consent.objects.count() == 2000


@pytest.mark.django_db(transaction=True)
def test_somebody_who_signs_up_in_the_middle_is_merged(tmp_path):
    weekly = MailingList.objects.create(slug="weekly", name="Weekly")
    path = tmp_path / "people.csv"
    path.write_text("email,first name\nanna@example.org,Anna\nbob@example.org,Bob\n")

    def run():
        try:
            return run_import(path, weekly)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Subscriber.objects.create(email="ANNA@example.org", last_name="Li")
            running = pool.submit(run)
            with connection.cursor() as cursor:
                waiting = 0
                while not waiting:
                    assert not running.done()
                    cursor.execute(
                        "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
                    )
                    waiting = cursor.fetchone()[0]
        summary = running.result(timeout=60)
    assert (summary.imported, summary.merged_with_store) == (1, 1)
    anna = Subscriber.objects.get(email="ANNA@example.org")
    assert (anna.first_name, anna.last_name) == ("Anna", "Li")
    assert Subscription.objects.filter(state="active").count() == Consent.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_somebody_changes_in_the_middle_is_kept_and_merged_with(tmp_path):
    weekly = MailingList.objects.create(slug="weekly", name="Weekly")
    anna = Subscriber.objects.create(email="anna@example.org", attributes={"a": "1"})
    path = tmp_path / "people.csv"
    path.write_text("email,first name,b\nanna@example.org,Anna,2\n")

    def change() -> None:
        Subscriber.objects.filter(pk=anna.pk).update(last_name="Li", attributes={"a": "3"})
        connections.close_all()

    changed = []

    def change_before_the_update(execute, sql, params, many, context):
        if sql.strip().startswith("UPDATE subscribers_subscriber known") and not changed:
            changed.append(True)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(change).result(timeout=60)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(change_before_the_update):
        summary = run_import(path, weekly)
    anna.refresh_from_db()
    assert (anna.first_name, anna.last_name, anna.attributes) == ("Anna", "Li", {"a": "3", "b": "2"})
    assert (summary.merged_with_store, summary.subscribed) == (1, 1)
    assert ImportedRow.objects.get().former == {"first_name": "", "attributes": {"a": "3"}}


def test_who_was_erased_is_refused_and_others_are_not(importing, weekly):
    gone = Subscriber.objects.create(email="gone@invalid.example")
    Erasure.objects.create(subscriber=gone, address_hash=address_hash("Anna@example.org"), by="themselves")
    summary = importing("email\nANNA@example.org\nbo@example.org\n")
    assert (summary.refused, summary.imported) == ({Refusal.ERASED: 1}, 1)
    assert not Subscriber.objects.filter(email__iexact="anna@example.org").exists()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("用户@例子.example.com", "用户@xn--fsqu00a.example.com"),
        ("anna@bücher.example.com", "anna@xn--bcher-kva.example.com"),
        ("δοκιμή@example.org", "δοκιμή@example.org"),
    ],
)
def test_international_addresses_are_imported(importing, typed, stored):
    importing(f"email\n{typed}\n")
    assert Subscriber.objects.get().email == stored


cells = st.sampled_from(
    [
        "anna@example.org",
        "ANNA@example.org",
        "Bo <bo@example.org>",
        "bad",
        "",
        "Zoë",
        "李",
        '"',
        '""',
        "a\0",
        "\x1b",
        "=1",
    ]
)
tables = st.lists(st.lists(cells, max_size=4).map(",".join), max_size=8).map(
    lambda rows: "\n".join(["email,first name,x", *rows])
)
contents = (
    st.binary(max_size=80)
    | tables.map(lambda text: text.encode())
    | st.tuples(tables, st.sampled_from(["utf-16", "cp1252", "utf-8-sig"])).map(
        lambda each: each[0].encode(each[1], "replace")
    )
    | st.tuples(tables, st.binary(max_size=20)).map(lambda each: each[0].encode() + b"\n" + each[1])
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents)
def test_any_bytes_are_imported_or_explained_and_twice_is_the_same_as_once(weekly, tmp_path, content):
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with transaction.atomic():
        try:
            once = run_import(path, weekly)
        except CannotImport:
            assert not Subscriber.objects.exists()
        else:
            refusals = tmp_path / "refused.csv"
            assert once.adds_up
            assert once.refused_rows == (
                sum(1 for _ in csv.reader(refusals.open(encoding="utf-8-sig", newline=""))) - 1
                if refusals.exists()
                else 0
            )
            assert Subscriber.objects.count() == once.imported
            before = store()
            twice = run_import(path, weekly)
            assert store() == before
            assert (twice.rows, twice.unchanged, twice.refused) == (once.rows, once.imported, once.refused)
            assert twice.adds_up
        transaction.set_rollback(True)


def test_who_is_erased_while_an_import_runs_does_not_come_back_with_it(importing, weekly):
    anna = Subscriber.objects.create(email="anna@example.org")

    def erase_anna(done, total):
        erase(anna.pk, by="the person", source="erasure page")

    summary = importing(
        "email\nbo@example.org\nAnna@example.org\ncy@example.org\n", progress=erase_anna, rows=1
    )
    assert (summary.rows, summary.refused, summary.imported) == (3, {Refusal.ERASED: 1}, 2)
    assert summary.adds_up
    assert not Subscriber.objects.filter(email__iexact="anna@example.org").exists()


@pytest.mark.django_db(transaction=True)
def test_an_erasure_waits_for_the_chunk_that_is_merged(tmp_path):
    weekly = MailingList.objects.create(slug="weekly", name="Weekly")
    anna = Subscriber.objects.create(email="anna@example.org")
    path = tmp_path / "people.csv"
    path.write_text("email,status\nanna@example.org,unsubscribed\nanna@example.org,complained\n")

    def go():
        try:
            return erase(anna.pk, by="the person", source="erasure page")
        finally:
            connections.close_all()

    going = []
    with ThreadPoolExecutor(1) as pool:

        def erase_after_the_match(execute, sql, params, many, context):
            answer = execute(sql, params, many, context)
            if "CREATE TEMPORARY TABLE import_incoming" in sql and not going:
                going.append(pool.submit(go))
                wait([going[0]], timeout=0.5)
            return answer

        with connection.execute_wrapper(erase_after_the_match):
            run_import(path, weekly)
        assert going[0].result(timeout=60).suppressed_for == "complaint"
    assert not Subscription.objects.exists()
    assert not Suppression.objects.exists()
    assert not ImportedRow.objects.exists()
