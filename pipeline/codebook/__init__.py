"""The codebook page: every question of every form, of whom, and what it counts for."""

from pipeline.codebook.writing import PAGE, write_codebook

__all__ = ["PAGE", "write_codebook"]
