"""What is wrong with a rule, and where in it."""


class SegmentError(Exception):
    """A rule, or an act on a segment, that cannot be. The message says where, what and what to do.

    Attributes:
        code: stays while messages may change.
        place: in the rule, such as `all[1].none[0].is_any_of`; "" for the rule as a whole.
    """

    def __init__(self, code: str, place: str, problem: str) -> None:
        # A key of JSON from outside may hold half characters, which neither a page nor a terminal can show.
        place, problem = (text.encode("utf-8", "replace").decode() for text in (place, problem))
        self.code = code
        self.place = place
        self.problem = problem
        super().__init__(f"{place}: {problem}" if place else problem)
