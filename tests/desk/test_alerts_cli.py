"""estafette alert: what happened to an alert, who saw it, and sending it once more by hand."""

from datetime import timedelta

import pytest

from casework.alerts import record
from casework.claiming import claim
from casework.connect import connect
from casework.promises import raise_due
from casework.troubles import tell_troubles
from desk.clock import now
from tests.desk.conftest import Estafette

OPS = (
    "contact", "add", "ops", "--name", "Voorbeeld Ops", "--organisation", "techniek",
    "--municipality", "voorbeeldstad", "--address", "ops@voorbeeld.example",
)  # fmt: skip


@pytest.fixture
def perhaps(town: Estafette) -> str:
    """The number of an alert that perhaps arrived."""
    moment = (now() - timedelta(days=30)).isoformat()
    added = town("signal", "add", "--municipality", "voorbeeldstad", "--address", "Voorbeeldlaan 1",
                 "--received-at", moment, "--json")  # fmt: skip
    assert added.code == 0, added.err
    while raise_due(connect(), now()):
        pass
    (first, *_rest) = claim(connect(), now())
    assert record(connect(), first.token, "perhaps", "timeout", now())
    return str(first.number)


def test_an_alert_shows_every_attempt_and_that_it_may_have_arrived(town: Estafette, perhaps: str):
    said = town("alert", "show", perhaps)
    assert said.code == 0, said.err
    for words in ("perhaps", "by mail: perhaps (timeout)", f"alert resend {perhaps}"):
        assert words in said.out
    shown = town("alert", "show", perhaps, "--json").json
    assert [one["outcome"] for one in shown["attempts"]] == ["perhaps"]
    assert "@" not in town("alert", "show", perhaps, "--json").out, "keys, and no addresses"


def test_what_perhaps_arrived_is_sent_once_more_by_hand(town: Estafette, perhaps: str):
    assert town("alert", "resend", perhaps, "--by", "director").code == 0
    assert town("alert", "show", perhaps, "--json").json["alert"]["state"] == "waiting"
    again = town("alert", "resend", perhaps, "--by", "director")
    assert (again.code, "nothing to resend" in again.err) == (1, True)


def test_several_people_see_an_alert_and_each_is_shown(town: Estafette, perhaps: str):
    for person in ("director", "deputy", "director"):
        assert town("alert", "ack", perhaps, "--by", person).code == 0
    seen = town("alert", "show", perhaps, "--json").json["seen"]
    assert [by for by, _at in seen] == ["director", "deputy"]


@pytest.mark.parametrize("command", ["show", "resend"])
def test_an_alert_that_never_was_is_refused_by_its_number(town: Estafette, command: str):
    by = ("--by", "director") if command == "resend" else ()
    said = town("alert", command, "77", *by)
    assert (said.code, "there is no alert 77" in said.err) == (1, True)


def test_a_trouble_is_listed_and_shown_with_how_many_there_are_and_no_case(town: Estafette):
    added = town(*OPS, "--function", "operations")
    assert added.code == 0, added.err
    assert tell_troubles(connect(), {"runs_crashed": 12}, now()) == 1
    (listed,) = town("alert", "list", "--json").json
    assert (listed["notice"], listed["how_many"], listed["recipient"], listed["case_key"]) == (
        "runs_crashed", 12, "ops", None,
    )  # fmt: skip
    shown = town("alert", "show", str(listed["number"])).out
    assert "about no case" in shown
    assert "12" in shown
    seen = town("alert", "ack", str(listed["number"]), "--by", "ops")
    assert (seen.code, "comes back" in seen.out) == (0, True)


def test_a_slip_of_the_pen_in_the_function_that_hears_of_troubles_is_refused(town: Estafette):
    said = town(*OPS, "--function", "operation")
    assert (said.code, "did you mean operations?" in said.err) == (1, True)
