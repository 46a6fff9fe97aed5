"""`hasil.xlsx`: the results as an official pastes them into a letter or a table of his own."""

from pipeline.result_book.writing import BOOK, write_result_book

__all__ = ["BOOK", "write_result_book"]
