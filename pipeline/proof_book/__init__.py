"""`bukti-hitung.xlsx`: one unit's index and one share, computed anew by a spreadsheet."""

from pipeline.proof_book.writing import BOOK, write_proof_book

__all__ = ["BOOK", "write_proof_book"]
