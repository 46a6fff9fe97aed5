"""Publishing forms to whichever server a study has: plan first, then the same plan carried out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.central import CentralPublisher
from pipeline.central_deploy import carry_out_central
from pipeline.central_plan import CentralPlan, plan_central
from pipeline.deploy_plan import FormPlan, plan_form
from pipeline.deploying import Deployed, carry_out
from pipeline.errors import StudyError
from pipeline.form_ready import ReadyForm
from pipeline.kobo import KoboPublisher
from pipeline.kobo.imports import Patience
from pipeline.publish_server import open_central, open_publisher
from pipeline.study import Study

Say = Callable[[str], None]


class Plan(Protocol):
    """What would be done for one form."""

    @property
    def nothing(self) -> bool:
        """Whether phones get this very form already."""

    def lines(self) -> list[str]:
        """The plan for a person."""

    def as_dict(self) -> dict[str, Any]:
        """The plan for a script."""


@dataclass(frozen=True)
class Options:
    """What a person may ask for: see `persepsi forms deploy --help`."""

    new: bool = False
    accept_losses: bool = False
    project: str = ""


class Publishing(Protocol):
    """A server that forms are published to, asked as one account."""

    url: str
    account: str

    def plan(self, ready: ReadyForm) -> Plan:
        """What would be done for a form; nothing is changed."""

    def carry_out(self, plan: Any, patience: Patience, say: Say) -> Deployed:
        """Do what `plan` said."""


@contextmanager
def open_publishing(
    study: Study, environ: Mapping[str, str], server_url: str, say: Say, options: Options
) -> Iterator[Publishing]:
    """Open the study's server for publishing, KoBo, ODK Central or the sandbox.

    Raises
    ------
    StudyError
        Where the study has no server that forms can be published to.
    ServerError
        Where there are no credentials, or the server does not know them.
    """
    if study.server.kind == "central":
        with open_central(study, environ, server_url, say) as central:
            yield _OnCentral(study, central, options)
        return
    if options.project:
        raise StudyError(
            f"--project {options.project}: projects have numbers on ODK Central only. On "
            "KoBoToolbox each form has a project of its own, which is made or found by itself."
        )
    with open_publisher(study, environ, server_url, say) as kobo:
        yield _OnKobo(study, kobo, options)


class _OnKobo:
    def __init__(self, study: Study, publisher: KoboPublisher, options: Options) -> None:
        self._study, self._publisher, self._options = study, publisher, options
        self.url, self.account = publisher.url, publisher.account.username

    def plan(self, ready: ReadyForm) -> FormPlan:
        return plan_form(self._study, ready, self._publisher, new=self._options.new)

    def carry_out(self, plan: FormPlan, patience: Patience, say: Say) -> Deployed:
        return carry_out(
            self._study, plan, self._publisher, patience, say,
            accept_losses=self._options.accept_losses,
        )  # fmt: skip


class _OnCentral:
    def __init__(self, study: Study, publisher: CentralPublisher, options: Options) -> None:
        self._study, self._publisher, self._options = study, publisher, options
        self.url, self.account = publisher.url, publisher.account

    def plan(self, ready: ReadyForm) -> CentralPlan:
        return plan_central(
            self._study, ready, self._publisher,
            new=self._options.new, project=self._options.project,
        )  # fmt: skip

    def carry_out(self, plan: CentralPlan, patience: Patience, say: Say) -> Deployed:
        del patience  # Central has read the workbook when it answers
        return carry_out_central(self._study, plan, self._publisher, say)
