"""Run XForms in JavaRosa, the engine of ODK Collect and KoboCollect."""

from pipeline.javarosa.flag import KINDS, Flag
from pipeline.javarosa.form import Filling, Form
from pipeline.javarosa.model import Model
from pipeline.javarosa.phone import Phone, seeded_uuid
from pipeline.javarosa.received import Recheck
from pipeline.javarosa.runtime import NoEngineError, engine
from pipeline.javarosa.walk import Answers, Prompt, Step

__all__ = [
    "KINDS",
    "Answers",
    "Filling",
    "Flag",
    "Form",
    "Model",
    "NoEngineError",
    "Phone",
    "Prompt",
    "Recheck",
    "Step",
    "engine",
    "seeded_uuid",
]
