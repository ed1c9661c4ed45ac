"""What the baton promises: the clocks of a handover and a request, and the words about them.

Nobody may throw a case over the fence: whoever offers holds it until somebody else has read back
what they take on, and each side owes the other word by a date.
"""

from escalation.shape import Checkpoint
from escalation.terms import Kind
from escalation.text import Text, proposal

REPORTER_KNOWN = "reporter_known"  # the circumstance that somebody who reported can be told


def _clock(
    key: str,
    nl: str,
    en: str,
    kind: Kind = Kind.POLICY,
    *,
    from_fact: str | None = None,
    by: tuple[str, ...] = (),
    only_if: str | None = None,
) -> Checkpoint:
    """A promise that belongs to no stage, and so outlives each."""
    return Checkpoint(
        key, Text(nl, en), kind, proposal(), from_fact=from_fact, answered_by=by, outlives=True,
        only_if=only_if,
    )  # fmt: skip


# fmt: off
# Dated when a handover is offered. Acknowledging is not answering: somebody has seen it.
HANDOVER_ACKNOWLEDGED = _clock(
    "handover_acknowledged", "Heeft u gezien dat deze zaak u wordt aangeboden?",
    "Have you seen that this case is offered to you?")
HANDOVER_ANSWERED = _clock(
    "handover_answered", "Neemt u deze zaak over, of niet?",
    "Do you take over this case, or not?")
# Instead of both, when the packet says that it cannot wait.
HANDOVER_URGENT = _clock(
    "handover_urgent", "Neemt u deze dringende zaak over, of niet?",
    "Do you take over this urgent case, or not?", Kind.HOURS)
# Dated when a role was assigned by force: the receiver holds it, and still has to read back.
READ_BACK_OWED = _clock(
    "read_back_owed", "Deze zaak is u toegewezen. Wat neemt u op u?",
    "This case was assigned to you. What do you take on?")
# Dated when a handover is accepted: sender and receiver speak, and the sender is owed word.
WARM_CONTACT = _clock(
    "warm_contact", "Hebben afzender en ontvanger elkaar na de overdracht gesproken?",
    "Did sender and receiver speak since the handover?")
REPORT_BACK = _clock(
    "report_back", "Is teruggemeld hoe het na de overdracht gaat?",
    "Was it reported back how things go since the handover?", by=("reported_back",))
# Dated when an offer was refused or ran out: the case is back, and the sender goes on with it.
HANDOVER_RETURNED = _clock(
    "handover_returned", "De overdracht is niet gelukt. Hoe gaat u verder?",
    "The handover did not succeed. How do you go on?")
# The second time in a row it is the process director who decides.
PROCESS_DECIDES = _clock(
    "process_decides", "Twee keer niet overgenomen. Wie wijst u aan?",
    "Twice not taken over. Whom do you assign?")
# A receiver without an account asked to be called.
CALL_BACK = _clock(
    "call_back", "De ontvanger van uw overdracht wil gebeld worden. Heeft u gebeld?",
    "The receiver of your handover wants to be called. Did you call?")
# Dated when a partner is asked something.
REQUEST_ANSWERED = _clock(
    "request_answered", "Is uw antwoord op deze vraag gegeven: gedaan, niet gedaan of kan niet "
    "delen?", "Did you answer this request: done, not done or cannot share?")

# Silence: asked when nothing meaningful happened for so long, or when a stated wait is over.
CASE_SILENT = _clock(
    "case_silent", "Het is stil in deze zaak. Wat is de volgende stap?",
    "This case has been silent. What is the next step?")
WAIT_OVER = _clock(
    "wait_over", "Waar deze zaak op wachtte is nu voorbij. Wat is de volgende stap?",
    "What this case waited for should be over. What is the next step?",
    Kind.DECISION_SET, from_fact="until")
PARTNER_SILENT = _clock(
    "partner_silent", "Er is lang niets van u vernomen in deze zaak. Hoe staat het ervoor?",
    "Nothing was heard from you in this case for long. How do things stand?")
PARTNER_WAIT_OVER = _clock(
    "partner_wait_over", "Waar u in deze zaak op wachtte is nu voorbij. Hoe staat het ervoor?",
    "What you waited for in this case should be over. How do things stand?",
    Kind.DECISION_SET, from_fact="until")

ABOUT_SILENCE = frozenset(
    {CASE_SILENT.key, WAIT_OVER.key, PARTNER_SILENT.key, PARTNER_WAIT_OVER.key})

# The reporter: word at each stage, and never long without any (started anew by each word given).
REPORTER_TOLD = _clock(
    "reporter_told", "Heeft de melder bericht dat de zaak een stap verder is?",
    "Was the reporter told that the case took a step?", by=("reporter_informed",),
    only_if=REPORTER_KNOWN)
REPORTER_WORD = _clock(
    "reporter_word", "Heeft de melder de laatste weken bericht gehad?",
    "Did the reporter have word in the past weeks?", by=("reporter_informed",),
    only_if=REPORTER_KNOWN)
