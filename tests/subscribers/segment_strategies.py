"""Random rules on people, and random people, from a small store of words so that they meet."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from tests.plain_rules import OnList, Person

NOW = datetime(2026, 3, 31, 9, 15, tzinfo=UTC)
LISTS, TOPICS, SEGMENTS, SNAPSHOTS = (
    ("weekly", "offers"),
    ("payments", "travel"),
    ("first", "second"),
    ("march",),
)
STATES, CADENCES = ("pending", "active", "unsubscribed"), ("every", "second", "monthly")
REASONS = ("bounce", "complaint", "invalid", "unsubscribe", "manual")
COUNTRIES = ("SG", "MY", "DE", "")
WORDS = (
    *(
        "Mei",
        "mei",
        "Zoë",
        "ZOË",
        "Ünal",
        "李",
        "Ж",
        "ж",
        "O'Brien",
        '"; DROP TABLE x; --',
        "%",
        "_",
        "a_b",
        "50%",
    ),
    *("\\", "%(rule_0)s", "{}", "{people}", " ", "x\ny", "🙂", "mei tan", "true", "no", "18", "2026-03-31"),
)
ATTRIBUTES = ("age", "ünï", "a'b", "x.y", "%s")

words = st.sampled_from([word for word in WORDS if word.strip()])
days = st.dates(date(2026, 1, 1), date(2026, 4, 30))
moments = st.builds(
    lambda day, hour: datetime(day.year, day.month, day.day, hour, tzinfo=UTC), days, st.integers(0, 23)
)
numbers = st.sampled_from([-3, 0, 1, 17, 18, 18.0, 17.5, 17.999, 0.5, 1e15])
values = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.sampled_from(
        ["", "18", "+17.5", "1e3", " 18", "12.", "2026-03-31", "2026-02-31", "2026-03-30T23:59", "20260331"]
    ),
    st.sampled_from(["yes", "NO", "On", "off ", "2026-03-01 x", "2026-03-01x"]),
    st.sampled_from(WORDS),
    st.lists(st.one_of(words, st.integers(0, 3)), max_size=3),
    st.just({"a": 1}),
)


def one(key: str, value: st.SearchStrategy) -> st.SearchStrategy:
    """An object with one key."""
    return st.builds(lambda found: {key: found}, value)


def a_few(strategy: st.SearchStrategy, most: int = 3) -> st.SearchStrategy:
    return st.lists(strategy, min_size=1, max_size=most)


text_tests = st.one_of(
    *(one(op, words) for op in ("is", "is_not", "contains", "starts_with", "ends_with")),
    *(one(op, a_few(words, 12)) for op in ("is_any_of", "is_none_of")),
    one("is_empty", st.booleans()),
)
number_tests = st.one_of(
    *(one(op, numbers) for op in ("is", "is_not", "at_least", "at_most", "less_than", "more_than")),
    one("between", st.lists(numbers, min_size=2, max_size=2).map(sorted)),
)
date_tests = st.one_of(
    *(one(op, days.map(str)) for op in ("before", "after", "on")),
    *(one(op, st.integers(1, 60)) for op in ("in_last_days", "not_in_last_days")),
)
list_tests = st.one_of(*(one(op, a_few(words)) for op in ("has_any_of", "has_all_of", "has_none_of")))
tests = {
    "text": text_tests,
    "number": st.one_of(number_tests, one("is_empty", st.booleans())),
    "date": st.one_of(date_tests, one("is_empty", st.booleans())),
    "yes_no": st.one_of(one("is", st.booleans()), one("is_empty", st.booleans())),
    "list": st.one_of(list_tests, one("is_empty", st.booleans())),
}


def joined(*parts: st.SearchStrategy) -> st.SearchStrategy:
    """Several objects as one."""
    return st.builds(lambda *found: {key: value for each in found for key, value in each.items()}, *parts)


def maybe(key: str, value: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.just({}), one(key, value))


countries = st.sampled_from([code for code in COUNTRIES if code])
conditions = st.one_of(
    joined(
        one(
            "field", st.sampled_from(["email", "domain", "first_name", "last_name", "language", "time_zone"])
        ),
        text_tests,
    ),
    joined(
        st.just({"field": "country"}),
        st.one_of(
            one("is", countries),
            one("is_not", countries),
            one("is_any_of", a_few(countries)),
            one("is_empty", st.booleans()),
        ),
    ),
    joined(st.just({"field": "created"}), date_tests),
    st.sampled_from(sorted(tests)).flatmap(
        lambda kind: joined(
            one("attribute", st.sampled_from(ATTRIBUTES)), st.just({"type": kind}), tests[kind]
        )
    ),
    joined(
        one("list", st.sampled_from([*LISTS, "*"])),
        maybe("state", st.one_of(st.sampled_from(STATES), a_few(st.sampled_from(STATES)))),
        maybe("cadence", st.one_of(st.sampled_from(CADENCES), a_few(st.sampled_from(CADENCES)))),
        maybe("paused", st.booleans()),
        maybe("signed_up", date_tests),
        maybe("source", text_tests),
    ),
    joined(one("topic", st.sampled_from(TOPICS)), maybe("chosen", st.booleans())),
    one("every_topic", st.booleans()),
    one("suppressed", st.one_of(st.booleans(), a_few(st.sampled_from(REASONS)))),
    one("segment", st.sampled_from(SEGMENTS)),
    one("snapshot", st.sampled_from(SNAPSHOTS)),
)

typed = st.sampled_from(sorted(tests)).flatmap(
    lambda kind: joined(st.just({"version": 1, "attribute": "age", "type": kind}), tests[kind])
)
"""Rules on the attribute "age", of every type."""


def groups_of(leaves: st.SearchStrategy) -> st.SearchStrategy:
    """Rules of these conditions in nested groups."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(*(one(join, a_few(inner, 4)) for join in ("all", "any", "none"))),
        max_leaves=6,
    ).map(lambda rule: {"version": 1, **rule})


on_lists = st.builds(
    OnList,
    list=st.sampled_from(LISTS),
    state=st.sampled_from(STATES),
    cadence=st.sampled_from(CADENCES),
    paused_until=st.one_of(st.none(), days, st.just(NOW.date()), st.just(NOW.date() + timedelta(days=1))),
    source=st.sampled_from(WORDS),
    created_at=moments,
)
people = st.lists(
    st.builds(
        Person,
        email=st.builds(
            lambda name, domain: f"{name}@{domain}",
            st.sampled_from(["mei", "Ünal", "a%b", "o'brien", '"x@y"', "李"]),
            st.sampled_from(["Example.org", "mei", "x.ж"]),
        ),
        first_name=st.sampled_from(["", *WORDS]),
        last_name=st.sampled_from(["", *WORDS]),
        language=st.sampled_from(["", "en", "zh-Hans", "mei"]),
        time_zone=st.sampled_from(["", "Asia/Singapore", "Mei"]),
        country=st.sampled_from(COUNTRIES),
        created_at=moments,
        topics=st.frozensets(st.sampled_from(TOPICS)),
        attributes=st.dictionaries(st.sampled_from(ATTRIBUTES), values, max_size=5),
        lists=st.lists(on_lists, max_size=2, unique_by=lambda each: each.list),
        suppressed=st.frozensets(st.sampled_from(REASONS), max_size=2),
        snapshots=st.frozensets(st.sampled_from(SNAPSHOTS)),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda person: person.email.lower(),
)
