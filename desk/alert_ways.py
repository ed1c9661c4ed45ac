"""What somebody can do who got an alert, as commands to type: the alert's page spells them out."""

from collections.abc import Iterator
from dataclasses import dataclass

from casework.alert_views import AlertView
from casework.handover_views import HandoverDetail

RUN = "./estafette"
OFFERED = {"offered", "deputy"}
RETURNED = {"refused", "expired", "handover_returned"}


@dataclass(frozen=True, slots=True)
class Way:
    """One thing to do, and the commands that do it."""

    words: str
    commands: tuple[str, ...]


# fmt: off
OF_TROUBLES = {
    "runs_late": Way(
        "Kijk in Prefect bij Runs, met de staat Late, en of er een worker draait:",
        (f"{RUN} up",)),
    "runs_crashed": Way(
        "Kijk in Prefect bij Runs, met de staat Crashed, en wat er toen met de worker was. Een "
        "bezoek krijgt vanzelf een nieuwe run. Wat er niet goed staat, zegt:", (f"{RUN} audit",)),
    "runs_failed": Way(
        "Kijk in Prefect bij Runs, met de staat Failed: in de staat staat waarom. Hoe het met een "
        "zaak is, zegt:", (f"{RUN} case show …",)),
    "audit_findings": Way(
        "Kijk welke zaken het zijn, en wat eraan te doen is:", (f"{RUN} audit",)),
    "audit_silent": Way(
        "Kijk in Prefect bij de deployment audit of zij loopt, en controleer nu zelf:",
        (f"{RUN} audit",)),
    "promises_late": Way(
        "Kijk of de bewaking draait, en laat haar desnoods zonder Prefect lopen:",
        (f"{RUN} watch",)),
    "outbox_stuck": Way(
        "Kijk welke berichten het zijn, en of de kanalen werken:",
        (f"{RUN} alert list --unsent", f"{RUN} channel check …")),
}
# fmt: on


def ways(alert: AlertView, handover: HandoverDetail | None) -> list[Way]:
    """What can be done now; nothing when all of it was done since. `handover` is the one the alert
    is about."""
    if alert.over:
        return []
    if alert.notice is not None:
        return list(_of_notice(alert))
    if alert.waits_for is not None:
        return list(_of_waiting(alert, handover))
    if handover is not None:
        return list(_of_handover(alert, handover))
    if alert.request is not None:
        return list(_of_request(alert))
    return [Way("Beantwoord de vraag:", _answers(alert))]


def _of_waiting(alert: AlertView, handover: HandoverDetail | None) -> Iterator[Way]:
    yield Way("Vraag ernaar bij wie moet antwoorden:", (f"{RUN} contact show {alert.waits_for}",))
    if alert.promise == "warm_contact":
        yield Way("Of hebben jullie elkaar gesproken?",
                  (f"{RUN} handover contacted {alert.handover}",))  # fmt: skip
    if handover is not None:
        yield Way(
            "Lees het pakket, en wat ervan gezegd is:", (f"{RUN} handover show {handover.id}",)
        )
    elif alert.request is not None:
        yield Way("Lees wat er gevraagd is:", (f"{RUN} case requests {alert.case_key}",))
    else:
        yield Way("Of beantwoord de vraag zelf, als u het weet:", _answers(alert))


def _of_handover(alert: AlertView, handover: HandoverDetail) -> Iterator[Way]:
    said, number = alert.promise or alert.lead, handover.id
    if said in OFFERED | {"assigned", "read_back_owed"} or said.startswith("handover_"):
        yield from _to_answer(said, handover)
    if said in RETURNED | {"returned"}:
        yield Way(
            "Bied de rol aan iemand anders aan:",
            (f"{RUN} handover offer {handover.case_key} --role {handover.role} --to …",),
        )
    if said in {"decide", "process_decides"}:
        yield Way(
            "Wijs aan wie het doet, met de reden:",
            (
                f"{RUN} handover assign {handover.case_key} --role {handover.role} --to … "
                '--because "…"',
            ),
        )
    if said == "unreached":
        yield from _to_take_back(handover)
    if said == "warm_contact":
        yield Way("Hebben jullie elkaar gesproken?", (f"{RUN} handover contacted {number}",))
    if said in {"report_back"}:
        yield Way("Meld terug hoe het gaat:", (f'{RUN} handover report {number} --report "…"',))
    if said in {"call", "call_back"}:
        yield Way("Hebt u gebeld?", (f"{RUN} case answer {alert.case_key} call_back",))
    yield Way("Lees het pakket, en wat ervan gezegd is:", (f"{RUN} handover show {number}",))


def _to_answer(said: str, handover: HandoverDetail) -> Iterator[Way]:
    accept = f'{RUN} handover accept {handover.id} --read-back "…"'
    if handover.state == "assigned":
        yield Way("Zeg in uw eigen woorden wat u op u neemt, en tot wanneer:", (accept,))
    if handover.state == "offered":
        yield Way(
            "Neem over, met in uw eigen woorden wat u op u neemt, of weiger met een reden:",
            (accept, f'{RUN} handover refuse {handover.id} --reason "…"'),
        )
        yield Way(
            "Of laat eerst iets van u horen; u moet dan nog steeds antwoorden:",
            (
                f"{RUN} handover acknowledge {handover.id}",
                f'{RUN} handover call {handover.id} --how "…"',
            ),
        )


def _to_take_back(handover: HandoverDetail) -> Iterator[Way]:
    if handover.state == "offered":
        yield Way("Neem de overdracht terug:", (f"{RUN} handover revoke {handover.id}",))
    yield Way(
        "Of wijs aan wie het doet, met de reden:",
        (f'{RUN} handover assign {handover.case_key} --role {handover.role} --to … --because "…"',),
    )


def _of_request(alert: AlertView) -> Iterator[Way]:
    if alert.lead == "unreached":
        yield Way(
            "Trek de vraag in, met een reden, en stel haar aan een ander:",
            (f'{RUN} case withdraw {alert.request} --reason "…"',),
        )
        return
    if alert.lead in {"answered", "withdrawn"}:
        yield Way("Lees wat er gevraagd is:", (f"{RUN} case requests {alert.case_key}",))
        return
    yield Way(
        "Antwoord, altijd met een reden:",
        tuple(
            f'{RUN} case reply {alert.request} {given} --reason "…"'
            for given in ("done", "not_done", "cannot_share")
        ),
    )


def _of_notice(alert: AlertView) -> Iterator[Way]:
    if alert.notice in OF_TROUBLES:
        yield OF_TROUBLES[alert.notice]
        yield Way("Loop na waar Estafette van afhangt:", (f"{RUN} doctor",))
    elif alert.notice == "unreached":
        yield Way(
            "Kijk hoe dit contact te bereiken is, en verander dat:",
            (f"{RUN} contact show …", f"{RUN} contact add …"),
        )
    elif alert.notice == "contact_check":
        yield Way("Kloppen de gegevens nog?", (f"{RUN} contact show …", f"{RUN} contact confirm …"))
    else:
        yield Way(
            "Bekijk de tabel, en laad het volgende besluit met zijn bron:",
            (f"{RUN} decree list", f"{RUN} decree import besluit.toml"),
        )


def _answers(alert: AlertView) -> tuple[str, ...]:
    promise = f"{RUN} case answer {alert.case_key} {alert.promise}"
    return promise, f'{promise} not_done --reason "…"'
