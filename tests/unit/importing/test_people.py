"""Authors: name and address apart, and each once."""

import pytest

from syndication.importing.people import distinct, person_in_line


@pytest.mark.parametrize(
    ("line", "name", "email"),
    [
        ("desk@old.example (A One)", "A One", "desk@old.example"),
        ("A One <desk@old.example>", "A One", "desk@old.example"),
        ('"One, A" <desk@old.example>', "One, A", "desk@old.example"),
        ("A One (desk@old.example)", "A One", "desk@old.example"),
        ("(A One) desk@old.example", "A One", "desk@old.example"),
        ("desk@old.example - A One", "A One", "desk@old.example"),
        ("mailto:desk@old.example (A One)", "A One", "desk@old.example"),
        ("A One, desk@old.example", "A One", "desk@old.example"),
        ("A One [desk@old.example]", "A One", "desk@old.example"),
        ("desk@old.example ()", None, "desk@old.example"),
        ("<desk@old.example>", None, "desk@old.example"),
        ("desk@old.example", None, "desk@old.example"),
        ("(A One)", "A One", None),
        ("A One (Agency)", "A One (Agency)", None),
        ("(A) One (B)", "(A) One (B)", None),
        (" A\n One ", "A One", None),
        ("One, A and Two, B", "One, A and Two, B", None),
        ("a@one.example, b@two.example", "a@one.example, b@two.example", None),
        ("@handle", "@handle", None),
        ("不具名 <desk@old.example>", "不具名", "desk@old.example"),
        ("&" * 10**5, "&" * 10**5, None),
    ],
)
def test_a_line_is_parted_into_name_and_address(line, name, email):
    found = person_in_line(line)
    assert (found["name"], found["email"]) == (name, email)


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        (["desk@old.example (A One)", "A One"], [("A One", "desk@old.example")]),
        (["A One", "a one <desk@old.example>", "B Two"], [("A One", "desk@old.example"), ("B Two", None)]),
        (["desk@old.example", "A One"], [("A One", "desk@old.example")]),
        (["A One", "desk@old.example"], [("A One", "desk@old.example")]),
        (["A One", "B Two", "desk@old.example"], [("A One", None), ("B Two", None), ("desk@old.example",) * 2]),
        (["one@old.example (A One)", "two@old.example"], [("A One", "one@old.example"), ("two@old.example",) * 2]),
        (["DESK@old.example", "desk@old.example (A One)"], [("A One", "DESK@old.example")]),
        (["", "()", "A One"], [("A One", None)]),
        ([], []),
    ],
)
def test_each_author_is_there_once_with_its_address(lines, authors):
    assert [(one["name"], one["email"]) for one in distinct(map(person_in_line, lines))] == authors
