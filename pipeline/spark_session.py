"""Apache Spark: whether it can run here, a session, and this program on its executors.

The only module that imports pyspark when it runs; it comes with a lock file of its own, for it is
as large as all the rest together.
"""

import os
import re
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import analysis
import pipeline
from pipeline.errors import PersepsiError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA = 17
"""The oldest Java that Spark 4 runs on."""

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "FATAL",  # what fails is said by us; a trace may hold an answer
    "spark.driver.maxResultSize": "0",  # sums of PSUs, which the driver must hold anyway
}
LOCAL = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
"""For a cluster on this machine: none of its ports is open to others."""


class NoSparkError(PersepsiError):
    """Java or pyspark is absent or cannot start, so Spark cannot be used here."""

    exit_code = 10


_shipped: dict[str, tempfile.TemporaryDirectory[str]] = {}


@contextmanager
def opened(
    master: str = "local[*]",
    *,
    executor_memory: str = "2g",
    driver_memory: str = "1g",
    settings: Mapping[str, str] | None = None,
) -> Iterator["SparkSession"]:
    """A session on `master` for the time of the context; one process can have one.

    `master` is as Spark writes it: `local[*]` is this machine, `spark://host:7077` a cluster,
    `local-cluster[2,1,3072]` two executors here. `settings` are further ones of Spark, and win.

    Raises
    ------
    NoSparkError
        Where pyspark or Java is absent or too old, or no cluster answers; says what to do.
    """
    require(os.environ)
    with quiet():
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

    if SparkSession.getActiveSession() is not None:
        raise NoSparkError(
            "A session of Spark already runs in this process, and its memory and master cannot be "
            "changed. Give that session to `pipeline.spark.estimate`, or stop it first."
        )
    own = SETTINGS | (LOCAL if master.startswith("local") else {})
    own |= {"spark.executor.memory": executor_memory, "spark.driver.memory": driver_memory}
    builder = SparkSession.builder.master(master).appName("persepsi")
    for name, value in (own | dict(settings or {})).items():
        builder = builder.config(name, value)
    try:
        with _environment(local=master.startswith("local")):
            session = builder.getOrCreate()
    except (PySparkException, OSError) as error:
        raise _not_started(master, error) from error
    except Exception as error:  # Py4J has a class of its own for what Java throws
        if not type(error).__module__.startswith("py4j"):
            raise
        raise _not_started(master, error) from error
    try:
        yield session
    finally:
        application = session.sparkContext.applicationId
        session.stop()
        if application in _shipped:
            _shipped.pop(application).cleanup()


@contextmanager
def quiet() -> Iterator[None]:
    """Without Spark's warning that its pandas functions lag behind pandas: none of them is used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet", FutureWarning)
        yield


def require(environ: Mapping[str, str]) -> None:
    """Refuse a machine on which Spark cannot start.

    Raises
    ------
    NoSparkError
        Naming what is absent or too old, and what to do.
    """
    if find_spec("pyspark") is None:
        # Never `persepsi[spark]`: on a public index that name may be somebody else's.
        raise NoSparkError(
            'engine = "spark" needs the package pyspark, which is not installed. Install it with '
            "pip install --require-hashes -r requirements-spark.lock, or leave engine out: the "
            "engine built in gives the same numbers to the last bit."
        )
    found = java(environ)
    if found is None:
        raise NoSparkError(
            f"Spark runs on Java, and none was found. Install Java {JAVA} (Debian: "
            f"openjdk-{JAVA}-jre-headless) or set JAVA_HOME to where it is."
        )
    if found < JAVA:
        raise NoSparkError(
            f"Spark needs Java {JAVA} or newer, and Java {found} was found. Install Java {JAVA} "
            f"(Debian: openjdk-{JAVA}-jre-headless) and set JAVA_HOME to where it is."
        )


def java(environ: Mapping[str, str]) -> int | None:
    """The major version of the Java that Spark would start; None where none answers."""
    home = environ.get("JAVA_HOME", "")
    command = str(Path(home) / "bin" / "java") if home else "java"
    try:
        said = subprocess.run(
            [command, "-version"], capture_output=True, text=True, check=True, timeout=60,
            env={**environ},
        ).stderr  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(number[1]) if number else None


def ship(session: "SparkSession") -> None:
    """Send this program to the executors, once a session; they need the packages of its lock."""
    context = session.sparkContext
    if context.applicationId in _shipped:
        return
    folder = tempfile.TemporaryDirectory(prefix="persepsi-spark-")
    archive = Path(folder.name) / "persepsi-program.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for package in (analysis, pipeline):
            root = Path(package.__path__[0])
            for file in sorted(root.rglob("*.py")):
                packed.write(file, Path(root.name) / file.relative_to(root))
    before = list(sys.path)
    context.addPyFile(str(archive))
    sys.path[:] = before  # the driver goes on with the files that it began with
    _shipped[context.applicationId] = folder


@contextmanager
def _environment(*, local: bool) -> Iterator[None]:
    """What Spark reads from the environment only, for the time in which it starts."""
    before = dict(os.environ)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # workers are the driver's Python
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    try:
        yield
    finally:
        for name in ("PYSPARK_PYTHON", "SPARK_LOCAL_IP"):
            if name not in before:
                os.environ.pop(name, None)


def _not_started(master: str, error: Exception) -> NoSparkError:
    said = re.search(r"^: (?:[\w.$]+: )?(.+)$", str(error), re.MULTILINE)  # what Java threw
    first = said[1] if said else (str(error).strip().splitlines() or [""])[0]
    return NoSparkError(
        f"No session of Spark could be started on {master} ({first or type(error).__name__}). "
        "Check the name of the master, that it can be reached, and that this machine has the "
        "memory that Java is promised."
    )
