"""Pages: what is printed can be read, on every page, in the letters of Europe."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pypdf
import pytest

from foodflow.kernel.errors import Invalid
from foodflow.kernel.exports.pages import MAX_ROWS, Pages
from tests.kernel.exports.make import Cells, File, book, content, write


@pytest.fixture
def file() -> Iterator[File]:
    with File(1000) as file:
        yield file


def read(file: File) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in pypdf.PdfReader(content(file)).pages]


def test_a_page_shows_title_columns_rows_company_and_its_number(file: File) -> None:
    cells = Cells(name="Käse", whole=1234, amount=Decimal("12.50"), share=0.25, is_it=True)
    write(Pages(file, book()), ("Leaves", [[cells]]))
    [page] = read(file)
    for said in ("Leaves", "Demo Mühle", "is it", "Käse", "1234", "12.5", "0.25", "yes", "2001-02-03 04:05:06"):
        assert said in page
    assert "2001-02-03 04:05 UTC" in page
    assert re.search(r"Page 1 of\s+1", page)


@pytest.mark.parametrize(
    "text",
    ["Grüße, naïve œuvre", "Żółć, Škoda, ığüő", "Καλημέρα", "Привет, їжак, ѓон", "½ m² ≤ 5 °C – № 7 €", "Việt Nam"],
    ids=ascii,
)
def test_latin_greek_and_cyrillic_can_be_read(text: str, file: File) -> None:
    write(Pages(file, book(text, facts=[("Said", text)])), (f"{text} too", [[Cells(name=text)]]))
    page = " ".join(read(file)[0].split())
    assert page.count(text) == 5


def test_a_letter_that_the_font_does_not_have_is_a_sign(file: File) -> None:
    write(Pages(file, book()), ("Leaves", [[Cells(name="日本 → 😀 \ud800 a\x00b", whole=7)]]))
    assert "\ufffd\ufffd \ufffd \ufffd ? a" in " ".join(read(file)[0].split())


def test_each_page_repeats_the_columns_and_knows_how_many_there_are(file: File) -> None:
    write(Pages(file, book()), ("Leaves", [[Cells(whole=1000 + n) for n in range(200)]]))
    found = read(file)
    assert len(found) > 2
    for number, page in enumerate(found, 1):
        assert "whole" in page
        assert re.search(rf"Page {number} of\s+{len(found)}", page)
    assert re.findall(r"\b1\d\d\d\b", " ".join(found)) == [str(1000 + n) for n in range(200)]


def test_tables_follow_each_other_under_their_titles(file: File) -> None:
    facts = [("Facilitator", "Ada Miller"), ("Participants", "12")]
    write(Pages(file, book("Hand-over", facts=facts)), ("Attendance", [[Cells(whole=1)]]), ("Poll", []))
    [page] = read(file)
    places = [page.index(said) for said in ("Hand-over", "Facilitator: Ada", "Attendance", "Poll", "Nothing here.")]
    assert places == sorted(places)


def test_a_long_title_and_long_facts_leave_room_for_the_table(file: File) -> None:
    facts = [(f"Fact {number}", "much to say\n" * 100) for number in range(12)]
    write(Pages(file, book("Title " * 500, facts=facts)), ("Leaves", [[Cells(whole=1234)]]))
    [page] = read(file)
    assert "Fact 11" in page
    assert "1234" in page


def test_a_book_of_nothing_is_a_page(file: File) -> None:
    write(Pages(file, book()))
    assert len(read(file)) == 1


def test_a_long_text_is_broken_into_lines(file: File) -> None:
    words = [f"word{n}" for n in range(60)]
    write(Pages(file, book()), ("Leaves", [[Cells(name=" ".join(words))]]))
    assert [word for word in words if word in read(file)[0].split()] == words


def test_more_rows_than_can_be_printed_are_refused_by_name(file: File) -> None:
    with pytest.raises(Invalid) as refused:
        write(Pages(file, book()), ("Leaves", [[Cells()], [Cells()] * MAX_ROWS]))
    assert [error.field for error in refused.value.errors] == ["format"]
