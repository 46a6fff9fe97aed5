"""What can go wrong outside the statistics, with the exit code of each.

    PersepsiError                1
    ├── StudyError              10   study.toml, units.csv, sessions.csv ...
    ├── QuestionnaireError      11   an XLSForm, its conversion or its validation
    ├── ServerError             12   KoBo, the network between, an export file
    ├── StoreError              13   the ledger of submissions
    └── MachineError            15   a program that this machine lacks

`analysis.errors.SampleError` maps to 14 in `pipeline.cli`; usage errors are 2. A message says
what was found and where, why it matters, and what to do next. It never holds an answer, a
token or a person's name.
"""


class PersepsiError(Exception):
    """An expected failure: printed without a traceback."""

    exit_code = 1


class StudyError(PersepsiError):
    """A study folder or a setting in it cannot be used."""

    exit_code = 10


class QuestionnaireError(PersepsiError):
    """A questionnaire cannot be read, converted or validated."""

    exit_code = 11


class ServerError(PersepsiError):
    """The server, or the way to it, does not give what was asked."""

    exit_code = 12


class MachineError(PersepsiError):
    """A program that was asked for is not on this machine, or does not do its work."""

    exit_code = 15


class StoreError(PersepsiError):
    """The store cannot be opened, migrated or written."""

    exit_code = 13
