"""Who offered a handover never answers it: tried by raw SQL, on both databases."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from casework.offering import offer
from casework.packets import Packet
from casework.words import Role
from tests.builders import NOW, PACKET, a_case, a_town


def one_offer(engine) -> None:
    a_town(engine)
    offer(engine, a_case(engine), role=Role.CARE, to="care", packet=Packet(**PACKET),
          by="process", now=NOW)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, worlds, tmp_path):
    made = worlds.copy(request.param, one_offer, tmp_path)
    yield made
    made.dispose()


@pytest.mark.parametrize("state", ["accepted", "refused"])
def test_whoever_offered_it_can_not_be_down_as_who_answered(engine, state):
    answered = (
        f"UPDATE handovers SET state = '{state}', answered_by = :by, read_back = 'morgen', "
        "reason = 'vol'"
    )
    with engine.begin() as connection:
        offered_by = connection.execute(sa.text("SELECT offered_by FROM handovers")).scalar_one()
    assert offered_by == "process"
    with (
        pytest.raises(IntegrityError, match="answered_by_another"),
        engine.begin() as connection,
    ):
        connection.execute(sa.text(answered), {"by": offered_by})
    with engine.begin() as connection:
        connection.execute(sa.text(answered), {"by": "care"})
