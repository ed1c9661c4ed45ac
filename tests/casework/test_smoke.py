from datetime import timedelta

from casework.alerts import claim, record
from casework.audit import audit
from casework.journal import broken_at
from casework.promises import raise_due
from casework.stock import take_stock
from casework.visits import armed, unarmed, waiting_list
from tests.builders import *


def test_smoke(engine):
    a_town(engine)
    key = a_case(engine, "behavioural_order")
    v = case_view(engine, key, NOW)
    assert v.stage == "behavioural_order"
    for n in (0, 1, 10, 30, 60):
        later = NOW + timedelta(days=n)
        while raise_due(engine, later):
            pass
        for c in claim(engine, later, 100):
            assert record(engine, c.number, c.token, "delivered", "ok", later)
    assert broken_at(engine, key) is None
    take_stock(engine, key, "behavioural_order", later)
    for vis in unarmed(engine, later, horizon=timedelta(days=10), stuck_after=timedelta(minutes=5)):
        armed(engine, vis.id, "run", vis.wake_at, later, vis.version)
    r = audit(engine, later)
    print(r, waiting_list(engine, "behavioural_order", later))
    assert r.clean, r
