"""A packet on the command line: each part an option, or all of it in a file."""

import inspect
import json
import tomllib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from desk import say
from escalation.packet import PARTS, RISKS

if TYPE_CHECKING:
    from casework.packets import Packet
    from casework.refusals import IncompletePacket

ONE_OF = {"risks": f" Repeat it for each of: {', '.join(RISKS)}."}
FILE = typer.Option(
    None, "--packet", metavar="FILE",
    help="These parts in a YAML, TOML or JSON file; an option goes before the file.",
)  # fmt: skip


def option_of(part: str) -> str:
    """The option that states this part."""
    return "--risk" if part == "risks" else f"--{part.replace('_', '-')}"


def with_packet(command: Callable[..., None]) -> Callable[..., None]:
    """The command takes every part of a packet as an option, or in a file, and is handed the
    `packet` they make; None when nothing was stated."""

    @wraps(command)
    def taking(**words: Any) -> None:
        from casework.refusals import IncompletePacket

        stated = {name: words.pop(name) for name in (*PARTS, "packet")}
        try:
            command(packet=packet_of(**stated), **words)
        except IncompletePacket as error:
            say.stop(_as_options(error))

    own = dict(inspect.signature(command).parameters)
    del own["packet"]
    last = {name: own.pop(name) for name in ("by", "as_json") if name in own}
    # Named only, so that an option with a default may stand before one without.
    signature = [p.replace(kind=p.KEYWORD_ONLY) for p in (own | _options() | last).values()]
    taking.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    taking.__annotations__ = {p.name: p.annotation for p in signature}
    return taking


def packet_of(packet: Path | None = None, **parts: Any) -> "Packet | None":
    """The packet with the parts that were stated; an option goes before the file."""
    from casework.packets import Packet

    stated = _read(packet) if packet is not None else {}
    if unknown := [name for name in stated if name not in Packet.model_fields]:
        known = ", ".join(Packet.model_fields)
        say.stop(f"{packet}: {unknown[0]!r} is no part of a packet; the parts are {known}")
    stated |= {name: said for name, said in parts.items() if said not in (None, [])}
    return Packet.model_validate(stated) if stated else None


def _as_options(error: "IncompletePacket") -> str:
    """The refusal, with each missing part by the name of its option."""
    said = str(error)
    for part in error.missing:
        said = said.replace(f"  - {part}: ", f"  - {option_of(part)}: ")
    return said


def _options() -> dict[str, inspect.Parameter]:
    found = {}
    for part, what in PARTS.items():
        many = part == "risks"
        words = f"{what.en[0].upper()}{what.en[1:]}.{ONE_OF.get(part, '')}"
        option = typer.Option([] if many else None, option_of(part), help=words)
        found[part] = _parameter(part, list[str] if many else str | None, option)
    return found | {"packet": _parameter("packet", Path | None, FILE)}


def _parameter(name: str, kind: Any, option: Any) -> inspect.Parameter:
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, keyword, default=option, annotation=kind)


def _read(file: Path) -> dict[str, Any]:
    from desk.plain_yaml import BadYaml, read

    readers: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads}
    text = file.read_text("utf-8")
    try:
        found = readers.get(file.suffix.lower(), read)(text)
    except UnicodeDecodeError:
        raise
    except (BadYaml, ValueError) as error:
        say.stop(f"{file}: {error}")
    if not isinstance(found, dict):
        say.stop(f"{file}: holds no packet; write one part on each line, such as: severity: high")
    return found
