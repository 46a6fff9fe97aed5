"""Both questionnaires behave as their scenario tables say, in both languages."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
