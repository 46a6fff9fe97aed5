"""The answers of a submission put into a fresh instance of its form, with what does not fit there.

Only what a phone can hold reaches the engine: a text that is no number, no moment, no draw is
flagged and left out, so that the form's logic runs on the rest.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.javarosa.flag import Flag, Kind
from pipeline.javarosa.form import Form
from pipeline.javarosa.likeness import drawable, is_plain_integer, moment, number
from pipeline.javarosa.model import Node
from pipeline.javarosa.phone import Phone

_SERVERS_OWN = ("_", "formhub/")
_META = frozenset(
    {"instanceID", "instanceName", "rootUuid", "deprecatedID", "audit", "timeStart", "timeEnd",
     "userID", "deviceID", "email", "phoneNumber", "simSerial", "subscriberID", "entity"}
)  # fmt: skip
"""What OpenRosa and KoBo put under `meta` whether or not the form names it."""
_AUDIT = re.compile(r"[\w.-]+\.csv(?:\.enc)?")


class Laid:
    """One submission in one instance: `told` and `nodes` by place, `found` what fits nowhere.

    A place is the path of a leaf, with numbers where it stands in repeats: `rumah[2]/umur`.
    """

    def __init__(self, form: Form, answers: Mapping[str, Any], phone: Phone) -> None:
        self._engine, self._model = form.engine, form.model
        rosa = self._engine.odk.javarosa
        self._data = rosa.core.model.data
        self._template = int(rosa.core.model.instance.TreeReference.INDEX_TEMPLATE)
        self.told: dict[str, str] = {}
        self.nodes: dict[str, tuple[Any, Node]] = {}
        self.found: list[Flag] = []
        self.definition = form.fresh(phone)
        self._put(self.definition.getMainInstance().getRoot(), self._model.root, answers, "")
        self.found += self._strangers(answers)

    def _put(self, parent: Any, node: Node, answers: Mapping[str, Any], where: str) -> None:
        """Put the answers of one group into the instance; `where` has the numbers of repeats."""
        for child in node.children:
            place = f"{where}/{child.name}" if where else child.name
            if child.path in self._model.repeats:
                told = answers.get(child.path, _alone(answers, child.path))
                self._repeat(parent, child, told, place)
            elif child.children:
                self._put(parent.getChild(child.name, 0), child, answers, place)
            else:
                self._leaf(parent.getChild(child.name, 0), child, answers.get(child.path), place)

    def _repeat(self, parent: Any, node: Node, told: Any, where: str) -> None:
        if told and not isinstance(told, list):
            self.found.append(Flag(where, "type"))
        items = [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []
        if isinstance(told, list) and len(items) < len(told):
            self.found.append(Flag(where, "type"))
        first = parent.getChild(node.name, 0)
        pattern = parent.getChild(node.name, self._template) or first
        for nth, item in enumerate(items):
            element = parent.getChild(node.name, nth)
            if element is None:
                element = pattern.deepCopy(True)
                element.setMult(nth)
                parent.addChild(element)
            self._put(element, node, item, f"{where}[{nth + 1}]")
        surplus = parent.getChild(node.name, len(items))
        if surplus is not None:
            parent.removeChild(surplus)

    def _leaf(self, element: Any, node: Node, told: Any, where: str) -> None:
        if element is None or where.startswith(_SERVERS_OWN):
            return
        if where.startswith("meta/") and node.name != "instanceName":
            if node.name == "audit" and told and not _AUDIT.fullmatch(str(told)):
                self.found.append(Flag(where, "type"))
            return
        self.nodes[where] = (element, node)
        text = told if isinstance(told, str) else "" if told is None else str(told)
        self.told[where] = text
        if not text:
            element.setValue(None)
            return
        if (kind := self._unfit(node, told, text)) is not None:
            self.found.append(Flag(where, kind))
            if kind != "calculation" or number(text) is None:
                element.setValue(None)
                return  # a number that cannot be drawn still counts for what hangs on it
        template = self._data.AnswerDataFactory.templateByDataType(element.getDataType())
        try:
            element.setValue(template.cast(self._data.UncastData(text)))
        except self._engine.errors:
            element.setValue(None)
            self.found.append(Flag(where, "type"))

    def _unfit(self, node: Node, told: Any, text: str) -> Kind | None:
        """Why a text must not even reach the form's logic, or None."""
        if isinstance(told, dict | list):
            return "type"
        if node.path in self._model.stamps:
            return None if moment(text) else "moment"
        bind = self._model.binds.get(node.path)
        if bind is None:
            return None
        if bind.type == "int" and not is_plain_integer(text):
            return "type"
        return None if drawable(bind.calculate, text) else "calculation"

    def _strangers(self, answers: Mapping[str, Any]) -> Iterator[Flag]:
        for key, told in answers.items():
            if key.startswith(_SERVERS_OWN):
                continue
            if key.startswith("meta/") and key.removeprefix("meta/") in _META:
                continue
            if key not in self._model.paths or (key in self._model.groups and told):
                yield Flag(key, "unknown")
            elif isinstance(told, list):
                for item in told:
                    if isinstance(item, dict):
                        yield from self._strangers(item)


def _alone(answers: Mapping[str, Any], path: str) -> list[Mapping[str, Any]] | None:
    """The only item of a repeat that a server wrote flat, as if it were a group."""
    only = {key: value for key, value in answers.items() if key.startswith(f"{path}/")}
    return [only] if only else None
