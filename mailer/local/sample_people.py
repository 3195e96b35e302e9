"""A subscriber file such as organisations have them: people from many countries, and the dirt of years.

All addresses are under `.example`, a name that can never receive mail (RFC 2606). The same seed writes the
same file.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from random import Random

from mailer.local.sample_issue import TOPICS

HEADER = (
    "E-mail",
    "First name",
    "Last name",
    "Country",
    "Language",
    "Time zone",
    "Topics",
    "Company",
    "Seniority",
)

PLACES = (  # country, language, time zone, names to draw from, weight
    ("CN", "zh-Hans", "Asia/Shanghai", ("王伟", "李娜", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄蕾"), 22),
    ("SG", "en", "Asia/Singapore", ("Wei-Ling Tan", "Jun Lim", "Priya Nair", "Mei Goh", "Aisha Rahman"), 16),
    ("GB", "en", "Europe/London", ("Olivia Clarke", "George Hughes", "Siobhán O’Neill", "Amelia Wright"), 12),
    ("US", "en", "America/New_York", ("Emma Johnson", "Noah Williams", "Zoë Carter", "Luis Ramírez"), 14),
    ("FR", "fr", "Europe/Paris", ("Chloé Lefèvre", "François Noël", "Inès Dupré", "Jérôme Petit"), 7),
    ("DE", "de", "Europe/Berlin", ("Jürgen Müller", "Anke Größe", "Sören Weiß", "Lena Köhler"), 7),
    ("TW", "zh-Hant", "Asia/Taipei", ("林怡君", "陳冠宇", "黃雅婷", "吳宗翰"), 6),
    ("JP", "ja", "Asia/Tokyo", ("佐藤 健", "鈴木 美咲", "高橋 翔", "田中 さくら"), 5),
    ("KR", "ko", "Asia/Seoul", ("김 민준", "이 서연", "박 지훈"), 4),
    ("PL", "pl", "Europe/Warsaw", ("Łukasz Wójcik", "Małgorzata Żak"), 3),
    ("ES", "es", "Europe/Madrid", ("José Álvarez", "María Núñez", "Begoña Peña"), 3),
    ("AE", "ar", "Asia/Dubai", ("ليلى حسن", "عمر خالد"), 1),
)
DOMAINS = (
    ("gmail.example", 34),
    ("qq.example", 14),
    ("outlook.example", 13),
    ("163.example", 9),
    ("yahoo.example", 6),
)
COMPANIES = (
    "Blue Lantern",
    "Müller & Söhne",
    "上海未来",
    "Harbour, Pine & Co",
    'The "Quiet" Agency',
    "Kestrel",
    "Nordwind",
)
BROKEN = (
    "{name}.gmail.example",
    "{name}@@qq.example",
    "{name} @outlook.example",
    "{name}@",
    "@163.example",
    "{name}.@gmail.example",
    "{name}@gmail..example",
    "{name}@-mail.example",
    "n/a",
    "",
)
SHARE_BROKEN, SHARE_DOUBLED, SHARE_EMOJI, SHARE_ODD_TOPIC, SHARE_SHOUTED = 0.015, 0.03, 0.01, 0.02, 0.05
SHARE_WITH_TOPICS = 0.6


def write_people(path: Path, rows: int = 20_000, seed: int = 7) -> None:
    """Write a file of so many rows, as CSV in UTF-8 with a byte order mark, as spreadsheets write it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(_people(rows, Random(seed)))


def those_who_left(rows: int = 20_000, seed: int = 7, share: float = 0.01) -> list[str]:
    """Addresses of people in that file who had left, or bounced, before it was written: the same for the same seed."""
    chance = Random(seed + 1)
    good = (row[0] for row in _people(rows, Random(seed)) if row[0].count("@") == 1 and " " not in row[0])
    return [address.lower() for address in good if not address.startswith("@") and chance.random() < share]


def _people(rows: int, chance: Random) -> Iterator[list[str]]:
    written: list[list[str]] = []
    for number in range(rows):
        draw = chance.random()
        if written and draw < SHARE_DOUBLED:
            row = list(chance.choice(written))
            row[0] = chance.choice((str.upper, str.title, str.lower))(row[0])
        else:
            row = _person(number, chance)
            if draw > 1 - SHARE_BROKEN:
                row[0] = chance.choice(BROKEN).format(name=row[0].partition("@")[0])
            else:
                written.append(row)
        yield row


def _person(number: int, chance: Random) -> list[str]:
    country, language, zone, names, _ = chance.choices(PLACES, [place[-1] for place in PLACES])[0]
    first, _, last = chance.choice(names).partition(" ")
    if len(first) > 1 and not last and "\u4e00" <= first[0] <= "\u9fff":
        first, last = first[1:], first[0]  # in Chinese the family name comes first
    if chance.random() < SHARE_EMOJI:
        first += chance.choice((" 🌸", " 🚀", " 🐼"))
    domain = chance.choices(
        [*(name for name, _ in DOMAINS), "company"], [*(weight for _, weight in DOMAINS), 24]
    )[0]
    if domain == "company":
        domain = f"firm{chance.randrange(400)}.example"
    address = f"reader{number}.{chance.choice(('mkt', 'brand', 'team', 'hello', 'shop'))}@{domain}"
    if chance.random() < SHARE_SHOUTED:
        address = address.title()
    company = chance.choice(COMPANIES)
    if chance.random() < 0.01:
        company += "\nAsia Pacific"
    return [
        address,
        first,
        last,
        country,
        language,
        zone,
        _topics(chance),
        company,
        chance.choice(("junior", "senior", "")),
    ]


def _topics(chance: Random) -> str:
    if chance.random() > SHARE_WITH_TOPICS:
        return ""
    chosen = chance.sample(sorted(TOPICS), chance.choice((1, 1, 2, 2, 3)))
    if chance.random() < SHARE_ODD_TOPIC:
        chosen.append(chance.choice(("blockchain", "metaverse", "pandas")))
    return "; ".join(chosen)
