"""The escalation path. Flows, desk, documentation and tests read PATH; nothing else names a stage.

A stage's exits are the ordinary decisions; any other move, up or down, needs a recorded reason and
is judged by the same guards. On entry casework copies the checkpoints to dated rows, so a promise
once made keeps its date. Keys are permanent words and are never reused; Dutch terms are display.
"""

from escalation import guards as g
from escalation import neutral
from escalation.closures import GROUNDED
from escalation.lanes import LANES, NEXT_STEP
from escalation.measures import (
    BEHAVIOURAL_ORDER_ACTS,
    HOUSE_CLOSURE_ACTS,
    WARNING_ACTS,
)
from escalation.shape import Act, Checkpoint, Exit, Role, Stage
from escalation.terms import Kind
from escalation.text import Text, proposal

MAYOR = Text("burgemeester", "mayor")
DIRECTOR = Text("regievoerder", "case director")


def _policy(
    key: str,
    nl: str,
    en: str,
    *,
    by: tuple[str, ...] = (),
    outside: Text | None = None,
    outlives: bool = False,
) -> Checkpoint:
    """A checkpoint whose number is the municipality's own."""
    return Checkpoint(
        key,
        Text(nl, en),
        Kind.POLICY,
        proposal(),
        answered_by=by,
        outside=outside,
        outlives=outlives,
    )


def _exit(key: str, to: str, nl: str, en: str) -> Exit:
    return Exit(key, Text(nl, en), to)


# Partners drift apart: what they agreed on is looked at together again, until things are calm.
ANALYSIS_RENEWED = _policy(
    "analysis_renewed",
    "Is de gezamenlijke analyse vernieuwd?",
    "Was the joint analysis renewed?",
    by=("joint_analysis_signed",),
    outlives=True,
)