REPORTS_REVIEWED = _clock(
    "reports_reviewed", "Er is vaker gemeld. Is de aanpak samen opnieuw bekeken?",
    "There were more reports. Was the approach looked at again together?",
    by=("joint_analysis_signed",))

# What somebody hears of a promise that another person still has to answer.
WAITED_FOR = Text("Een ander moet dit nog beantwoorden. Vraagt u ernaar?",
                  "Somebody else still has to answer this. Will you ask after it?")

class News(dict[str, Text]):
    """What a message says, by what happened. That happened again is said in the same words: a
    number behind it, as in "call:2", says which time it was."""

    def __missing__(self, event: str) -> Text:
        name = lead_of(event)
        if name == event:
            raise KeyError(event)
        return self[name]


def lead_of(event: str) -> str:
    """The lead under which news of this event goes out."""
    return event.partition(":")[0]


# What a message about a handover says, by what happened to it.
HANDOVER_NEWS = News({
    "offered": HANDOVER_ANSWERED.asks,
    "accepted": Text("Uw overdracht is aanvaard.", "Your handover was accepted."),
    "refused": Text("Uw overdracht is geweigerd; u houdt de zaak.",
                    "Your handover was refused; you keep the case."),
    "expired": Text("Uw overdracht is niet op tijd beantwoord; u houdt de zaak.",
                    "Your handover was not answered in time; you keep the case."),
    "lapsed": Text("De zaak die u werd aangeboden is terug bij de afzender.",
                   "The case offered to you went back to its sender."),
    "revoked": Text("De zaak die u werd aangeboden is teruggenomen.",
                    "The case offered to you was taken back."),
    "returned": Text("Een overdracht is niet gelukt; de afzender houdt de zaak.",
                     "A handover did not succeed; its sender keeps the case."),
    "decide": PROCESS_DECIDES.asks,
    "assigned": READ_BACK_OWED.asks,
    "taken": Text("De procesregisseur heeft de rol die u had of aanbood aan een ander gegeven.",
                  "The process director gave the role you had or offered to somebody else."),
    "read_back": Text("Wie u hebt aangewezen heeft gezegd wat die op zich neemt.",
                      "Whom you assigned has said what they take on."),
    "offered_on": Text("De rol die u hebt wordt aan een ander aangeboden.",
                       "The role you hold is offered to somebody else."),
    "passed": Text("De rol die u had is door een ander overgenomen.",
                   "The role you had was taken over by somebody else."),
    "call": CALL_BACK.asks,
    "contacted": Text("Afzender en ontvanger hebben elkaar na de overdracht gesproken.",
                      "Sender and receiver spoke since the handover."),
    "not_contacted": Text("Afzender en ontvanger hebben elkaar na de overdracht niet gesproken.",
                          "Sender and receiver did not speak since the handover."),
    "reported": Text("Er is teruggemeld op uw overdracht.", "Your handover was reported back on."),
    "not_reported": Text("Er is niet teruggemeld op uw overdracht; waarom niet staat erbij.",
                         "Your handover was not reported back on; why not is said there."),
    "answered_for_you": Text(
        "Een ander heeft geantwoord op de zaak die u werd aangeboden; u hoeft niets meer te doen.",
        "Somebody else answered for the case that was offered to you; you need do nothing more."),
    "case_closed": Text("De zaak die u overdroeg is geëindigd.",
                        "The case you handed over has ended."),
    "deputy": Text("U vervangt de ontvanger van deze overdracht. Neemt u de zaak over?",
                   "You stand in for the receiver of this handover. Do you take the case over?"),
    "unreached": Text("Een overdracht ligt bij iemand die er niet is. Trekt u haar in of wijst u "
                      "iemand aan?",
                      "A handover waits for somebody who is away. Do you take it back, or assign "
                      "somebody?"),
})
# And about a request.
REQUEST_NEWS = {
    "asked": REQUEST_ANSWERED.asks,
    "answered": Text("Uw vraag aan een partner is beantwoord.", "Your request was answered."),
    "withdrawn": Text("De vraag aan u is ingetrokken.", "The request to you was withdrawn."),
    "deputy": Text("U vervangt iemand aan wie iets gevraagd is. Is het gedaan?",
                   "You stand in for somebody who was asked something. Is it done?"),
    "unreached": Text("Een vraag ligt bij iemand die er niet is. Trekt u haar in en vraagt u een "
                      "ander?",
                      "A request waits for somebody who is away. Do you withdraw it and ask "
                      "somebody else?"),
}

BATON = (HANDOVER_ACKNOWLEDGED, HANDOVER_ANSWERED, HANDOVER_URGENT, READ_BACK_OWED, WARM_CONTACT,
         REPORT_BACK, HANDOVER_RETURNED, PROCESS_DECIDES, CALL_BACK, REQUEST_ANSWERED, CASE_SILENT,
         WAIT_OVER, PARTNER_SILENT, PARTNER_WAIT_OVER, REPORTER_TOLD, REPORTS_REVIEWED)
# fmt: on
