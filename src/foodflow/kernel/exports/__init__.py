"""Exports: all rows of a list as one file, however many, in little memory: as CSV, as a workbook (XLSX), or as pages to
print (PDF).

A file is whole before its first byte is sent. So a failure is answered as one and never looks like a short list, and
a slow reader keeps no connection from the others.
"""

from foodflow.kernel.exports.books import Book, Parts, Sheet
from foodflow.kernel.exports.files import AT_ONCE, disposition, whole_file
from foodflow.kernel.exports.lists import ROWS_AT_ONCE, book_file, file_of, listed, parts_of

__all__ = [
    "AT_ONCE",
    "ROWS_AT_ONCE",
    "Book",
    "Parts",
    "Sheet",
    "book_file",
    "disposition",
    "file_of",
    "listed",
    "parts_of",
    "whole_file",
]
