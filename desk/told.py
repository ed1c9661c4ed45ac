"""One step of a replay, told: what was done, whether it was allowed, and what it led to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from casework.views import CaseView
from desk.baton_steps import (
    Accept,
    Acknowledge,
    Ask,
    Assign,
    Contacted,
    Offer,
    OfRole,
    Refuse,
    Reply,
    Report,
    Wait,
)
from desk.placing import Placed
from desk.say import when
from desk.steps import Act, Answer, Decide, Reopen, Signal, Term
from escalation.moves import act_named
from escalation.shape import Guard


@dataclass(frozen=True, slots=True)
class Refused:
    """How a step was refused, in one word; the guards that are unmet; and in what words."""

    word: str
    guards: tuple[Guard, ...]
    why: str


@dataclass(frozen=True, slots=True)
class StepTold:
    """A step as it was played: allowed, or refused in a word ("unmet"), with the unmet guards' ids.

    `known` steps were played into this database before, so what they led to is not told again.
    """

    number: int
    at: datetime
    kind: str
    key: str
    what: str
    allowed: bool
    known: bool
    refused: str | None
    guards: tuple[str, ...]
    why: str | None
    expected: bool
    stage: str | None
    promised: tuple[int, ...]
    settled: tuple[str, ...]
    note: str | None
    assumed: str | None


def told(
    placed: Placed, before: CaseView | None, after: CaseView, refused: Refused | None
) -> StepTold:
    """A step by what the case was before it and is after it."""
    step, guards = placed.step, tuple(g.key for g in refused.guards) if refused else ()
    said = {refused.word, *guards} if refused else set()
    as_meant = (refused is None) == (step.expect == "allowed") and said.issuperset(step.because)
    seen = {row.id for row in before.promises} if before else set()
    stays = before is not None and (before.key, before.stage) == (after.key, after.stage)
    return StepTold(
        number=placed.number, at=placed.at, kind=step.kind, key=step.key, what=in_words(placed),
        allowed=refused is None, known=False, refused=refused.word if refused else None,
        guards=guards, why=refused.why if refused else None, expected=as_meant,
        stage=None if stays else after.stage,
        promised=tuple(row.id for row in after.promises if row.id not in seen),
        settled=tuple(_settled(before, after)) if before else (),
        note=step.note, assumed=step.assumed,
    )  # fmt: skip


def _settled(before: CaseView, after: CaseView) -> Iterator[str]:
    """The promises that were open before, and how they ended."""
    was_open = {row.id for row in before.promises if row.state == "open"}
    known = {row.id for row in before.promises}
    made = {(row.section, row.key) for row in after.promises if row.id not in known}
    for row in after.promises:
        if row.id in was_open and row.state != "open":
            over = "replaced" if (row.section, row.key) in made else row.state
            yield f"{row.section}.{row.key}: {row.answer or over}"


def known(placed: Placed) -> StepTold:
    """A step that was played into this database before."""
    step = placed.step
    return StepTold(
        number=placed.number, at=placed.at, kind=step.kind, key=step.key, what=in_words(placed),
        allowed=step.expect == "allowed", known=True, refused=None, guards=(), why=None,
        expected=True, stage=None, promised=(), settled=(), note=step.note, assumed=step.assumed,
    )  # fmt: skip


def in_words(placed: Placed) -> str:
    """What happened, in a few words and keys."""
    match placed.step.does:
        case Signal() as new:
            known = ", from somebody who can be told" if new.reporter else ""
            urgent = "urgent " if new.acute else ""
            return f"{urgent}signal of {new.nature}, by {new.channel}{known}"
        case Act() as act:
            return f"{act_named(act.kind).name.en} ({act.kind}) by {act.by}{_waiving(act.waive)}"
        case Decide() as decision:
            where = decision.exit or f"to {decision.to}, because: {decision.reason}"
            return f"decided: {where}{_waiving(decision.waive)}"
        case Answer() as given:
            reason = f", because: {given.reason}" if given.reason else ""
            return f"answered {given.promise}: {given.given.value}{reason}"
        case Reopen() as again:
            return f"reopened in {again.stage}: {again.reason}"
        case Term() as change:
            return f"{change.promise} {_changed(change)} ({change.ground}): {change.reason}"
        case Wait() as wait:
            whom = f"for {wait.partner} " if wait.partner else ""
            return f"waits {whom}until {when(placed.facts['until'])}: {wait.reason}"
        case _ as baton:
            return _of_the_baton(baton)


def _of_the_baton(does: OfRole | Ask | Reply) -> str:
    match does:
        case Offer() as offered:
            return f"{offered.role.value} offered to {offered.to} by {offered.by}"
        case Assign() as assigned:
            how = f"by force by {assigned.by}, because: {assigned.because}"
            return f"{assigned.role.value} assigned to {assigned.to} {how}"
        case Acknowledge(role=role):
            return f"{role.value}: the offer was seen"
        case Accept() as accepted:
            how = "accepted" if accepted.spoke else "accepted without speaking yet"
            return f"{accepted.role.value} {how}, read back: {accepted.read_back}"
        case Refuse() as refused:
            return f"{refused.role.value} refused: {refused.reason}"
        case Contacted(role=role):
            return f"{role.value}: sender and receiver spoke"
        case Report() as reported:
            return f"{reported.role.value} reported back: {reported.report}"
        case Ask() as asked:
            return f"asked {asked.to} by {asked.by}: {asked.what}"
        case Reply() as reply:
            return f"what was asked is answered: {reply.given.value}, because: {reply.reason}"


def _changed(change: Term) -> str:
    return {
        "pause_until": f"paused until {change.pause_until}",
        "resume": "resumed",
        "extend": f"extended by {change.extend}",
        "redate": f"re-dated to {change.redate}",
    }[change.way]


def _waiving(waive: Mapping[str, str]) -> str:
    return "".join(f"; waiving {guard}: {reason}" for guard, reason in waive.items())
