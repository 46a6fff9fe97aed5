"""Run XForms in JavaRosa, the engine of ODK Collect and KoboCollect."""

from pipeline.javarosa.form import Filling, Form
from pipeline.javarosa.phone import Phone, seeded_uuid
from pipeline.javarosa.runtime import NoEngineError, engine
from pipeline.javarosa.walk import Answers, Prompt, Step

__all__ = [
    "Answers",
    "Filling",
    "Form",
    "NoEngineError",
    "Phone",
    "Prompt",
    "Step",
    "engine",
    "seeded_uuid",
]
