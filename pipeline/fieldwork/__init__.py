"""A fieldwork that never happened, with everything about it known: for training and for tests."""

from pipeline.fieldwork.fill import Fieldwork, fill, simulate
from pipeline.fieldwork.parameters import Parameters, read_parameters

__all__ = ["Fieldwork", "Parameters", "fill", "read_parameters", "simulate"]
