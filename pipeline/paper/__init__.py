"""The questionnaire on paper: A4 pages of every form of a study, and a tally sheet a session."""
