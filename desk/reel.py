"""A history while it plays: its steps, and the virtual time that passes between them.

Every rung rings at its own moment, and its alerts are put down as delivered ("replayed"), so that
years played into a live database reach no mailbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from casework.alert_views import alert_list
from casework.alerts import next_to_send, record
from casework.claiming import claim
from casework.holding import held_at
from casework.judging import unmet_for
from casework.promises import raise_due
from casework.refusals import Unmet
from casework.stock import take_stock
from casework.views import CaseView, rings_at
from casework.words import Role
from desk.marks import played
from desk.placing import Placed
from desk.playing import REFUSED, Player, word_for
from desk.retelling import AlertTold, Replayed
from desk.steps import Act
from desk.told import Refused, StepTold, known, told
from escalation.moves import Unknown

EVERYTHING = 1_000_000
A_MOMENT = timedelta(microseconds=1)


@dataclass
class Reel:
    """A history while it plays: the cases it opened, as last seen, and what happened so far."""

    player: Player
    placed: Sequence[Placed]
    shift: timedelta
    views: dict[str, CaseView]  # by case key, in the order they were opened
    next_at: dict[str, datetime | None]
    clock: datetime
    resumes_at: int = 0
    steps: list[StepTold] = field(default_factory=list)
    without_holder: list[datetime] = field(default_factory=list)

    @property
    def view(self) -> CaseView:
        """The case the history is on now."""
        return list(self.views.values())[-1]

    def run(self, until: datetime) -> None:
        """Every step up to `until` was played, and every rung up to then rang."""
        for placed in self.placed:
            if placed.at > until:
                break
            self.pass_time(placed.at - A_MOMENT)
            self.play(placed)
        self.pass_time(until)  # also sends what an interrupted replay had raised and not told yet

    def pass_time(self, until: datetime) -> None:
        """Every rung up to and including `until` rang at its own moment, or as soon as it could;
        what there was to tell was told."""
        while ringing := [(at, key) for key, at in self.next_at.items() if at and at <= until]:
            moment, key = min(ringing)
            self.clock = max(moment, self.clock)
            self.next_at[key] = self._ring(key, self.clock)
            self._hold(key, self.clock)
        for key in self.views:
            self._look(key, self.clock)

    def _ring(self, key: str, now: datetime) -> datetime | None:
        """What rings in the case by now has rung; returns when something rings next."""
        if self.views[key].closed_at is None:
            take_stock(self.player.engine, key, self.views[key].stage, now)
        else:  # nobody visits a closed case
            raise_due(self.player.engine, now, EVERYTHING, case_key=key)
        return rings_at(self.player.engine, key)

    def play(self, placed: Placed) -> None:
        """The step was played, or refused, and is on record with what it led to."""
        if placed.number <= self.resumes_at:
            self.steps.append(known(placed))
            return
        # As it is now: since the last step time may have changed it, by an offer that ran out.
        self.views[self.view.key] = before = self.player.view(self.view.key, placed.at)
        refused, self.clock = None, placed.at
        try:
            self.see(self.player.play(before, placed, placed.at), placed.at)
        except REFUSED as error:
            refused = self._refused(placed, error)
        self._look(self.view.key, placed.at)
        # The first step opened the case in `start`: all it holds came from that step.
        self.steps.append(told(placed, before if placed.number > 1 else None, self.view, refused))

    def see(self, case_key: str, now: datetime) -> None:
        """The case as it is now. A later signal may have opened another: the history goes on there,
        with the step after the last one that the rows show."""
        another = case_key not in self.views
        self.views[case_key] = self.player.view(case_key, now)
        self.next_at[case_key] = self.view.rings_at
        if another:
            steps = [placed.step for placed in self.placed]
            shown = played(self.player.engine, self.views, steps)
            self.resumes_at = max((i for i, done in enumerate(shown, start=1) if done), default=0)

    def retold(self, until: datetime) -> Replayed:
        history, engine = self.player.history, self.player.engine
        alerts = [
            a for key in self.views for a in alert_list(engine, case_key=key, limit=EVERYTHING)
        ]
        views = [self.player.view(key, until) for key in self.views]
        return Replayed(
            id=history.id, title=history.title, municipality=history.municipality,
            source=f"grade {history.source.grade}: {history.source.where}",
            outcome=f"{history.outcome.result}: {history.outcome.said}",
            until=until, cases=tuple(self.views), stage=self.view.stage,
            holder=self.view.holders.get(Role.DIRECTOR.value), steps=tuple(self.steps),
            promises=tuple(row for view in views for row in view.promises),
            alerts=tuple(
                AlertTold(a.number, a.case_key or "", a.lead, a.recipient, a.created_at, a.asks)
                for a in sorted(alerts, key=lambda a: a.number)
            ),
            without_holder=tuple(self.without_holder),
        )  # fmt: skip

    def _look(self, key: str, moment: datetime) -> None:
        """After a step, and after time passed: nothing stays unsent, and the case has a holder."""
        engine = self.player.engine
        # Most changes send nothing, and a look is cheaper than a lease.
        waits = next_to_send(engine) is not None
        for alert in claim(engine, moment, EVERYTHING, case_key=key) if waits else ():
            record(engine, alert.token, "delivered", "replayed", moment)
        self._hold(key, moment)

    def _hold(self, key: str, moment: datetime) -> None:
        """A moment at which the open case has no holder is on record."""
        if (
            self.views[key].closed_at is None
            and held_at(self.player.engine, key, Role.DIRECTOR, moment) is None
        ):
            self.without_holder.append(moment)

    def _refused(self, placed: Placed, error: Exception) -> Refused:
        """Who refused; for an act of another stage also the guards that would refuse it there."""
        act, guards = placed.step.does, error.guards if isinstance(error, Unmet) else ()
        if isinstance(error, Unknown) and isinstance(act, Act):
            view, engine = self.view, self.player.engine
            guards = unmet_for(engine, view.key, act.kind, placed.facts, placed.at)
            guards = tuple(guard for guard in guards if guard.key not in act.waive)
        return Refused(word_for(error), guards, str(error))
