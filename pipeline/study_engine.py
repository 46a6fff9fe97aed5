"""Where the sums over a study's interviews are made: in this process, or on Apache Spark.

Both give the same bits (`pipeline.spark_study`), so the choice moves no number.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from analysis.moments import Reduce, psu_moments
from pipeline.settings import engine_of
from pipeline.study import Study


def with_engine(study: Study, engine: str) -> Study:
    """The study with the engine that was asked for on the command line; empty = its own.

    Raises
    ------
    StudyError
        Where there is no such engine.
    """
    return replace(study, engine=engine_of(engine, "--engine")) if engine else study


@contextmanager
def summing(study: Study, data: Path) -> Iterator[Reduce]:
    """What makes the sums, for the time of the context.

    Interviews lie in `data/<study>/spark` while Spark reads them: they are answers.

    Raises
    ------
    NoSparkError
        Where Spark was asked for and Java, pyspark or the master is not there.
    """
    if study.engine == "local":
        yield psu_moments
        return
    # Spark is an extra; a study without it must not need it to be there.
    from pipeline import spark_study

    folder = data / study.id / "spark"
    with spark_study.reducer(study.master, folder) as reduce:
        yield reduce
