from datetime import UTC, datetime, timedelta

import pytest
from prefect.states import StateType
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from casework.connect import reading
from casework.promises import next_due
from flows.discretion import Undisclosed, discreet
from models import Alert, JournalEntry, Visit
from tests.builders import a_case, act, evidence, go
from tests.flows.visits import arm, at, enter_due, only, runs, said

NOW = datetime.now(UTC)


def test_a_visit_waits_as_scheduled_until_the_next_promise_and_says_for_what(house, prefect):
    a_case(house, "voluntary_care", NOW)
    arm(house)
    enter_due()
    run = only(prefect, "2026-00001 · vrijwillige hulp · 1".replace("2026", f"{NOW:%Y}"))
    assert run.state_type == StateType.SCHEDULED
    assert run.state_name == "Scheduled", "Prefect marks no other name as Late"
    assert at(run) == next_due(house)
    assert said(run).startswith("wacht op: ")
    assert run.run_count == 1
