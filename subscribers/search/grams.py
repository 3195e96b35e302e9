"""The grams of a text: its pieces of three characters, by which an index finds any part of it.

As in PostgreSQL's pg_trgm, which is not everywhere to be had, but in one place, here, for what is indexed and what is
looked for. A gram is kept as a number of 32 bits: its CRC-32. Two grams may share one; whoever looks for a text looks at
what was found again.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from zlib import crc32

SHORTEST = 3
"""Characters. A shorter word is found where a word begins with it; one or two Chinese, Japanese or Korean characters
anywhere."""
MOST_KNOWN = 200_000
"""Grams whose numbers are kept in memory: all there are in a Latin alphabet, and some 30 MB."""

_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")
_OTHER_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+")


def fold(text: str) -> str:
    """The text in lower case, compatible forms as one (NFKC), without accents, white space single.

    "José" and "JOSE" are one, as are "ｊｏｓｅ", "Straße" and "strasse".
    """
    if text.isascii():
        return " ".join(text.lower().split())
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", letters)).casefold()
    return " ".join(plain.translate(_OTHER_LETTERS).split())


def folded(email: str, first_name: str, last_name: str) -> str:
    """What is searched of a subscriber: address and names; where they have no space in between, also as one."""
    text = fold(f"{email} {first_name} {last_name}")
    if text.isascii() or not _CJK.search(text):
        return text
    return f"{text} {fold(last_name + first_name)}"


def grams_of(text: str) -> set[int]:
    """The grams of a folded text, to be indexed."""
    if len(_numbers) > MOST_KNOWN:
        _numbers.clear()
    found = set[int]()
    for part in text.split():
        # Names and domains come again and again, what stands before the @ does not.
        own, at_sign, domain = part.rpartition("@")
        if at_sign:
            found.update(_of_part(own + at_sign + domain[:2]))
            found.update(_of_known_part(at_sign + domain))
        else:
            found.update(_of_known_part(part))
    return found


def grams_of_word(word: str, *, at_start: bool = False) -> set[int]:
    """The grams that every text has that holds this word, which is folded and has no spaces. Empty: none is known.

    Args:
        at_start: only where a word begins with it.
    """
    found = {_numbers[word[at : at + 3]] for at in range(len(word) - 2)}
    cjk = [_numbers[gram] for gram in _of_cjk(word)]
    if (at_start or is_short(word)) and word[:1].isalnum():
        found.add(_numbers[f"  {word[0]}"])
        if word[1:2].isalnum():
            found.add(_numbers[f" {word[:2]}"])
    return found.union(cjk)


def is_short(word: str) -> bool:
    """Whether a folded word is found only where another begins with it."""
    return len(word) < SHORTEST and not _CJK.search(word)


def _of_cjk(text: str) -> Iterator[str]:
    """Chinese, Japanese and Korean words are short: single characters and pairs."""
    for run in _CJK.findall(text):
        yield from run
        yield from (run[at : at + 2] for at in range(len(run) - 1))


def _of_part(part: str) -> list[int]:
    """The grams of a text without spaces."""
    known = _numbers
    grams = [known[part[at : at + 3]] for at in range(len(part) - 2)]
    for word in _WORD.findall(part):
        grams.append(known[f"  {word[0]}"])
        grams.append(known[f" {word[:2]}"])
    if not part.isascii():
        grams += [known[gram] for gram in _of_cjk(part)]
    return grams


_of_known_part = lru_cache(maxsize=20_000)(_of_part)


class _Numbers(dict[str, int]):
    """The number of each gram, computed once."""

    def __missing__(self, gram: str) -> int:
        number = crc32(gram.encode("utf-8", "surrogatepass"))
        self[gram] = number = number - (1 << 32) if number >> 31 else number
        return number


_numbers = _Numbers()
