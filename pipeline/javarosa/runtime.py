"""The Java runtime of this process with ODK's XForm engine in it, and the phone it plays.

JavaRosa, the engine inside Collect and KoboCollect, comes in the ODK Validate jar of pyxform's
wheel. Everything a phone adds to a submission by itself comes from a `Phone`, so that the same
answers give the same bytes (docs/decisions/0005-javarosa.md says how each is done).
"""

from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.errors import QuestionnaireError
from pipeline.javarosa.phone import Phone, millis, seeded_uuid

TODAY = "persepsi-today"
UUID = "persepsi-uuid"
_NO_MEDIA = Path("/nonexistent")


class NoEngineError(QuestionnaireError):
    """Java or jpype1 is not there, so nothing can be said about how a form behaves."""


def jar() -> Path:
    """Path of the ODK Validate jar in pyxform's wheel.

    Raises
    ------
    NoEngineError
        Where this pyxform brings none.
    """
    spec = find_spec("pyxform")  # found, not imported: that takes a second
    package = Path(spec.origin).parent if spec and spec.origin else _NO_MEDIA
    path = package / "validators/odk_validate/bin/ODK_Validate.jar"
    if not path.is_file():
        raise NoEngineError(
            "pyxform is installed without ODK_Validate.jar, which holds the XForm engine. "
            "Install pyxform from its wheel: pip install --force-reinstall pyxform."
        )
    return path


@cache
def engine() -> "Engine":
    """The one engine of this process; the first call starts Java (about 0.5 s).

    Raises
    ------
    NoEngineError
        Where jpype1, a Java runtime or the jar is absent; says what to install.
    """
    return Engine()


