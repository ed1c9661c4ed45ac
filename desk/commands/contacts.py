"""estafette contact: who there is to hold a case or to be told."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import typer

from desk import say
from desk.clock import now
from desk.say import AMSTERDAM, moment_of

if TYPE_CHECKING:
    from casework.contact_views import ContactView

app = typer.Typer(no_args_is_help=True, help="The people and organisations of a municipality.")
KEY = typer.Argument(..., help="The contact's key, or the number a message names.")


@app.command()
def add(
    key: str = typer.Argument(..., help="A short key, such as regie-noord."),
    name: str = typer.Option(..., help="The person's name."),
    function: str = typer.Option(
        ..., help="case_director, process_director, head_of_public_order, care_worker, …"
    ),
    organisation: str = typer.Option(..., help="Key of the organisation; made when new."),
    municipality: str | None = typer.Option(
        None, help="Key of the municipality; needed when the organisation is new."
    ),
    address: str = typer.Option(..., help="Where messages go, such as a mail address."),
    channel: str = typer.Option("mail", help="A channel's name; see ESTAFETTE_CHANNELS_FILE."),
    kind: str | None = typer.Option(
        None, help="Kind of organisation, when it is new; default municipality."
    ),
    deputy: str | None = typer.Option(None, help="Key of who stands in."),
    language: str = typer.Option("nl", help="nl or en."),
    fixed: bool = typer.Option(False, "--fixed", help="Whom others turn to at the organisation."),
    no_account: bool = typer.Option(False, "--no-account", help="Answers by a signed link only."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Add a contact, or bring one up to date; who had left is back."""
    from casework.connect import connect
    from casework.people import NewContact, add_contact
    from desk.new_contacts import home_of, refuse_nearly_known, refuse_odd_address

    engine = connect()
    new = NewContact(
        key=key, organisation=organisation, name=name, function=function, channel=channel,
        address=address, language=language, deputy=deputy, fixed=fixed, account=not no_account,
    )  # fmt: skip
    refuse_nearly_known(function)
    refuse_odd_address(channel, address)
    add_contact(engine, new, now(), home_of(engine, organisation, municipality, kind))
    say.answer({"contact": key}, as_json, lambda: [f"Contact {key} is known."])


@app.command("list")
def list_(as_json: bool = say.AS_JSON) -> None:
    """List the contacts by key and function; names stay in the database."""
    from casework.connect import connect
    from casework.people import contacts

    rows = contacts(connect())
    header = ("contact", "function", "organisation", "municipality")
    say.answer(
        [dict(zip(header, row, strict=True)) for row in rows], as_json,
        lambda: say.table(rows, header),
    )  # fmt: skip


@app.command()
def show(key: str = KEY, as_json: bool = say.AS_JSON) -> None:
    """Show one contact: function, deputy, absences, and when it is asked whether it still holds."""
    from casework.connect import connect
    from casework.contact_views import contact_view

    got = contact_view(connect(), key, now())
    say.answer(got, as_json, lambda: _page(got))


@app.command()
def absent(
    key: str = KEY,
    since: str | None = typer.Option(
        None, "--from", help="From when, or the first day away; default now."
    ),
    until: str | None = typer.Option(
        None, help="Until when, or the last day away; left out: until further notice."
    ),
    back: bool = typer.Option(
        False, "--back", help="The contact is back; with --from: a planned absence is called off."
    ),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Note an absence, now or planned: what waits goes to the deputy when it begins."""
    from casework.absences import away
    from casework.absences import back as come_back
    from casework.connect import connect

    begin, end = moment_of(since), _end_of(until)
    if back:
        come_back(connect(), key, by=by, now=now(), since=begin)
        called_off = f"The absence of {key} from {say.when(begin)} is called off."
        line = called_off if begin else f"{key} is back."
        say.answer({"contact": key, "absent_from": None}, as_json, lambda: [line])
        return
    got = away(connect(), key, since=begin or now(), until=end, by=by, now=now())
    body = {"contact": key, "absent_from": got.since, "absent_until": got.until}
    say.answer(body, as_json, lambda: [f"{key} is absent {_time(got.since, got.until)}."])


@app.command()
def confirm(key: str = KEY, by: str = say.BY, as_json: bool = say.AS_JSON) -> None:
    """Confirm that a contact still holds: same person, function and address."""
    from casework.checkups import confirm as still_holds
    from casework.connect import connect

    again = still_holds(connect(), key, by=by, now=now())
    say.answer(
        {"contact": key, "check_at": again}, as_json,
        lambda: [f"Contact {key} still holds; asked again {say.when(again)}."],
    )  # fmt: skip


@app.command()
def leave(key: str = KEY, by: str = say.BY, as_json: bool = say.AS_JSON) -> None:
    """Note that a contact left for good. What they hold is passed on first."""
    from casework.checkups import leave as has_left
    from casework.connect import connect

    has_left(connect(), key, by=by, now=now())
    say.answer(
        {"contact": key, "left": True}, as_json,
        lambda: [f"{key} left, and is no longer chosen for anything."],
    )  # fmt: skip


def _page(got: "ContactView") -> Iterable[str]:
    yield f"{got.key} (contact {got.number}): {got.name}"
    yield f"  {got.function} at {got.organisation}, {got.municipality}"
    yield f"  reached by {got.channel}, in {got.language}"
    yield f"  deputy: {got.deputy or 'nobody'}"
    if got.fixed:
        yield f"  whom others turn to at {got.organisation}"
    if not got.account:
        yield "  has no account; answers by a signed link"
    if got.absent and got.left_at is None:
        yield f"  absent now; {got.stands_in or 'nobody'} stands in"
    for one in got.absences:
        yield f"  away {_time(one.since, one.until)}"
    yield f"  roles held on open cases: {got.roles}"
    yield f"  confirmed: {say.when(got.confirmed_at)}; asked again: {say.when(got.check_at)}"
    if got.left_at is not None:
        yield f"  left {say.when(got.left_at)}"


def _end_of(until: str | None) -> datetime | None:
    """A moment somebody typed; of a day without a time, when that day is over."""
    try:
        last = date.fromisoformat(until or "")
    except ValueError:
        return moment_of(until)
    return datetime.combine(last + timedelta(days=1), time(), AMSTERDAM)


def _time(since: datetime, until: datetime | None) -> str:
    """The time away, in whole days where it is whole days."""
    day, last = _midnight(since), _midnight(until)
    begins = f"from {say.when(day or since)}"
    if until is None:
        return f"{begins} until further notice"
    if last is not None:
        return f"{begins} up to and including {say.when(last - timedelta(days=1))}"
    return f"{begins} until {say.when(until)}"


def _midnight(moment: datetime | None) -> date | None:
    """The day that begins at this moment in the Netherlands; None when none does."""
    at = moment and moment.astimezone(AMSTERDAM)
    return at.date() if at and at.time() == time() else None
