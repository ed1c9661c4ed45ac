"""Pictures of Prefect's pages as a person sees them, in Debian's Chromium, driven by Playwright.

Only whoever makes docs/operations.md needs it (the dependency group `pages`); the tests do without.
"""

import io
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

WIDE, HIGH = 1280, 800
COLOURS = (256, 128, 64, 32)
LARGEST = 120_000  # bytes
SECONDS = 45.0
MOMENT = 2000  # milliseconds
WHY = "pictures need Chromium and the group `pages`: apt install chromium; uv sync --group pages"

Click = Callable[[Any], None]


class Camera:
    """One browser, logged in once; closed with the block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[Callable[[], Any]] = []
        self.page: Any = None
        self._known: set[str] = set()

    def __enter__(self) -> "Camera":
        chromium = shutil.which("chromium")
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            raise SystemExit(WHY) from None
        if chromium is None:
            raise SystemExit(WHY)
        playing = sync_playwright().start()
        self._open.append(playing.stop)
        browser = playing.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        self._open.append(browser.close)
        self.page = browser.new_page(viewport={"width": WIDE, "height": HIGH}, locale="en-GB")
        self.page.set_default_timeout(SECONDS * 1000)
        return self

    def __exit__(self, *_: object) -> None:
        for close in reversed(self._open):
            close()

    def goes(self, address: str, password: str, shows: str) -> None:
        """The page at this address is there and shows these words in its middle, or others after a
        slash; the password is given when it is asked."""
        self.page.goto(address)
        asked, words = self.page.locator("input[type=password]"), self._words(shows)
        asked.or_(words).first.wait_for()
        if asked.count():
            asked.fill(password)
            asked.press("Enter")
            with suppress(Exception):  # a Prefect that is ill lets nobody in
                asked.wait_for(state="hidden", timeout=5 * MOMENT)
            self.page.wait_for_timeout(MOMENT)
            self.page.goto(address)
            words.wait_for()
        words.evaluate("place => place.scrollIntoView({block: 'center'})")

    def takes(self, name: str, shows: str) -> bool:
        """The page as it is now is kept as this picture; False, and no picture, when the words it
        should show are gone again: it moved on, or only began to load."""
        self.page.wait_for_timeout(MOMENT)  # transitions of the page, and what it loads last
        seen = self._words(shows).is_visible()
        if seen:
            (self._folder / f"{name}.png").write_bytes(small(self.page.screenshot()))
        return bool(seen)

    def _words(self, shows: str) -> Any:
        one, *others = map(self.page.get_by_text, shows.split("/"))
        for other in others:
            one = one.or_(other)
        return one.first

    def switches(self) -> None:
        """What this page is about is switched on, or off."""
        self.page.get_by_role("switch", name="Pause or resume").click()

    def deletes(self) -> None:
        """What this page is about is deleted: the menu, Delete, and once more to be sure."""
        self.page.get_by_role("button", name="Open menu").first.click()
        self.page.get_by_role("menuitem", name="Delete").click()
        asked = self.page.get_by_role("alertdialog")
        asked.get_by_role("button", name="Delete").click()
        asked.wait_for(state="hidden")
        self.page.wait_for_timeout(MOMENT)


def small(png: bytes) -> bytes:
    """The same picture in as many colours as stay below the size a page can carry."""
    from PIL import Image

    whole = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in COLOURS:
        kept = io.BytesIO()
        whole.quantize(colours, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
        if kept.tell() <= LARGEST:
            break
    return kept.getvalue()