class Engine:
    """A running Java with JavaRosa registered; use `engine()`, a process can have only one.

    The clock, the zone, the random numbers and the media folder are global to Java, so forms
    are filled one after the other, never by two threads.
    """

    def __init__(self) -> None:
        self.phone: Phone | None = None
        self.media = _NO_MEDIA
        self._drawn = 0
        self._start()
        self.odk: Any = self._package("org")
        self.java: Any = self._package("java")
        rosa = self.odk.javarosa
        rosa.core.util.JavaRosaCoreModule().registerModule()
        rosa.model.xform.XFormsModule().registerModule()
        self._register_actions()
        references = rosa.core.reference.ReferenceManager.instance()
        references.reset()
        references.addReferenceFactory(
            self._proxy(
                "org.javarosa.core.reference.ReferenceFactory",
                derives=lambda uri: str(uri).startswith("jr://"),
                derive=lambda uri, *_: self._reference(str(uri)),
            )
        )

    def _start(self) -> None:
        try:
            import jpype
        except ImportError:
            raise NoEngineError(
                "The XForm engine is driven through the package jpype1, which is not installed. "
                "Install it with: pip install 'persepsi[javarosa]'."
            ) from None
        self._jpype = jpype
        if jpype.isJVMStarted():
            raise NoEngineError(
                "Another part of this process already started Java without the XForm engine. "
                "Run the command again in a process of its own."
            )
        try:
            jpype.startJVM(
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-Djava.awt.headless=true",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                classpath=[str(jar())],
                convertStrings=True,
            )
        except (jpype.JVMNotFoundException, jpype.JVMNotSupportedException, OSError) as error:
            raise NoEngineError(
                "No usable Java runtime was found, and the XForm engine is Java. Install Java 11 "
                "or newer (Debian: default-jre-headless) or set JAVA_HOME. "
                f"({str(error).splitlines()[0]})"
            ) from None

    def _package(self, name: str) -> Any:
        return self._jpype.JPackage(name)

    def _proxy(self, interface: str, **methods: Any) -> Any:
        return self._jpype.JProxy(interface, dict=methods)

    def _register_actions(self) -> None:
        # Both belong to Android; without a handler a form that uses them would not parse.
        parser = self.odk.javarosa.xform.parse.XFormParser
        audio = self.odk.javarosa.core.model.actions.recordaudio.RecordAudioActionHandler
        parser.registerActionHandler(
            "setgeopoint", self.odk.opendatakit.validate.StubSetGeopointActionHandler()
        )
        parser.registerActionHandler("recordaudio", audio())

    def _reference(self, uri: str) -> Any:
        path = self.media / uri.rsplit("/", 1)[-1]
        return self._proxy(
            "org.javarosa.core.reference.Reference",
            doesBinaryExist=path.is_file,
            getStream=lambda: self.java.io.FileInputStream(str(path)),
            getOutputStream=lambda: None,
            getURI=lambda: uri,
            getLocalURI=lambda: str(path),
            isReadOnly=lambda: True,
            remove=lambda: None,
            probeAlternativeReferences=lambda: None,
        )

    def message(self, error: BaseException) -> str:
        """What Java said of the form, as a sentence; never a value, which may be an answer."""
        text = str(getattr(error, "message", lambda: error)() or error).strip()
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        said = lines[:1] + [line for line in lines[1:] if "cannot handle function" in line]
        sentence = ": ".join(said) or type(error).__name__
        return sentence if sentence.endswith(".") else f"{sentence}."

    @property
    def errors(self) -> type[BaseException]:
        """The class of everything Java can throw."""
        found: type[BaseException] = self._jpype.JException
        return found

    def take(self, phone: Phone) -> None:
        """Hand the engine another phone: zone, clock at `start`, random numbers from `seed`."""
        self.phone = phone
        self._drawn = 0
        zone = self.java.util.TimeZone.getTimeZone(phone.zone)
        self.java.util.TimeZone.setDefault(zone)
        self.odk.joda.time.DateTimeZone.setDefault(
            self.odk.joda.time.DateTimeZone.forTimeZone(zone)
        )
        self.odk.javarosa.core.util.MathUtils.getRand().setSeed(phone.seed)
        self.set_clock(phone.start)

    def set_clock(self, moment: datetime) -> None:
        """Let `now()` be that moment, to the millisecond."""
        self.odk.joda.time.DateTimeUtils.setCurrentMillisFixed(millis(moment))

    def equip(self, definition: Any) -> None:
        """Make a parsed form take its preloads, `today()` and `uuid()` from the phone."""
        data = self.odk.javarosa.core.model.data
        day = self.odk.javarosa.core.model.utils.DateUtils
        date = self.java.util.Date

        def timestamp(which: str) -> Any:
            moment = self._phone.end if which == "end" else self._phone.start
            return data.DateTimeData(date(millis(moment)))

        def finish(node: Any, which: str) -> bool:
            if which == "end":
                node.setAnswer(timestamp("end"))
            return which == "end"

        def own(which: str) -> Any:
            values = {"deviceid": self._phone.device_id, "username": self._phone.username}
            return data.StringData(values[which]) if values.get(which) else None

        handlers = {
            "timestamp": (lambda which: timestamp("start") if which == "start" else None, finish),
            "date": (lambda _: data.DateData(date(millis(self._phone.start))), None),
            "property": (own, None),
            "uid": (lambda _: data.StringData(f"uuid:{self._phone.instance_id}"), None),
        }
        for name, (preload, post) in handlers.items():
            definition.getPreloader().addPreloadHandler(
                self._proxy(
                    "org.javarosa.core.model.utils.IPreloadHandler",
                    preloadHandled=lambda name=name: name,
                    handlePreload=preload,
                    handlePostProcess=post or (lambda *_: False),
                )
            )
        now = self.odk.joda.time.DateTime
        self._add_function(definition, TODAY, lambda *_: day.roundDate(now().toDate()))
        self._add_function(definition, UUID, lambda *_: self._uuid())

    def _add_function(self, definition: Any, name: str, evaluate: Any) -> None:
        definition.addFunctionHandler(
            self._proxy(
                "org.javarosa.core.model.condition.IFunctionHandler",
                getName=lambda: name,
                getPrototypes=self.java.util.ArrayList,
                rawArgs=lambda: True,
                realTime=lambda: False,
                eval=evaluate,
            )
        )

    @property
    def _phone(self) -> Phone:
        assert self.phone is not None  # take() precedes every initialisation
        return self.phone

    def _uuid(self) -> str:
        self._drawn += 1
        return seeded_uuid(f"{self._phone.instance_id}/{self._phone.seed}/{self._drawn}")
