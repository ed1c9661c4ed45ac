"""Policies: those that come with Estafette, what one says and lacks, and loading one."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from desk import say
from desk.clock import now

if TYPE_CHECKING:
    from escalation.policy import Policy

app = typer.Typer(no_args_is_help=True, help="Look at policies, check one and load it.")
POLICY = typer.Argument(..., help="A TOML file, or the name of a shipped policy.")


@app.command("list")
def list_(as_json: bool = say.AS_JSON) -> None:
    """List the policies that come with Estafette, with their source and what they lack."""
    from escalation.policy import shipped_names

    found = [_read(name) for name in shipped_names()]
    body = [{"policy": p.name, "source": p.source, "missing": p.missing} for p in found]
    rows = [(p.name, p.source, _lack(p)) for p in found]
    say.answer(body, as_json, lambda: say.table(rows, ("policy", "source", "lacks")))


@app.command()
def show(policy: str = POLICY, as_json: bool = say.AS_JSON) -> None:
    """Show every number of a policy with its origin, what is missing, its ladder and its notes."""
    got = _read(policy)
    say.answer(_shown(got), as_json, lambda: _page(got))


@app.command()
def check(policy: str = POLICY, as_json: bool = say.AS_JSON) -> None:
    """Check a policy: what is wrong, what is missing, and which stages that keeps shut."""
    from escalation.path import OPEN_STAGES
    from escalation.policy import missing_in

    got = _read(policy)
    shuts = {key: [s.key for s in OPEN_STAGES if key in missing_in(got, s)] for key in got.missing}
    shut = [stage.key for stage in OPEN_STAGES if missing_in(got, stage)]
    body = {
        "policy": got.name, "by_law": got.by_law, "missing": got.missing, "keeps_shut": shuts,
        "shut": shut, "ladder_adopted": got.ladder_adopted, "withdrawn": got.withdrawn,
    }  # fmt: skip
    lines = [
        f"Policy {got.name} ({got.source}) can be used.",
        *_remarks(got),
        *(f"  missing: {key} keeps {_named(shuts[key])} shut" for key in got.missing),
        *(f"  no case can enter {key} until its numbers are set" for key in shut),
    ]
    say.answer(body, as_json, lambda: lines)


@app.command()
def load(
    policy: str = POLICY,
    municipality: str = typer.Option(..., help="The municipality whose new cases it serves."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Load a policy as a new version; cases that run keep the one they began with."""
    from casework.connect import connect
    from casework.policies import activate

    got = _read(policy)
    name = activate(connect(), _text(policy), municipality, now())
    lines = [f"Policy {name} serves new cases in {municipality} from now.", *_remarks(got)]
    lines += [f"  it lacks {_lack(got)}; see: estafette policy check"] if got.missing else []
    body = {"policy": name, "municipality": municipality, "missing": got.missing}
    say.answer(body, as_json, lambda: lines)


def _read(given: str) -> "Policy":
    from escalation.policy import parse, shipped

    return parse(_text(given), shipped("default"))


def _text(given: str) -> str:
    from escalation.policy import shipped

    file = Path(given)
    try:
        return file.read_text("utf-8") if file.is_file() else shipped(given)
    except UnicodeDecodeError:
        say.stop(f"{file.name} is not UTF-8 text; save it as UTF-8")


def _lack(policy: "Policy") -> str:
    from escalation.policy import every_number, in_a_lane

    lacks = len(policy.missing)
    if all(key in policy.missing or in_a_lane(key) for key in every_number()):
        return "every number"
    if not lacks:
        return "nothing"
    where = dict.fromkeys(key.partition(".")[0] for key in policy.missing)
    return f"{lacks} number{'s' if lacks > 1 else ''}, of {', '.join(where)}"


def _named(stages: list[str]) -> str:
    from escalation.path import OPEN_STAGES

    return "every stage" if len(stages) == len(OPEN_STAGES) else ", ".join(stages)


def _origin(policy: "Policy", key: str) -> str:
    if key in policy.missing:
        return "missing"
    return "adopted" if key in policy.adopted else "set here"


def _shown(policy: "Policy") -> dict[str, Any]:
    from escalation.policy import accepts, every_number, kind_of, meaning_of

    numbers = [
        {"number": key, "kind": kind_of(key), "value": _value(policy, key),
         "accepts": accepts(key), "origin": _origin(policy, key),
         "means": say.plain(meaning_of(key))}
        for key in every_number()
    ]  # fmt: skip
    return {
        "policy": policy.name, "source": policy.source, "in_force": policy.in_force,
        "in_force_unknown": policy.in_force_unknown, "withdrawn": policy.withdrawn,
        "by_law": policy.by_law, "landlord_first": policy.landlord_first, "numbers": numbers,
        "missing": policy.missing, "adopted_because": policy.adopted_because,
        "ladder_adopted": policy.ladder_adopted, "ladder": policy.ladder.model_dump(mode="json"),
        "notes": policy.notes,
    }  # fmt: skip


def _value(policy: "Policy", key: str) -> int | str | None:
    value = policy.number(key)
    return value if value is None or isinstance(value, int) else str(value)


def _page(policy: "Policy") -> list[str]:
    since = policy.in_force or f"unknown: {policy.in_force_unknown}"
    body = _shown(policy)
    rows = [
        (n["number"], "–" if n["value"] is None else str(n["value"]), n["origin"], n["means"]["en"])
        for n in body["numbers"]
    ]
    because = policy.adopted_because
    return [
        f"Policy {policy.name}", f"  source: {policy.source}", f"  in force: {since}",
        f"  by-law article: {policy.by_law or 'none'}",
        f"  landlord first, for a rented dwelling: {'yes' if policy.landlord_first else 'no'}",
        *_remarks(policy), "", *say.table(rows, ("number", "value", "origin", "means")), "",
        *([f"Adopted from the default, because: {because}", ""] if because else []),
        *_rungs(policy), *_notes(policy),
    ]  # fmt: skip


def _remarks(policy: "Policy") -> list[str]:
    said = []
    if policy.by_law is None:
        said.append("  it names no by-law article: there is no power to give a behavioural order")
    if policy.withdrawn:
        was = "was" if policy.withdrawn <= _today() else "will be"
        said.append(f"  it {was} withdrawn on {policy.withdrawn}: no case should begin after that")
    if policy.ladder_adopted:
        said.append("  it does not say who is told when: the default's ladder rings")
    return said


def _today() -> date:
    return now().astimezone(say.AMSTERDAM).date()


def _rungs(policy: "Policy") -> list[str]:
    ladder = policy.ladder
    of = " (the default's)" if policy.ladder_adopted else ""
    lines = [f"Ladder{of}, in working days from the due date, at {ladder.ring_at:%H:%M}"]
    lines += [f"  {rung.offset:+d}  {', '.join(rung.to)}" for rung in ladder.rungs]
    lines.append(f"  then every {ladder.repeat_every}; quiet for "
                 f"{ladder.quiet_after_acknowledgement} after an acknowledgement")  # fmt: skip
    return lines


def _notes(policy: "Policy") -> list[str]:
    lines = ["", "Notes, which Estafette does not compute with"] if policy.notes else []
    for key, texts in policy.notes.items():
        lines += [f"  {key}: {texts[0]}"] if len(texts) == 1 else [f"  {key}:"]
        lines += [f"    - {text}" for text in texts] if len(texts) > 1 else []
    return lines
