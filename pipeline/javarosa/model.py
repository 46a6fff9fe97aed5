"""What an XForm says of its nodes before any engine runs it: binds, repeats, actions, template.

Paths begin below the root element and have no positions: `kontak/urut`, `rumah/anak/nama`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from xml.dom.minidom import Document, Element

_UNSETTLED = re.compile(r"(?<![\w.:-])(?:now|today|random|uuid)\s*\(")
_ONCE = re.compile(r"^\s*once\s*\(")
_STEP = re.compile(r"/\s*([\w.-]+)")
_NOW = re.compile(r"\s*now\(\)\s*")
_FIRST = re.compile(r"\s*if\(\s*(?P<own>[\w/.-]+)\s*=\s*''\s*,\s*now\(\)\s*,\s*(?P=own)\s*\)\s*")
_SELECTS = frozenset({"select1", "select", "rank"})
_CONTROLS = _SELECTS | {"input", "trigger", "range", "upload", "secret"}


@dataclass(frozen=True, slots=True)
class Bind:
    """The logic of one node as the form writes it; empty where it has none."""

    type: str = ""
    calculate: str = ""
    constraint: str = ""
    read_only: str = ""
    preload: str = ""
    preload_of: str = ""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment that the phone writes when the question at the path `trigger` is answered.

    `keeps` says that the first answer counts; else the last one does.
    """

    trigger: str
    keeps: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the primary instance: its name, the text it begins with, its children."""

    name: str
    path: str
    text: str = ""
    children: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Model:
    """The nodes of a form and what belongs to each.

    `actions` are the paths that a `setvalue` or a phone's sensor writes, `controls` the body
    element of each question, `ranges` start, end and step of each slider, `unsettled` the
    calculations that ask the clock or chance anew whenever they run, and all that follows from
    one of these, `stamps` the moments that an answer sets.
    """

    root: Node
    version: str
    binds: Mapping[str, Bind]
    repeats: frozenset[str]
    actions: frozenset[str]
    controls: Mapping[str, str]
    unsettled: frozenset[str]
    ranges: Mapping[str, tuple[float, float, float]]
    stamps: Mapping[str, Stamp]

    @cached_property
    def paths(self) -> frozenset[str]:
        """Path of every node: groups, repeats and questions."""
        return frozenset(_paths(self.root))

    @cached_property
    def groups(self) -> frozenset[str]:
        """Path of every group that is no repeat: nodes that hold no value of their own."""
        return frozenset(_groups(self.root)) - self.repeats

    def leaves(self) -> Iterator[Node]:
        """Nodes that can hold a value, in the order of the form."""
        return _leaves(self.root)

    def place(self, reference: str) -> str:
        """Path of an engine's reference, with numbers where it stands in repeats only.

        JavaRosa numbers every step: `/data[1]/rumah[2]/umur[1]` is `rumah[2]/umur`.
        """
        path, numbered = "", []
        for step in reference.split("/")[2:]:
            name = step.partition("[")[0]
            path = f"{path}/{name}" if path else name
            numbered.append(step if path in self.repeats else name)
        return "/".join(numbered)

    def following(self, paths: Iterable[str]) -> frozenset[str]:
        """These paths and every calculation that depends on one of them, directly or not."""
        return _following(self.binds, paths)

    @classmethod
    def of(cls, document: Document) -> "Model":
        """Read a parsed XForm.

        Raises
        ------
        ValueError
            Where it has no primary instance.
        """
        model = _first(document, "model")
        instance = _first(model, "instance") if model is not None else None
        top = next(_elements(instance), None) if instance is not None else None
        if model is None or top is None:
            raise ValueError("the XForm has no primary instance")
        prefix = f"/{_local(top)}"
        binds = {
            _below(element.getAttribute("nodeset"), prefix): Bind(
                element.getAttribute("type"),
                element.getAttribute("calculate"),
                element.getAttribute("constraint"),
                element.getAttribute("readonly"),
                element.getAttribute("jr:preload"),
                element.getAttribute("jr:preloadParams"),
            )
            for element in _elements(model)
            if _local(element) == "bind"
        }
        repeats, actions, controls, ranges = set(), set(), {}, {}
        stamps: dict[str, Stamp] = {}
        for element in _all(document):
            name = _local(element)
            if name == "repeat":
                repeats.add(_below(element.getAttribute("nodeset"), prefix))
            elif name in {"setvalue", "setgeopoint", "recordaudio"}:
                path = _below(element.getAttribute("ref"), prefix)
                actions.add(path)
                if (stamp := _stamp(element, prefix)) is not None:
                    stamps[path] = stamp
            elif name in _CONTROLS and element.hasAttribute("ref"):
                path = _below(element.getAttribute("ref"), prefix)
                controls[path] = name
                if name == "range":
                    ends = [element.getAttribute(part) for part in ("start", "end", "step")]
                    ranges[path] = (float(ends[0]), float(ends[1]), float(ends[2]))
        return cls(
            _node(top, ""),
            top.getAttribute("version"),
            binds,
            frozenset(repeats),
            frozenset(actions),
            controls,
            _unsettled(binds),
            ranges,
            {path: stamp for path, stamp in stamps.items() if path not in controls},
        )


def _stamp(action: Element, prefix: str) -> Stamp | None:
    """What a `setvalue` inside a question writes, where that is the moment of the answer."""
    question = action.parentNode
    if not isinstance(question, Element) or not question.hasAttribute("ref"):
        return None
    if "xforms-value-changed" not in action.getAttribute("event").split():
        return None
    value, trigger = action.getAttribute("value"), _below(question.getAttribute("ref"), prefix)
    if _NOW.fullmatch(value):
        return Stamp(trigger, keeps=False)
    first = _FIRST.fullmatch(value)
    own = "".join(action.getAttribute("ref").split())
    return Stamp(trigger, keeps=True) if first and first["own"] == own else None


def _unsettled(binds: Mapping[str, Bind]) -> frozenset[str]:
    return _following(
        binds,
        (
            path
            for path, bind in binds.items()
            if _UNSETTLED.search(bind.calculate) and not _ONCE.match(bind.calculate)
        ),
    )


def _following(binds: Mapping[str, Bind], paths: Iterable[str]) -> frozenset[str]:
    found = frozenset(paths)
    # By name, not by whole path: a reference may be relative, and one too many only says less.
    while True:
        names = {path.rpartition("/")[2] for path in found}
        more = {path for path, b in binds.items() if names & set(_STEP.findall(b.calculate))}
        if more <= found:
            return found
        found |= more


def _node(element: Element, above: str) -> Node:
    children: list[Node] = []
    for child in _elements(element):
        if any(_local(child) == known.name for known in children):
            continue  # a repeat stands there twice: as a pattern for new ones and as the first
        path = f"{above}/{_local(child)}" if above else _local(child)
        children.append(_node(child, path))
    text = "" if children else "".join(n.data for n in element.childNodes if hasattr(n, "data"))
    return Node(_local(element), above, text.strip(), tuple(children))


def _leaves(node: Node) -> Iterator[Node]:
    if not node.children:
        yield node
    for child in node.children:
        yield from _leaves(child)


def _paths(node: Node) -> Iterator[str]:
    yield node.path
    for child in node.children:
        yield from _paths(child)


def _groups(node: Node) -> Iterator[str]:
    if node.children:
        yield node.path
    for child in node.children:
        yield from _groups(child)


def _below(reference: str, prefix: str) -> str:
    return "".join(reference.split()).removeprefix(prefix).removeprefix("/")


def _local(element: Element) -> str:
    return str(element.tagName).rpartition(":")[2]


def _elements(parent: Element) -> Iterator[Element]:
    return (child for child in parent.childNodes if isinstance(child, Element))


def _all(document: Document) -> Iterator[Element]:
    return (e for e in document.getElementsByTagName("*") if isinstance(e, Element))


def _first(parent: Document | Element, name: str) -> Element | None:
    return next((e for e in parent.getElementsByTagName(name) if isinstance(e, Element)), None)
