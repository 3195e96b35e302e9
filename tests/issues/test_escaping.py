"""Whatever a subscriber or an editor writes, the structure of the mail stays what the theme made it."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.placeholders import choose_nonce
from tests.issues import sample
from tests.issues.dom import hrefs, skeleton, visible_text

HOSTILE = [
    "</mj-text><mj-raw><script>alert(1)</script></mj-raw>",
    "a < b > c & d",
    "<",
    '" onclick="alert(1)',
    "' onclick='alert(1)",
    "]]> --> <!-- <![endif]-->",
    "&lt;script&gt; &nbsp; &bogus;",
    "</title></style></script>",
    "\x00\x0b\ud800\ufffe",
    "{# not a tag #}",
    "李娜 🐼 مرحبا",
]
text = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=40))
slow = settings(
    max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow], deadline=None
)

EVERYWHERE = sample.issue(
    subject="Hi {{ subscriber.name }}",
    preheader="For {{ subscriber.name }}",
    intro="Dear **{{ subscriber.name }}** and [{{ subscriber.name }}](https://a.example/?n={{ subscriber.name }})",
    stories=(
        sample.story(
            headline="{{ subscriber.name }}",
            body="`{{ subscriber.name }}`\n\n> {{ subscriber.name|upper }}",
            link="https://a.example/{{ subscriber.name }}#{{ subscriber.name|lower }}",
            image_alt="{{ subscriber.name }}",
        ),
    ),
)
EDITION = build(EVERYWHERE)
PLAIN = skeleton(EDITION.html)


def recipient(name: str) -> dict[str, object]:
    return sample.RECIPIENT | {"subscriber": {"name": name}}


@slow
@given(name=text)
def test_no_value_of_a_subscriber_changes_the_structure(name: str) -> None:
    mail = personalise(EDITION, recipient(name))
    assert skeleton(mail.html) == PLAIN
    assert all(url.startswith("https://") for url in hrefs(mail.html))
    assert re.search(r"[\x00-\x1f\x7f\u2028\u2029]", mail.subject) is None
    assert EDITION.text.count("\n") == mail.text.count("\n")
    mail.html.encode()
    mail.text.encode()


@slow
@given(name=text)
def test_no_value_of_a_subscriber_leaves_the_place_in_the_address(name: str) -> None:
    first = hrefs(personalise(EDITION, recipient(name)).html)
    assert any(re.fullmatch(r"https://a\.example/\?n=[A-Za-z0-9%._~-]*", url) for url in first)


@slow
@given(written=text)
def test_no_plain_text_of_an_editor_changes_the_structure(written: str) -> None:
    written = written.replace("{", "(")
    issue = sample.issue(
        newsletter=sample.newsletter(name="N" + written, tagline="T" + written, from_name=written),
        subject="S" + written,
        preheader="P" + written,
        stories=(sample.story(headline="H" + written, image_alt=written, topics=(written,)),),
        call_to_action_label="C" + written,
    )
    usual = sample.issue(stories=(sample.story(),))
    assert skeleton(build(issue).html) == skeleton(build(usual).html)


@slow
@given(written=text)
def test_markdown_makes_only_the_tags_of_the_allow_list(written: str) -> None:
    issue = sample.issue(stories=(sample.story(body="Text " + written.replace("{", "(").replace("]", ")")),))
    try:
        html, refused = build(issue).html, set()
    except BuildError as error:  # such as <x:>, an address of a scheme that no mail may have
        html, refused = "", {problem.code for problem in error.problems}
    assert refused <= {"link_scheme"}
    tags = {entry[0] for entry in skeleton(html)}
    assert not tags & {"script", "iframe", "form", "object", "mj-text", "mj-raw"}


@pytest.mark.parametrize("written", HOSTILE)
def test_a_hostile_headline_is_shown_as_it_was_written(written: str) -> None:
    html = build(sample.issue(stories=(sample.story(headline=f"A {written} Z"),))).html
    shown = re.sub("[\x00-\x1f\ud800\ufffe]+", " ", f"A {written} Z").replace("{# not a tag #}", "")
    assert " ".join(shown.split()) in " ".join(visible_text(html).replace("\u00a0", " ").split())


def test_raw_html_in_markdown_is_text() -> None:
    html = build(sample.issue(intro="<img src=x onerror=alert(1)> <b>bold</b>")).html
    assert "<img src=x" not in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html


@given(st.text())
def test_a_nonce_occurs_nowhere_in_the_content(content: str) -> None:
    nonce = choose_nonce(content)
    assert nonce not in content
    assert re.fullmatch("m[0-9a-f]{6}", nonce)


def test_a_content_that_holds_the_nonce_gets_another_one() -> None:
    first = choose_nonce("x")
    digest_of_itself = f"x{first}"
    assert choose_nonce(digest_of_itself) not in digest_of_itself


def test_no_key_is_a_prefix_of_another_and_each_stands_in_the_edition() -> None:
    keys = [tag.key for tag in EDITION.tags]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {len(keys[0])}
    everything = EDITION.subject + EDITION.preheader + EDITION.html + EDITION.text
    assert all(key in everything and key.isalnum() for key in keys)
    assert not [word for word in re.findall(keys[0][:7] + r"\w{4}", everything) if word not in keys]


def test_a_value_that_is_another_key_is_not_replaced_again() -> None:
    other = next(tag.key for tag in EDITION.tags if tag.expression == "links.view")
    assert personalise(EDITION, recipient(other)).subject == f"Hi {other}"
