"""Automations: Prefect itself brings a trouble to operations, without anybody looking for it."""

from datetime import timedelta

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import DoNothing
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger

from flows import automations
from flows.automations import DECLARED, TAG, declare_automations

NAMES = sorted(one.name for one in DECLARED)


@pytest.fixture
def client(prefect: SyncPrefectClient) -> SyncPrefectClient:
    for one in prefect.read_automations():
        prefect.delete_automation(one.id)
    return prefect


def an_automation(name: str, *tags: str) -> AutomationCore:
    trigger = EventTrigger(expect={"prefect.flow-run.Crashed"})
    return AutomationCore(name=name, tags=list(tags), trigger=trigger, actions=[DoNothing()])


def there(client: SyncPrefectClient) -> dict[str, Automation]:
    return {one.name: one for one in client.read_automations()}


def test_they_are_declared_with_a_dutch_name_and_again_changes_nothing(client, monkeypatch):
    declare_automations(client)
    first = there(client)
    assert sorted(first) == NAMES
    assert all(one.enabled and one.description for one in first.values())

    def never(*_: object) -> None:
        raise AssertionError("nothing is to be changed")

    monkeypatch.setattr(client, "update_automation", never)
    monkeypatch.setattr(client, "create_automation", never)
    declare_automations(client)
    assert there(client) == first


def test_a_former_declaration_is_brought_up_to_date_and_one_of_ours_too_many_goes(client):
    client.create_automation(an_automation(NAMES[0], TAG))
    client.create_automation(an_automation("Estafette: iets van vroeger", TAG))
    client.create_automation(an_automation("Van een ander"))
    declare_automations(client)
    assert sorted(there(client)) == sorted([*NAMES, "Van een ander"])
    declared = there(client)[NAMES[0]]
    assert declared.trigger.within == automations.ONCE_IN
    assert declared.actions[0].type == "run-deployment"


def test_two_who_declared_at_once_leave_one_of_each(client):
    for _ in range(2):
        client.create_automation(an_automation(NAMES[0], TAG))
    declare_automations(client)
    assert sorted(one.name for one in client.read_automations()) == NAMES


def test_what_somebody_switched_off_stays_off(client, monkeypatch):
    declare_automations(client)
    client.pause_automation(there(client)[NAMES[0]].id)
    monkeypatch.setattr(automations, "ONCE_IN", timedelta(hours=2))
    declare_automations(client)
    assert there(client)[NAMES[0]].trigger.within == timedelta(hours=2)
    assert [one.enabled for name, one in sorted(there(client).items())] == [False, True, True]


def test_a_prefect_that_takes_no_automations_stops_nobody(client, monkeypatch, caplog):
    def refuses(*_: object, **__: object) -> None:
        raise PermissionError("not in this plan")

    monkeypatch.setattr(client, "read_automations", refuses)
    declare_automations(client)
    assert "automations not declared: PermissionError" in caplog.text
