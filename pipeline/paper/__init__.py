"""The questionnaire on paper: A4 pages of every form of a study, and a tally sheet a session."""

from pipeline.paper.printing import Printed, print_study

__all__ = ["Printed", "print_study"]
