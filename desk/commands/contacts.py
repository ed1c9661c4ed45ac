"""estafette contact: who there is to hold a case or to be told."""

import typer

from desk import say
from desk.say import moment_of

app = typer.Typer(no_args_is_help=True, help="The people and organisations of a municipality.")


@app.command()
def add(
    key: str = typer.Argument(..., help="A short key, such as regie-noord."),
    name: str = typer.Option(..., help="The person's name."),
    function: str = typer.Option(
        ..., help="case_director, process_director, head_of_public_order, care_worker, …"
    ),
    organisation: str = typer.Option(..., help="Key of the organisation; made when new."),
    municipality: str = typer.Option(..., help="Key of the municipality."),
    address: str = typer.Option(..., help="Where messages go, such as a mail address."),
    channel: str = typer.Option("mail", help="A channel's name; see ESTAFETTE_CHANNELS_FILE."),
    kind: str = typer.Option("municipality", help="Kind of organisation, when it is new."),
    deputy: str | None = typer.Option(None, help="Key of who stands in."),
    language: str = typer.Option("nl", help="nl or en."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Add a contact, or bring one up to date."""
    from casework.connect import connect
    from casework.people import NewContact, NewOrganisation, add_contact, add_organisation

    engine = connect()
    new = NewContact(
        key=key, organisation=organisation, name=name, function=function, channel=channel,
        address=address, language=language, deputy=deputy,
    )  # fmt: skip
    _refuse_unknown_channel(channel)
    add_organisation(
        engine,
        NewOrganisation(key=organisation, name=organisation, kind=kind, municipality=municipality),
    )
    add_contact(engine, new)
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
def absent(
    key: str = typer.Argument(..., help="The contact's key."),
    since: str | None = typer.Option(None, "--from", help="From when; default now."),
    until: str | None = typer.Option(None, help="Until when; left out: until further notice."),
    back: bool = typer.Option(False, "--back", help="The contact is back."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Note an absence: alerts go to the deputy from then on."""
    from casework.connect import connect
    from casework.people import set_absence
    from desk.clock import now

    start = None if back else moment_of(since) or now()
    set_absence(connect(), key, start, None if back else moment_of(until))
    words = "is back" if back else f"is absent from {say.when(start)}"
    say.answer({"contact": key, "absent_from": start}, as_json, lambda: [f"{key} {words}."])


def _refuse_unknown_channel(name: str) -> None:
    from notifications.channels import Channels

    known = Channels.from_env().by_name
    if name not in known:
        say.stop(f"there is no channel {name!r}; the channels are {', '.join(sorted(known))}")
