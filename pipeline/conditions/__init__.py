"""Conditions of a form (relevance, constraint, filter): read, judged with what is known, in words.

XLSForm writes them in XPath. What is read here is the part of it that questionnaires use; of the
rest nothing is guessed: `Unreadable` says what could not be read.
"""

from pipeline.conditions.judge import UNKNOWN, Known, exclusions, facts, judge
from pipeline.conditions.names import Names
from pipeline.conditions.parse import Node, Unreadable, parse
from pipeline.conditions.words import say, say_value

__all__ = [
    "UNKNOWN", "Known", "Names", "Node", "Unreadable", "exclusions", "facts", "judge", "parse",
    "say", "say_value",
]  # fmt: skip
