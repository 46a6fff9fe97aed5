"""The small study on a Central server, and publishing it there."""

from collections.abc import Callable
from pathlib import Path

from fakes.central import EMAIL, PASSWORD
from small_study import LIST, Clock, silent, silent_wait, write_form

from pipeline.central_deploy import carry_out_central
from pipeline.central_plan import CentralPlan, plan_central
from pipeline.deploying import Deployed
from pipeline.form_ready import prepare
from pipeline.publish_server import open_central
from pipeline.study import Study, open_study

ME = {"CENTRAL_EMAIL": EMAIL, "CENTRAL_PASSWORD": PASSWORD}


def central_study(folder: Path, url: str, more: str = "") -> Study:
    """Write the study of one form that reads a list, on a Central server, and open it."""
    folder.mkdir(exist_ok=True, parents=True)
    write_form(folder)
    (folder / "loket.csv").write_text(LIST, "utf-8")
    (folder / "study.toml").write_text(
        f'[server]\nid = "pusat"\nkind = "central"\nurl = "{url}"\n{more}', "utf-8"
    )
    return open_study(str(folder))


def version_of(number: str) -> list[list[str]]:
    """Settings of the small form with another version."""
    return [["Survei air", "air", number, "Bahasa Indonesia (id)"]]


def planned_there(
    study: Study, *, new: bool = False, project: str = "", environ: dict[str, str] = ME
) -> CentralPlan:
    """Plan, and change nothing."""
    (ready,) = prepare(study, [], validate=False)
    with open_central(study, environ, "", silent, sleep=silent_wait) as publisher:
        return plan_central(study, ready, publisher, new=new, project=project)


def published_there(
    study: Study,
    *,
    say: Callable[[str], None] = silent,
    new: bool = False,
    project: str = "",
) -> Deployed:
    """Plan and carry out, without waiting."""
    (ready,) = prepare(study, [], validate=False)
    with open_central(study, ME, "", silent, sleep=Clock().sleep) as publisher:
        plan = plan_central(study, ready, publisher, new=new, project=project)
        return carry_out_central(study, plan, publisher, say)
