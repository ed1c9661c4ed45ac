"""Troubles: what is asked of operations fits in a message, and comes again when it still stands."""

from datetime import UTC, datetime, timedelta

import pytest

from escalation.notices import due_of, notice_asks
from escalation.troubles import TROUBLES, again_at
from models import Notice

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_each_says_how_many_and_where_to_begin_on_one_short_line(trouble, language):
    said = notice_asks(trouble, "0", 123_456).in_language(language)
    assert "123456" in said
    assert "estafette " in said
    assert said.isprintable()
    assert len(said) <= 160
    assert "?:" not in notice_asks(trouble, "0").in_language(language)
    assert due_of(trouble, "0") is None


def test_every_trouble_is_a_notice_that_can_be_stored():
    assert {*TROUBLES} <= {*Notice}
    assert all(len(trouble) <= 32 for trouble in TROUBLES)


def test_it_comes_again_in_part_of_a_day_and_the_day_after_once_it_was_seen():
    assert again_at(NOW, seen=False) == NOW + timedelta(hours=4)
    assert again_at(NOW, seen=True) == NOW + timedelta(days=1)
