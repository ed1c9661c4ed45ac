"""Makes sure the people and the policy of a history are known before it is played."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from casework.people import (
    NewContact,
    NewOrganisation,
    add_contact,
    add_organisation,
    contacts,
)
from casework.policies import activate
from desk.history import History, Person
from escalation.policy import policy_numbers, shipped, shipped_names


def introduce(engine: Engine, history: History) -> None:
    """Everybody in the history is a contact. Who is known already stays as they are."""
    known = {key for key, *_rest in contacts(engine)}
    cast = history.cast
    for short in sorted(cast, key=lambda name: cast[name].deputy is not None):
        if cast[short].key not in known:
            _add(engine, history, cast[short])


def policy_for(engine: Engine, history: History, wanted: str | None, now: datetime) -> str | None:
    """The name of the policy to play under, loaded; None for the municipality's newest.

    `wanted` is a policy's name, or a file that holds one.

    `wanted` goes before the history's own policy, and that before its by-law.
    """
    if wanted is not None and Path(wanted).is_file():
        return activate(engine, Path(wanted).read_text("utf-8"), history.municipality, now)
    name = wanted or history.policy
    if name is not None:
        if name in shipped_names() and name != "default":
            activate(engine, shipped(name), history.municipality, now)
        return name
    if history.states_by_law:
        return activate(engine, _with_by_law(history, now), history.municipality, now)
    return None


def _add(engine: Engine, history: History, person: Person) -> None:
    town, home = history.municipality, history.home_of(person)
    name = town.replace("-", " ").title()
    add_organisation(engine, NewOrganisation(
        key=home, name=f"{person.organisation} {name}", kind=person.organisation,
        municipality=town))  # fmt: skip
    deputy = history.cast[person.deputy].key if person.deputy else None
    add_contact(engine, NewContact(
        key=person.key, organisation=home, function=person.function, deputy=deputy,
        name=f"{person.function.replace('_', ' ')} {name}",
        address=f"{person.key.removeprefix(f'{town}-')}@{town}.example"))  # fmt: skip


def _with_by_law(history: History, now: datetime) -> str:
    """Estafette's own proposals, under the by-law article this history states, or under none."""
    stages = ", ".join(f'"{s}"' for s in dict.fromkeys(n.split(".")[0] for n in policy_numbers()))
    article = f'article = "{history.by_law}"' if history.by_law else ""
    return f"""
name = "{history.municipality}-by-law"
in_force = {now:%Y-%m-%d}
source = "{history.id}"
[by_law]
{article}
[adopt]
stages = [{stages}]
because = "a replay states the by-law and nothing else of the municipality's own numbers"
"""
