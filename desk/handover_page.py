"""One handover as its sender and receiver read it in the terminal, 80 columns wide."""

from collections.abc import Iterator, Mapping
from datetime import date
from textwrap import wrap

from casework.handover_views import ClockView, Given, HandoverDetail
from casework.questions import question
from desk.say import printable, when
from escalation.packet import PARTS, RISKS

WIDE, INDENT = 80, 22
STATES = {
    "draft": "concept", "offered": "aangeboden", "accepted": "aanvaard",
    "assigned": "toegewezen, nog terug te lezen", "contacted": "aanvaard en gesproken",
    "reported": "aanvaard en teruggemeld", "closed": "afgerond", "refused": "geweigerd",
    "expired": "verlopen", "revoked": "ingetrokken",
}  # fmt: skip
LABELS = {
    "severity": "ernst", "risks": "gevaren", "summary": "samenvatting",
    "if_then": "als het erger wordt", "not_shared": "niet gedeeld", "ask_whom": "vraag dat aan",
    "told_person": "persoon verteld", "told_reporter": "melder verteld",
}  # fmt: skip
SEVERITIES = {"low": "laag", "medium": "gemiddeld", "high": "hoog", "urgent": "dringend"}

WORD_BACK = "teruggemeld"
ANSWERS = {"done": "gedaan", "not_done": "niet gedaan", "cannot_share": "mag niet delen"}
ABOUT = {"handover": "overdracht", "request": "vraag"}
# Which answer a clock waits for, in a word.
WAITS_FOR = {
    "handover_acknowledged": "gezien", "handover_answered": "antwoord",
    "handover_urgent": "antwoord", "read_back_owed": "teruglezen", "warm_contact": "gesproken",
    "report_back": "terugmelding", "handover_returned": "vervolg", "process_decides": "besluit",
    "call_back": "terugbellen",
}  # fmt: skip


def lines(view: HandoverDetail) -> Iterator[str]:
    """Who passes what to whom, the packet, what was said of it, and what is still promised."""
    yield f"Overdracht {view.id}: {view.role} van zaak {view.case_key}"
    whom = f"{view.receiver} ({view.principal})" if view.principal else view.receiver
    yield from _said("van", view.sender)
    yield from _said("aan", whom)
    yield from _said("stand", "; ".join([_state(view), *_not_done(view)]))
    yield from _moments(view)
    yield ""
    yield f"Het pakket ({_how_complete(view)})"
    yield from _packet(view)
    if told := list(_told(view)):
        yield from ("", "Wat ervan gezegd is", *told)
    if view.clocks:
        yield from ("", "Nog te beantwoorden", *_clocks(view.clocks))


def next_due(view: HandoverDetail) -> tuple[str, str]:
    """Which answer is waited for first, and by when."""
    first = min(view.clocks, key=lambda clock: clock.due_at, default=None)
    return (WAITS_FOR[first.key], due(first)) if first else ("–", "–")


def _state(view: HandoverDetail) -> str:
    nothing_came = view.state == "reported" and _word_back(view) != WORD_BACK
    return STATES["accepted" if nothing_came else view.state]


def _not_done(view: HandoverDetail) -> Iterator[str]:
    """What was answered after acceptance, and not with done."""
    for what, given in (("gesproken", view.contact), ("terugmelding", view.reported)):
        if given is not None and given.answer != "done":
            yield f"{what}: {ANSWERS[given.answer]}"


def _moments(view: HandoverDetail) -> Iterator[str]:
    for label, moment in (
        ("aangeboden", view.offered_at), ("gezien", view.acknowledged_at),
        ("beantwoord", view.answered_at), ("gesproken", view.contacted_at),
        (_word_back(view), view.reported_at), ("afgerond", view.closed_at),
    ):  # fmt: skip
        if moment is not None:
            by = f", door {view.answered_by}" if label == "beantwoord" and view.answered_by else ""
            yield from _said(label, f"{when(moment)}{by}")


def _how_complete(view: HandoverDetail) -> str:
    if not view.missing:
        return "compleet"
    stated = len(PARTS) - len(view.missing)
    return f"{stated} van {len(PARTS)} delen, {view.completeness:.0%}"


def _packet(view: HandoverDetail) -> Iterator[str]:
    for part in PARTS:
        yield from _said(LABELS[part], _part(view, part))
    label = "openstaand"
    for action in view.packet.get("open_actions", ()):
        by = when(date.fromisoformat(action["by"]))
        yield from _said(label, f"{_asks(action)} Uiterlijk {by}.")
        label = ""


def _part(view: HandoverDetail, part: str) -> str:
    if part in view.missing:
        return f"ONTBREEKT: {PARTS[part].nl}"
    said = view.packet[part]
    if part == "risks":
        return ", ".join(RISKS[risk].nl if risk in RISKS else risk for risk in said)
    return SEVERITIES.get(said, said) if part == "severity" else str(said)


def _told(view: HandoverDetail) -> Iterator[str]:
    forced = f"{view.forced_by}: {view.forced_because}" if view.forced_by else None
    for label, said in (
        ("toegewezen door", forced), ("teruggelezen", view.read_back),
        ("geweigerd omdat", view.reason), ("wil gebeld worden", view.call),
        ("over het gesprek", _why(view.contact)), (_word_back(view), _report(view)),
    ):  # fmt: skip
        if said:
            yield from _said(label, said)


def _word_back(view: HandoverDetail) -> str:
    """What the word that came back was, as a label."""
    done = view.reported is None or view.reported.answer == "done"
    return WORD_BACK if done else f"niet {WORD_BACK}"


def _report(view: HandoverDetail) -> str | None:
    """What was reported; when nothing was, why not and by which answer."""
    if view.reported is None or view.reported.answer == "done":
        return view.report
    return _why(view.reported, view.report)


def _why(given: Given | None, said: str | None = None) -> str | None:
    """The answer, by whom, and its reason; nothing when it is done and no words go with it."""
    if given is None or (given.answer == "done" and not given.reason):
        return None
    by = f" ({given.by})" if given.by else ""
    return f"{ANSWERS[given.answer]}{by}: {said or given.reason}"


def _clocks(clocks: tuple[ClockView, ...]) -> Iterator[str]:
    for clock in clocks:
        yield from _said(due(clock), f"{clock.asks.nl} [{clock.promise}]")


def due(clock: ClockView) -> str:
    """The last day of a clock, or its exact moment."""
    return when(clock.due_at if clock.exact else clock.due_on)


def _asks(action: Mapping[str, str]) -> str:
    section, _, key = action["key"].partition(".")
    what, _, number = action.get("about", "").partition(" ")
    about = f" ({ABOUT.get(what, what)} {number})" if what else ""
    return question(section, key).nl + about


def _said(label: str, text: str) -> Iterator[str]:
    """The label, and beside it the text, each of its own lines wrapped."""
    for line in text.splitlines() or [""]:
        for part in wrap(printable(line), WIDE - INDENT) or [""]:
            yield f"  {label:<{INDENT - 3}} {part}".rstrip()
            label = ""
