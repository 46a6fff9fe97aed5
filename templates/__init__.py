"""Jinja2 templates of the reports, with their style sheet and fonts."""