# fmt: off
PATH: tuple[Stage, ...] = (
    Stage("signal", "melding", "signal", Role.DIRECTOR, DIRECTOR,
          checkpoints=(
              Checkpoint("acute_call", Text("Is er bij deze spoedmelding iemand gaan kijken?",
                                            "Did somebody go and look at this urgent signal?"),
                         Kind.HOURS, proposal(), answered_by=("site_visited",), only_if="acute",
                         outlives=True),
              _policy("acknowledged", "Heeft de melder bericht dat de melding binnen is?",
                      "Was the reporter told that the signal arrived?",
                      by=("reporter_informed",), outlives=True),
              _policy("triaged", "Is beslist wie deze melding oppakt?",
                      "Was it decided who takes up this signal?")),
          acts=(Act("site_visited", Text("ter plaatse geweest", "site visited"),
                    fields=("result",)),),
          exits=(_exit("take_up", "assessment", "oppakken", "take up"),
                 _exit("not_ours", "referred", "doorverwijzen", "refer elsewhere"),
                 _exit("unfounded", "closed", "geen overlast", "no nuisance"))),

    Stage("assessment", "beoordeling", "assessment", Role.DIRECTOR, DIRECTOR,
          checkpoints=(
              _policy("analysed", "Is de gezamenlijke analyse af?",
                      "Is the joint analysis done?", by=("joint_analysis_signed",)),),
          acts=(Act("joint_analysis_signed", Text("gezamenlijke analyse ondertekend",
                                                  "joint analysis signed"),
                    fields=("domains", "dissent"), starts=(ANALYSIS_RENEWED,)),
                Act("existing_care_checked", Text("nagegaan of er al hulp is",
                                                  "existing care checked"), fields=("answer",))),
          exits=(_exit("help_first", "voluntary_care", "eerst hulp", "help first"),
                 _exit("care_avoided", "outreach_care", "mijdt hulp", "avoids help"),
                 _exit("warn", "warning", "waarschuwen", "warn"),
                 _exit("danger", "house_closure", "acuut gevaar", "acute danger"),
                 _exit("no_nuisance", "closed", "geen overlast", "no nuisance"))),

    Stage("voluntary_care", "vrijwillige hulp", "voluntary care", Role.CARE, DIRECTOR,
          checkpoints=(
              _policy("offered", "Is hulp of bemiddeling aangeboden?",
                      "Was help or mediation offered?", by=("care_offered", "mediation_held"),
                      outside=neutral.DONE),
              _policy("review", "Is de hulp aanvaard en werkt zij?",
                      "Is the help accepted, and does it work?", outside=neutral.RESULT),
              _policy("solved", "Is de overlast voorbij?", "Is the nuisance over?")),
          exits=(_exit("works", "aftercare", "hulp werkt", "help works"),
                 _exit("refused", "outreach_care", "hulp geweigerd", "help refused"),
                 _exit("not_enough", "warning", "hulp is niet genoeg", "help is not enough"))),

    Stage("outreach_care", "bemoeizorg", "outreach care", Role.CARE, DIRECTOR,
          checkpoints=(
              _policy("first_attempt", "Is geprobeerd contact te krijgen?",
                      "Was contact attempted?", by=("contact_attempted",), outside=neutral.DONE),
              _policy("review", "Wat heeft de bemoeizorg opgeleverd?",
                      "What has outreach care achieved?", outside=neutral.RESULT)),
          exits=(_exit("accepted", "voluntary_care", "hulp aanvaard", "help accepted"),
                 _exit("stable", "aftercare", "rust hersteld", "calm restored"),
                 _exit("exhausted", "warning", "zorgopties uitgeput", "care options exhausted"))),

    Stage("warning", "waarschuwing", "warning", Role.ENFORCEMENT, MAYOR, coercive=True,
          guards=(g.BY_LAW, g.PATTERN, g.LIGHTER, g.CARE_CONSULTED, g.LANDLORD_FIRST,
                  g.NO_CARE_ON_OFFER),
          checkpoints=(
              _policy("delivered", "Is de waarschuwing uitgereikt, met bewijs van ontvangst?",
                      "Was the warning delivered, with proof?", by=("warning_delivered",),
                      outside=neutral.DONE),),
          acts=WARNING_ACTS,
          exits=(_exit("stopped", "aftercare", "overlast gestopt", "nuisance stopped"),
                 _exit("relapse_to_care", "outreach_care", "terug naar zorg", "back to care"),
                 _exit("persists", "behavioural_order", "overlast houdt aan", "persists"))),

    Stage("behavioural_order", "gedragsaanwijzing", "behavioural order", Role.ENFORCEMENT, MAYOR,
          coercive=True,
          guards=(g.BY_LAW, g.PATTERN, g.VERIFIED, g.LIGHTER, g.WARNED, g.NO_CARE_ON_OFFER),
          checkpoints=(
              _policy("prepared", "Is het voornemen verstuurd of van de last afgezien?",
                      "Was the intention sent, or the order dropped?",
                      by=("intention_sent", "order_announced"),
                      outside=neutral.DECISION),),
          acts=BEHAVIOURAL_ORDER_ACTS,
          exits=(_exit("obeyed", "aftercare", "last nageleefd", "order obeyed"),
                 _exit("dropped", "outreach_care", "van last afgezien", "order dropped"),
                 _exit("danger", "house_closure", "gevaar", "danger"))),

    Stage("house_closure", "woningsluiting", "house closure", Role.ENFORCEMENT, MAYOR,
          coercive=True,
          guards=(*GROUNDED, g.LIGHTER, g.NO_CARE_ON_OFFER),
          checkpoints=(
              _policy("prepared", "Is het voornemen verstuurd of over de sluiting beslist?",
                      "Was the intention sent, or the closure decided on?",
                      by=("closure_intention_sent", "closure_announced"),
                      outside=neutral.DECISION),),
          acts=HOUSE_CLOSURE_ACTS,
          exits=(_exit("reopened", "aftercare", "woning weer open", "house reopened"),
                 _exit("dropped", "outreach_care", "van sluiting afgezien", "closure dropped"))),

    Stage("aftercare", "nazorg", "aftercare", Role.DIRECTOR, DIRECTOR,
          ends=(ANALYSIS_RENEWED.key,),
          checkpoints=(
              _policy("first_check", "Is het na een maand nog rustig?",
                      "Is it still calm after a month?"),
              _policy("second_check", "Is het na drie maanden nog rustig?",
                      "Is it still calm after three months?"),
              _policy("last_check", "Is het na een half jaar nog rustig?",
                      "Is it still calm after half a year?")),
          exits=(_exit("calm", "closed", "rustig gebleven", "stayed calm"),
                 _exit("flares_up", "assessment", "overlast terug", "nuisance is back"))),

    Stage("referred", "doorverwezen", "referred", Role.DIRECTOR, DIRECTOR),
    Stage("closed", "afgesloten", "closed", Role.DIRECTOR, DIRECTOR),
)
# fmt: on

STAGES = {stage.key: stage for stage in PATH}
OPEN_STAGES = tuple(stage for stage in PATH if not stage.is_end)
FIRST = PATH[0]

__all__ = ["FIRST", "LANES", "NEXT_STEP", "OPEN_STAGES", "PATH", "STAGES"]
