"""A small issue for tests: three stories, two scripts, tags in most of the places where they may stand."""

import dataclasses
import datetime
from typing import Any

from mailer.issues.builder.content import IssueContent, NewsletterContent, StoryContent

RECIPIENT: dict[str, Any] = {
    "subscriber": {
        "email": "mei.lin@example.org",
        "first_name": "美林",
        "last_name": "O'Hara & Söhne",
        "language": "en",
        "attributes": {"plan": "gold"},
    },
    "links": {
        "unsubscribe": "https://news.example.org/u/abc?list=1&sig=xyz",
        "preferences": "https://news.example.org/p/abc",
        "view": "https://news.example.org/v/abc",
    },
}

_STORIES = (
    StoryContent(
        id=11,
        headline="TikTok and Meta describe two different worlds",
        body=(
            "Meta's head of global affairs said that the two companies *differ deeply* in values.\n\n"
            "TikTok answers that it is **not a Chinese company**: its owner is "
            "[ByteDance](https://stories.example.org/bytedance?from=digest&lang=en), "
            "and the data of American users stays in America."
        ),
        link="https://stories.example.org/tiktok",
        image="https://images.example.org/tiktok.png",
        image_alt="A phone with a video app in front of a skyline",
        topics=("Policy",),
    ),
    StoryContent(
        id=12,
        headline="腾讯承诺支持黑龙江: Pony Ma speaks in Shenzhen",
        body=(
            "Tencent's chief executive 马化腾 promised more support for the north-eastern province.\n\n"
            "- a forum of Heilongjiang and Guangdong\n- held in Shenzhen\n\n"
            "> Two provinces, one plan."
        ),
        link="https://stories.example.org/tencent?reader={{ subscriber.email }}",
        link_label="Read the story",
        topics=("Economy", "Policy"),
    ),
    StoryContent(
        id=13,
        headline="Alipay spending in Singapore nearly doubles",
        body='Luxury shops and malls gained most, {{ subscriber.first_name or "reader" }}.',
        link="https://stories.example.org/alipay",
        image="https://images.example.org/alipay.png",
        image_alt="A shop counter with a payment code",
        topics=("Payments", "Travel"),
        for_everyone=True,
    ),
)


def newsletter(**changes: Any) -> NewsletterContent:
    """Return the sample newsletter with some fields changed."""
    content = NewsletterContent(
        name="China Digital Digest",
        theme="digest",
        language="en",
        from_name="China Digital Digest",
        from_email="digest@example.org",
        website="https://www.example.org/",
        postal_address="Harbour Media Ltd.\n12 Quay Street\nSingapore 049318",
        colour="#b3261e",
        tagline="What marketers need to know, every Tuesday",
    )
    return dataclasses.replace(content, **changes)


def story(**changes: Any) -> StoryContent:
    """Return the first sample story with some fields changed."""
    return dataclasses.replace(_STORIES[0], **changes)


def issue(**changes: Any) -> IssueContent:
    """Return the sample issue with some fields changed."""
    content = IssueContent(
        newsletter=newsletter(),
        number=12,
        date=datetime.date(2023, 4, 18),
        subject='{{ subscriber.first_name or "Hello" }}, TikTok, Tencent and a boom in Singapore',
        preheader="Three stories from China's digital week, in five minutes",
        intro='Hello {{ subscriber.first_name or "there" }},\n\nthis is **issue {{ issue.number }}**: three stories.',
        stories=_STORIES,
        outro="### Wrapping up\n\nThat was the week. See you next Tuesday!",
        call_to_action_label="Get the April report",
        call_to_action_link="https://www.example.org/report?plan={{ subscriber.plan }}",
    )
    return dataclasses.replace(content, **changes)
