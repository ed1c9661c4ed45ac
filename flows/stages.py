"""One flow per stage, each a short story: what is looked at, in order, while a case is there.

Every line names a promise of the path and becomes a task in the run's graph once that promise has
been made. Which promises there are, when they ring and who hears it is decided elsewhere; a test
holds these stories against the path.
"""

from flows.visiting import Visit, stage_flow


@stage_flow
def signal(visit: Visit) -> None:
    """Melding: an urgent one is looked at, the reporter hears back, somebody takes it up."""
    visit.look("acute_call")
    visit.look("acknowledged")
    visit.look("triaged")


@stage_flow
def assessment(visit: Visit) -> None:
    """Beoordeling: care and enforcement make one analysis together."""
    visit.look("analysed")
    visit.look("analysis_renewed")


@stage_flow
def voluntary_care(visit: Visit) -> None:
    """Vrijwillige hulp: help is offered, followed, and either works or is refused."""
    visit.look("offered")
    visit.look("review")
    visit.look("solved")


@stage_flow
def outreach_care(visit: Visit) -> None:
    """Bemoeizorg: somebody seeks contact unasked, and it is weighed what that brought."""
    visit.look("first_attempt")
    visit.look("review")


@stage_flow
def warning(visit: Visit) -> None:
    """Waarschuwing: delivered with proof, then observed until it has worked or lapses."""
    visit.look("delivered")
    visit.look("observed")
    visit.look("warning_lapses")


@stage_flow
def behavioural_order(visit: Visit) -> None:
    """Gedragsaanwijzing: intention and views, then the order, its term, its end; or a ban."""
    visit.look("prepared")
    visit.look("views_in")
    visit.look("decision_written")
    visit.look("objection")
    visit.look("complied")
    visit.look("evaluated")
    visit.look("evaluated_again")
    visit.look("order_ends")
    visit.look("paid")
    visit.look("collection_lapses")
    visit.look("ban_heard")
    visit.look("ban_extension")
    visit.look("ban_ends")


@stage_flow
def house_closure(visit: Visit) -> None:
    """Woningsluiting: views heard, decided, carried out, weighed again, and ended."""
    visit.look("prepared")
    visit.look("views_in")
    visit.look("objection")
    visit.look("takes_effect")
    visit.look("evaluated")
    visit.look("closure_ends")


@stage_flow
def aftercare(visit: Visit) -> None:
    """Nazorg: is it still calm after one, three and six months?"""
    visit.look("first_check")
    visit.look("second_check")
    visit.look("last_check")
