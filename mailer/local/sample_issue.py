"""The sample newsletter: a weekly digest for marketers who follow digital China, seven stories on seven topics."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from mailer.issues.models import Issue, Newsletter, Story, Theme
from subscribers.models import MailingList, Topic

LIST = "china-digest"
TOPICS = {
    "policy": "Policy",
    "economy": "Economy",
    "e-commerce": "E-commerce",
    "sustainability": "Sustainability",
    "ai": "AI",
    "payments": "Payments",
    "travel": "Travel",
}
SITE = "https://www.example.com/china-digest"


@dataclass(frozen=True)
class SampleStory:
    """A story; `picture` names a file under static/sample/."""

    headline: str
    body: str
    page: str
    picture: str
    alt: str
    topics: tuple[str, ...]
    for_everyone: bool = False


STORIES = (
    SampleStory(
        "Meta says it and TikTok do not share the same values",
        "Nick Clegg, who leads global affairs at Meta, sees a deep difference between his company and TikTok: "
        "not in features, he says, but in the *values* that the two platforms stand for.\n\n"
        "TikTok answers that it is not a Chinese company. The app of ByteDance (字节跳动) is not offered in China, "
        "and American users’ data and staff are kept apart, in America.",
        "tiktok-values",
        "policy.png",
        "Two speech bubbles that do not overlap",
        ("policy",),
        for_everyone=True,
    ),
    SampleStory(
        "Tencent promises the north-east more of its weight",
        "Pony Ma Huateng (马化腾), chief executive of Tencent, has promised more support for Heilongjiang, the "
        "country’s northernmost province.\n\n"
        "He spoke in Shenzhen, at a forum that Heilongjiang and Guangdong held together: the cold rust belt and "
        "the warm workshop of the world, looking for business with each other.",
        "tencent-heilongjiang",
        "economy.png",
        "A line that climbs over a row of hills",
        ("economy",),
    ),
    SampleStory(
        "Australia: no general ban of WeChat, but many small ones",
        "Australia’s government does not plan to ban WeChat (微信) from all official devices. Many departments "
        "have long decided for themselves, and did.\n\n"
        "TikTok was less lucky: since the beginning of April it is off government phones altogether. Brands that "
        "reach Chinese Australians through WeChat can breathe out, *for now*.",
        "australia-wechat",
        "policy.png",
        "Two speech bubbles that do not overlap",
        ("policy",),
    ),
    SampleStory(
        "Xiaohongshu tries group buying, and asks for neither deposit nor commission",
        "The lifestyle app Xiaohongshu (小红书) is testing group buying. Shops may join without a deposit, and "
        "the platform takes no commission.\n\n"
        "Influencers can earn some, though: who posts about a shop that takes part is paid for what the post "
        "sells. Recommendation, the app’s great strength, gets a checkout.",
        "xiaohongshu-group-buying",
        "e-commerce.png",
        "Shopping bags of several sizes in a row",
        ("e-commerce",),
    ),
    SampleStory(
        "L’Oréal and Alibaba want beauty to travel lighter",
        "For three years L’Oréal and Alibaba (阿里巴巴) will work together on greener packaging and logistics for "
        "China’s beauty industry.\n\n"
        "There is a lot to wrap: they put the industry at 87 billion US dollars. Less cardboard and fewer empty "
        "vans would be seen far beyond the two of them.",
        "loreal-alibaba",
        "sustainability.png",
        "A leaf that grows out of a parcel",
        ("e-commerce", "sustainability"),
    ),
    SampleStory(
        "Ernie Bot learns four times in a month",
        "Baidu’s Ernie Bot (文心一言) had four updates in its first month, although only invited testers can talk "
        "to it.\n\n"
        "The figure to remember is another one: inference, what each answer costs, fell to **a tenth**. Whoever "
        "plans with such models should plan with prices that move like that.",
        "ernie-bot",
        "ai.png",
        "Dots and lines that form a net",
        ("ai",),
    ),
    SampleStory(
        "Chinese travellers pay with Alipay in Singapore again, nearly twice as much",
        "In the first quarter of 2023 Chinese tourists spent almost double through Alipay (支付宝) in Singapore, "
        "compared with the quarter before.\n\n"
        "Luxury shops and malls gained the most. The travellers are back, and they pay the way they do at home.",
        "alipay-singapore",
        "travel.png",
        "A plane above a round horizon",
        ("payments", "travel"),
    ),
)


BACKLOG = (
    (
        "Night trains come back between Kunming and Vientiane",
        "A sleeper in each direction, four times a week, with tickets on the same apps as at home.",
        "night-trains",
        "travel",
    ),
    (
        "A supermarket chain lets its customers return cups by post",
        "Reuse, with a deposit that is paid back into the wallet of the app: 200 shops try it until summer.",
        "cups-by-post",
        "sustainability",
    ),
    (
        "Small shops may take digital yuan without a terminal",
        "A printed code is enough from May on; whoever pays needs no connection for small sums.",
        "digital-yuan-codes",
        "payments",
    ),
)
"""Headline, text, page and topic of stories without an issue."""


@transaction.atomic
def write_newsletter() -> Newsletter:
    """The sample newsletter with its list and topics, made if missing."""
    for slug, name in TOPICS.items():
        Topic.objects.get_or_create(slug=slug, defaults={"name": name})
    mailing_list, _ = MailingList.objects.get_or_create(
        slug=LIST,
        defaults={"name": "China Digital Digest", "description": "What happened in digital China this week."},
    )
    newsletter, new = Newsletter.objects.get_or_create(
        slug=LIST,
        defaults={
            "name": "China Digital Digest",
            "tagline": "Digital China, in seven stories a week",
            "mailing_list": mailing_list,
            "theme": Theme.DIGEST,
            "language": "en",
            "from_name": "China Digital Digest",
            "from_email": "digest@news.example.com",
            "reply_to": "editors@news.example.com",
            "website": SITE,
            "colour": "#b3261e",
            "postal_address": "Example Digital Pte Ltd\n1 Raffles Place\nSingapore 048616",
            "archive": True,
        },
    )
    if new:
        _write_backlog(newsletter)
    return newsletter


def _write_backlog(newsletter: Newsletter) -> None:
    """Stories that wait for an issue after the next one."""
    for headline, body, page, topic in BACKLOG:
        story = Story.objects.create(
            newsletter=newsletter,
            headline=headline,
            body=body,
            link=f"{SITE}/{page}",
            link_label="Read the story",
        )
        story.topics.set(Topic.objects.filter(slug=topic))


@transaction.atomic
def write_issue(newsletter: Newsletter) -> Issue:
    """The next issue of the sample newsletter, with its stories."""
    newest = newsletter.issues.aggregate(newest=Max("number"))["newest"] or 0
    issue = Issue.objects.create(
        newsletter=newsletter,
        number=newest + 1,
        date=date(2023, 4, 24),
        subject='{{ subscriber.first_name or "Hello" }}, Alipay is back in Singapore 🇸🇬 and six more stories',
        preheader="TikTok’s values, WeChat in Australia, group buying on 小红书, and a cheaper Ernie Bot",
        intro='Good morning {{ subscriber.first_name or "there" }},\n\n'
        "this is your weekly digest of digital China: what moved platforms, shoppers and rules, and what it may "
        "mean for the work you do this week.",
        outro="A week in which everybody explained who they are *not*: TikTok not Chinese, WeChat not banned, "
        "Ernie not expensive. What they are instead will keep us reading.\n\nUntil next Monday.",
        call_to_action_label="Read the monthly report",
        call_to_action_link=f"{SITE}/reports/april-2023",
    )
    topics = Topic.objects.in_bulk(TOPICS, field_name="slug")
    for position, sample in enumerate(STORIES, start=1):
        story = Story.objects.create(
            issue=issue,
            position=position,
            headline=sample.headline,
            body=sample.body,
            link=f"{SITE}/{sample.page}",
            link_label="Read the story",
            image=f"{settings.PUBLIC_URL}/static/sample/{sample.picture}",
            image_alt=sample.alt,
            for_everyone=sample.for_everyone,
        )
        story.topics.set([topics[slug] for slug in sample.topics])
    return issue
