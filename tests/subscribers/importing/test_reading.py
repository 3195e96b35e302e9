import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.importing.reading import LONGEST_LINE, MOST_SECOND_READINGS, read_rows
from subscribers.importing.refusals import Refusal


def read(text: str, width: int = 2):
    stream = io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "surrogatepass")), "utf-8", newline="")
    return list(read_rows(stream, ",", lambda cells: len(cells) == width and "@" in cells[0]))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_numbered_by_the_line_where_they_start(end):
    text = end.join(["a,b", "", '"two', 'lines",c', "d,e"])
    assert read(text) == [(1, ["a", "b"], None), (3, [f"two{end}lines", "c"], None), (5, ["d", "e"], None)]


def test_a_quotation_mark_that_is_not_closed_costs_its_own_row_only():
    rows = read('a@x.org,"Bob\nb@x.org,Anna\nc@x.org,Li\n')
    assert rows == [
        (1, ['a@x.org,"Bob'], Refusal.OPEN_QUOTE),
        (2, ["b@x.org", "Anna"], None),
        (3, ["c@x.org", "Li"], None),
    ]


def test_two_stray_quotation_marks_do_not_swallow_the_rows_between_them():
    rows = read('a@x.org,"Bob\nb@x.org,Anna\nc@x.org,"Li\nd@x.org,Zoe\n')
    assert [(line, problem) for line, _, problem in rows] == [
        (1, Refusal.OPEN_QUOTE),
        (2, None),
        (3, Refusal.OPEN_QUOTE),
        (4, None),
    ]


@pytest.mark.parametrize("length", [140_000, LONGEST_LINE, 3 * LONGEST_LINE + 5])
def test_a_huge_cell_is_refused_and_the_rows_around_it_are_read(length):
    rows = read(f"a@x.org,b\n{'x' * length},c\nd@x.org,e\n")
    assert [(line, problem) for line, _, problem in rows] == [(1, None), (2, Refusal.TOO_LONG), (3, None)]


def test_a_file_full_of_stray_quotation_marks_is_read_in_bounded_time():
    lines = 10 * MOST_SECOND_READINGS
    rows = read('a","b\n' * lines)
    assert [line for line, _, _ in rows] == list(range(1, lines + 1))
    assert {problem for _, _, problem in rows} == {Refusal.OPEN_QUOTE}


@given(st.text(alphabet='a@," \r\n', max_size=60))
def test_every_line_that_is_not_blank_belongs_to_exactly_one_row(text):
    rows = read(text)
    starts = [line for line, _, _ in rows]
    assert starts == sorted(set(starts))
    written = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((number for number, line in enumerate(written, 1) if line), None)
    assert starts[:1] == ([] if first is None else [first])
