"""python -m tests.faults.operations_page: plants every fault and writes docs/operations.md.

The page is planted_page.md. In its blocks of `console` each command is run for real and its output
put below it; a line in double brackets plants the fault, does by hand what cannot be typed, waits
until all is well, or takes a picture. With words, only those faults whose name has one of them; the
other sections stay as they are.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.faults.planted import Installation, installed, on_a_small_disk
from tests.faults.planted_camera import Camera
from tests.faults.planted_faults import FAULTS, Fault
from tests.faults.planted_parts import until

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
PICTURES = PAGE.with_suffix("")
SOURCE = Path(__file__).with_name("planted_page.md")
BEGIN = re.compile(r"^<!-- (?P<name>[\w-]+) -->$", re.M)
WELL_SECONDS, PICTURE_SECONDS = 300.0, 150.0
OTHER_MACHINE = "tweede$ "  # the prompt of the machine whose clock is another


class Telling:
    """Turns the text of a section into what the page shows; without a camera, into what it says."""

    def __init__(self, house: Installation, fault: Fault | None, camera: Camera | None) -> None:
        self._house, self._fault, self._camera = house, fault, camera

    def tell(self, text: str) -> str:
        """Everything in the text was done, in order."""
        self._house.says.clear()
        said = [line for given in text.splitlines() for line in self._line(given)]
        return (
            self._filled("\n".join(said)).rstrip() + "\n\n"
        )  # its beginning too, now that all is known

    def _line(self, given: str) -> Iterator[str]:
        if given.startswith(("$ ", OTHER_MACHINE)):
            yield from self._run(self._filled(given))
        elif given.startswith("[["):
            what, _, more = self._filled(given).strip("[]").partition(" ")
            yield from self._do(what, more)
        else:
            yield self._filled(given)

    def _run(self, typed: str) -> Iterator[str]:
        elsewhere = typed.startswith(OTHER_MACHINE)
        yield typed
        said = self._house.runs(typed.partition("$ ")[2], elsewhere).text
        if said:
            yield said

    def _do(self, what: str, more: str) -> Iterator[str]:
        house, fault = self._house, self._fault
        if what == "well":
            until(house.is_well, WELL_SECONDS)
            until(house.all_told, WELL_SECONDS)
        elif what == "picture":
            name, _, rest = more.partition(" ")
            yield from self._picture(name, *rest.split(" | "))
        elif fault and what == "plant":
            fault.plant(house)
            until(lambda: fault.named(house), fault.within.total_seconds())
        elif fault and what == "hand":
            fault.hands[more](house, self._camera)
        else:
            raise ValueError(f"nobody can do this: {what} {more}")

    def _picture(self, name: str, address: str, shows: str, says: str) -> Iterator[str]:
        yield f"![{says}](operations/{name}.png)"
        if self._camera:
            house = self._house
            if address.startswith("artifact:"):  # the pictures of the house come once a minute
                key = address.partition(":")[2]
                until(lambda: shows in house.artifact(key)["data"], PICTURE_SECONDS)
            until(lambda: self._looks(address, shows, name), PICTURE_SECONDS)

    def _looks(self, address: str, shows: str, name: str) -> bool:
        assert self._camera
        self._camera.goes(self._house.place(address), self._house.password, shows)
        return self._camera.takes(name, shows)

    def _filled(self, text: str) -> str:
        """With the words of this fault: {case}, {run}, …"""
        for name, word in self._house.says.items():
            text = text.replace(f"{{{name}}}", word)
        return text


def sections(page: str) -> dict[str, str]:
    """The page's sections by the name each begins with, the first ("") without one."""
    names = [found["name"] for found in BEGIN.finditer(page)]
    parts = BEGIN.split(page)[::2]
    return dict(zip(["", *names], parts, strict=True))


def together(parts: dict[str, str]) -> str:
    """The page again."""
    said = "".join(f"<!-- {name} -->{part}" if name else part for name, part in parts.items())
    return said.rstrip() + "\n"


def _main(words: list[str]) -> None:
    text = sections(SOURCE.read_text("utf-8"))
    done = sections(PAGE.read_text("utf-8")) if words and PAGE.exists() else {}
    faults = {"": None} | {fault.name: fault for fault in FAULTS}
    wanted = [n for n in faults if not words or any(word in (n or "healthy") for word in words)]
    PICTURES.mkdir(exist_ok=True)
    with Camera(PICTURES) as camera, installed() as house:
        for name in wanted:
            sys.stderr.write(f"operations: {name or 'healthy'} …\n")
            done[name] = _told(house, faults[name], text[name], camera)
            page = together({n: done[n] for n in text if n in done})
            PAGE.write_text(page, encoding="utf-8")


def _told(house: Installation, fault: Fault | None, text: str, camera: Camera) -> str:
    if fault is None or not fault.own:
        return Telling(house, fault, camera).tell(text)
    with on_a_small_disk() as small:
        return Telling(small, fault, camera).tell(text)


if __name__ == "__main__":
    _main(sys.argv[1:])
