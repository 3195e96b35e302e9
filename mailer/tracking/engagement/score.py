"""The engagement score: from 0 to 100, what a person did with the last issues that they were sent.

An issue gives 2 points if the person clicked anything in it, 1 if they only opened it, 0 if they did neither. Of the
last N issues the newest weighs N, the one before it N - 1, the oldest 1. The score is the weighted points in percent of
what somebody would have who was sent the same issues and clicked in every one; rounded down, and 0 for those who were
sent none of them. Opens by machines do not count.
"""

from dataclasses import dataclass, replace
from typing import Literal, cast

from mailer.tracking.engagement.acts import people
from mailer.tracking.engagement.window import WHOSE, Window, read_window
from subscribers.segments import Kind, Query, SegmentError
from subscribers.segments.faces import ENGAGEMENT, Detail, Face, Operator, Value, operators_of
from subscribers.segments.operators import NumberTest, read_test
from subscribers.segments.reading import Part

MOST_ISSUES = 4
"""Also those of a rule that says nothing of them. Each costs three readings of what happened with it."""


@dataclass(frozen=True)
class ScoreCondition:
    """The score over the issues in the window passes a test."""

    test: NumberTest
    window: Window
    place: str

    def sql(self, query: Query) -> str:
        sends = self.window.by_issue(query)
        points, best = ["0"], ["0"]
        # least(): of a request whose outcome is unknown, an open may be known already
        for age, issue in enumerate(sends):
            weight = len(sends) - age
            sent, opened, clicked = (
                self._happened(act, issue, query) for act in ("sent", "opened", "clicked")
            )
            points.append(f"{weight} * greatest({opened}, 2 * {clicked})")
            best.append(f"{2 * weight} * {sent}")
        score = f"least(100, coalesce(100 * ({' + '.join(points)}) / nullif({' + '.join(best)}, 0), 0))"
        return self.test.sql(score, query)

    def says(self, negated: bool) -> str:
        return f"{self.test.says('engagement score', negated)}{self.window.says()}"

    def _happened(self, act: Literal["sent", "opened", "clicked"], issue: list[int], query: Query) -> str:
        """1 or 0."""
        return query.bit_of(people(act, query, issue))


def _read(part: Part) -> ScoreCondition:
    inner = part.inside("score")
    test = cast(NumberTest, read_test(inner, "number"))
    inner.done()
    window = read_window(part)
    if window.days or window.negated:
        raise SegmentError("wrong_window", part.place, "a score is over issues: write in_last_issues")
    issues = window.issues or MOST_ISSUES
    if issues > MOST_ISSUES:
        raise SegmentError(
            "not_in_range", part.at("in_last_issues"), f"a score is over up to {MOST_ISSUES} issues"
        )
    return ScoreCondition(test, replace(window, issues=issues), part.place)


_ISSUES = Operator("the last", ("in_last_issues",), Value("whole", most=MOST_ISSUES, unit="issues"))
_FACE = Face(
    "score",
    ENGAGEMENT,
    "Engagement score",
    operators_of("number", at=("score",)),
    details=(Detail("Over", (_ISSUES,)), *WHOSE),
)
SCORE = Kind(
    "score", _read, '{"score": {"at_least": 40}, "in_last_issues": 4, "of": "weekly"}', faces=(_FACE,)
)
