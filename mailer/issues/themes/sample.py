"""A made-up issue that themes are tried and shown with: every part of an issue, in three scripts."""

import datetime
from dataclasses import replace

from mailer.issues.builder.content import IssueContent, NewsletterContent, StoryContent

LANGUAGES = {"en": "English", "zh-Hans": "中文", "ar": "العربية"}
"""What a theme has to render well: Latin, dense and right-to-left scripts."""

_WORDS = {
    "en": (
        "A bridge opens two years early",
        "The bridge over the strait carries its first trains **this week**.\n\n- two tracks\n- a path for bicycles\n\n"
        "> Nobody believed in the timetable, [says the engineer](https://www.example.com/bridge).",
        "A long name of a street that goes on and on until it needs a second line, and sometimes a third",
        "The week in short: a bridge, a street, a harbour",
        "Read the story",
        "Infrastructure",
    ),
    "zh-Hans": (
        "跨海大桥提前两年通车",
        "横跨海峡的大桥**本周**迎来首批列车。\n\n- 双线轨道\n- 自行车道\n\n"
        "> 没有人相信这个时间表,[工程师说](https://www.example.com/bridge)。",
        "一条名字很长很长的街道,长到需要第二行,有时甚至需要第三行才能写完",
        "本周简讯:一座桥、一条街、一个港口",
        "阅读全文",
        "基础设施",
    ),
    "ar": (
        "جسر يفتتح قبل موعده بسنتين",
        "الجسر فوق المضيق يحمل أول قطاراته **هذا الأسبوع**.\n\n- مساران\n- ممر للدراجات\n\n"
        "> لم يصدق أحد الجدول الزمني، [يقول المهندس](https://www.example.com/bridge).",
        "شارع اسمه طويل جدا يمتد ويمتد حتى يحتاج إلى سطر ثان وأحيانا إلى سطر ثالث",
        "الأسبوع باختصار: جسر وشارع وميناء",
        "اقرأ المقال",
        "البنية التحتية",
    ),
}


def sample_issue(newsletter: NewsletterContent, language: str = "", image: str = "") -> IssueContent:
    """The made-up issue, of a newsletter.

    Args:
        language: one of LANGUAGES; empty: the newsletter's, or else English.
        image: the address of a picture for its first story; empty: it has none.
    """
    spoken = language or newsletter.language
    headline, body, long_headline, preheader, label, topic = _WORDS.get(spoken, _WORDS["en"])
    first = StoryContent(
        id=1,
        headline=headline,
        body=body,
        link="https://www.example.com/bridge",
        link_label=label,
        image=image,
        image_alt=headline if image else "",
        topics=(topic,),
    )
    second = StoryContent(id=2, headline=long_headline, body=body.partition("\n")[0])
    return IssueContent(
        newsletter=replace(newsletter, language=language) if language else newsletter,
        number=12,
        date=datetime.date(2026, 3, 2),
        subject=headline,
        preheader=preheader,
        intro=body.partition("\n")[0],
        stories=(first, second),
        outro=body.rpartition("\n\n")[2].removeprefix("> "),
        call_to_action_label=label,
        call_to_action_link="https://www.example.com/more",
    )
