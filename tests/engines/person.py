"""A person at the page of a form: finds a question by its wording, and taps or types."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.javarosa import Prompt
from tests.engines.web_engine import wait_for
from tests.report.browser import Tab

_HELP = """
window.person = {
  text: (e) => e.innerText.replace(/\\s+/g, " ").trim(),
  question(label) {
    const plain = label.replace(/\\s+/g, " ").trim();
    return [...document.querySelectorAll(".question-container")].find((container) => {
      const shown = container.querySelector(".control-text label, label");
      return shown && person.text(shown).replace(/\\s*\\*$/, "") === plain;
    });
  },
  async place(element) {
    if (!element) return null;
    element.scrollIntoView({ block: "center", behavior: "instant" });
    // A menu closes when the page scrolls, and that is told a frame later.
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    const box = element.getBoundingClientRect();
    return [box.x + Math.min(box.width / 2, 40), box.y + box.height / 2];
  },
  option(label) {
    return [...document.querySelectorAll("[role=option]")].find((o) => person.text(o) === label);
  },
};
"""


class Person:
    """Taps and types on a page of ODK Web Forms."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        tab.run(_HELP)

    def answer(self, prompt: Prompt, answer: str) -> None:
        """Answer the question with that wording; codes are found by their wording, too."""
        container = f"person.question({json.dumps(prompt.label)})"
        wait_for(self.tab, container, 30)
        worded = dict(prompt.choices)
        if prompt.control in {"select_one", "select_multiple"}:
            if self.tab.run(f"Boolean({container}.querySelector('[role=combobox]'))"):
                self._tap(f"{container}.querySelector('[role=combobox]')")
                option = f"person.option({json.dumps(worded[answer])})"
                self._choose(option)
                return
            for code in answer.split():
                box = f"{container}.querySelector('input[value=\"{code}\"]')"
                self._until(f"{box}.checked", lambda box=box: self._tap(f"{box}.closest('label')"))
        elif prompt.control == "acknowledge":
            box = f"{container}.querySelector('input[type=checkbox]')"
            self._until(f"{box}.checked", lambda: self._tap(f"{box}.closest('label, div')"))
        else:
            field = f"{container}.querySelector('input, textarea')"
            self._until(
                f"document.activeElement === {field}",
                lambda: self._tap(field),
            )
            self.clear()
            self.type(answer)

    def type(self, text: str) -> None:
        for sign in text:
            self.tab.call("Input.dispatchKeyEvent", type="keyDown", key=sign, text=sign)
            self.tab.call("Input.dispatchKeyEvent", type="keyUp", key=sign)
        self.tab.run("document.activeElement.blur()")

    def clear(self) -> None:
        for key, code in (("a", 65), ("Backspace", 8)):
            held = {"modifiers": 2, "commands": ["selectAll"]} if key == "a" else {}
            self.tab.call(
                "Input.dispatchKeyEvent",
                type="keyDown",
                key=key,
                windowsVirtualKeyCode=code,
                **held,
            )
            self.tab.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def language(self, name: str) -> None:
        """Change the language of the page with its own menu."""
        self._tap("[...document.querySelectorAll('.language-changer')].find(e => e.offsetParent)")
        self._choose(f"person.option({json.dumps(name)})")

    def press(self, label: str) -> None:
        """Press the button with that wording."""
        self._tap(
            "[...document.querySelectorAll('button')]"
            f".find(b => person.text(b) === {json.dumps(label)})"
        )

    def complains(self, label: str, words: str) -> None:
        """Wait until the page says exactly these words against the answer to a question."""
        until = time.monotonic() + 30
        while (said := self.complaint(label)) != words and time.monotonic() < until:
            time.sleep(0.05)
        assert said == words

    def shown(self, label: str) -> bool:
        return bool(self.tab.run(f"Boolean(person.question({json.dumps(label)}))"))

    def complaint(self, label: str) -> str:
        """What the page says against the answer to a question."""
        return str(
            self.tab.run(
                f"(() => {{ const m = person.question({json.dumps(label)})"
                ".querySelector('.validation-message');"
                " return m && m.offsetParent ? person.text(m) : '' })()"
            )
        )

    def look(self, path: Path, label: str = "") -> None:
        """Picture of the screen, with a question in its middle where one is named."""
        if label:
            self.tab.run(f"person.place(person.question({json.dumps(label)}))")
        time.sleep(0.3)  # for what moves
        path.parent.mkdir(parents=True, exist_ok=True)
        data = self.tab.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(data["data"]))

    def _until(self, took: str, tap: Callable[[], None]) -> None:
        """Tap until the page shows that it took: what an answer shows or hides moves the next one.

        A person who sees that a tap hit nothing taps again, too; one that took is not repeated.
        """
        for _ in range(5):
            if self.tab.run(f"Boolean({took})"):
                return
            tap()
            until = time.monotonic() + 3
            while time.monotonic() < until:
                if self.tab.run(f"Boolean({took})"):
                    return
                time.sleep(0.02)
        raise AssertionError(f"tapped five times, and never {took}")

    def _choose(self, option: str) -> None:
        wait_for(self.tab, option, 30)
        self._tap(option)
        # A menu that is fading out would take the next tap.
        wait_for(self.tab, "!document.querySelector('[role=listbox]')", 30)

    def _tap(self, element: str) -> None:
        at = self.tab.run(f"person.place({element})")
        assert at is not None, f"nothing to tap: {element}"
        for kind in ("mousePressed", "mouseReleased"):
            self.tab.call(
                "Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=1
            )
