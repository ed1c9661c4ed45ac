"""A municipality may word its messages itself; words that cannot be used never stop an alert."""

import logging

import pytest

from notifications.sections import TemplateError, shipped_words
from notifications.wording import compose
from notifications.words import damaged, log, own_words, save
from tests.notifications.test_wording import a_payload

OWN = shipped_words("nl").replace("Dit is een wettelijke termijn.", "Zo staat het in de wet.")
LAWFUL = {"statutory": True}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_TEMPLATES", str(tmp_path / "words"))
    return tmp_path / "words"


def says(language="nl"):
    return compose(a_payload(language=language, **LAWFUL)).body


def test_own_words_are_used_from_the_moment_they_are_saved_and_of_their_language_only(folder):
    assert "Dit is een wettelijke termijn." in says()
    assert save("nl", "ours.txt", OWN) == folder / "nl.txt"
    assert "Zo staat het in de wet." in says()
    assert "This is a statutory deadline." in says("en")


def test_words_that_change_are_read_again(folder):
    save("nl", "ours.txt", OWN)
    assert "Zo staat het in de wet." in says()
    save("nl", "ours.txt", OWN.replace("Zo staat het in de wet.", "De wet zegt het."))
    assert "De wet zegt het." in says()
    (folder / "nl.txt").unlink()
    assert "Dit is een wettelijke termijn." in says()


def test_without_a_folder_of_their_own_words_are_in_the_data_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("ESTAFETTE_TEMPLATES", raising=False)
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path))
    assert save("nl", "ours.txt", OWN) == tmp_path / "templates/nl.txt"
    assert "Zo staat het in de wet." in says()


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda text: text.replace("$asks", "$asks $reporter"), "unknown field reporter"),
        (lambda text: text.replace("== law ==", "== lav =="), "missing or unknown"),
        (lambda text: text.replace("$asks", "$asks $ 5"), "starts no field"),
        (lambda text: "", "missing or unknown"),
    ],
)
def test_words_that_cannot_be_used_are_refused_when_saved_and_nothing_changes(
    folder, damage, named
):
    save("nl", "ours.txt", OWN)
    with pytest.raises(TemplateError, match=rf"^ours\.txt.*{named}"):
        save("nl", "ours.txt", damage(OWN))
    assert own_words("nl") == OWN
    assert [file.name for file in folder.iterdir()] == ["nl.txt"]


@pytest.mark.parametrize("damage", [b"== title ==\n$name", b"\xff\xfe", b""])
def test_damaged_words_do_not_stop_an_alert_and_are_told_of_once(folder, damage, caplog, said_by):
    save("nl", "ours.txt", OWN)
    (folder / "nl.txt").write_bytes(damage)
    with caplog.at_level(logging.ERROR):
        assert "Dit is een wettelijke termijn." in says()
        assert "Dit is een wettelijke termijn." in says()
    (told,) = said_by(log)
    assert "the shipped words are used" in told.getMessage()
    assert len(damaged()) == 1
    assert damaged()[0].startswith("nl.txt")


def test_a_folder_where_a_file_should_be_does_not_stop_an_alert(folder):
    (folder / "nl.txt").mkdir(parents=True)
    assert "Dit is een wettelijke termijn." in says()
    assert damaged() == ["nl.txt: cannot be read; save it as UTF-8 where it can be read"]


def test_without_own_words_nothing_is_damaged(folder):
    assert own_words("nl") is None
    assert damaged() == []
