"""`estafette window`: where Prefect's pages are, and the password only when it is asked for."""

from types import SimpleNamespace

import pytest

from desk import embedded
from desk.settings import DeskSettings

WORDS = "estafette:0123456789abcdef0123"


@pytest.fixture
def kept(folder, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_PREFECT_PORT", "4300")
    (folder / "prefect").mkdir()
    (folder / "prefect" / "credential").write_text(f"{WORDS}\n")
    return folder / "prefect" / "credential"


def test_it_says_where_the_pages_are_and_which_file_holds_the_password(estafette, kept):
    said = estafette("window")
    assert "http://127.0.0.1:4300/runs" in said.out
    assert str(kept) in said.out
    assert "--show-password" in said.out
    assert WORDS not in said.out + said.err
    assert WORDS not in estafette("window", "--json").out


def test_it_shows_the_password_when_asked(estafette, kept):
    assert WORDS in estafette("window", "--show-password").out
    assert estafette("window", "--show-password", "--json").json["password"] == WORDS


def test_an_operators_own_password_is_named_by_its_variable(estafette, kept, monkeypatch):
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "ops:geheim-en-lang-genoeg")
    said = estafette("window")
    assert "PREFECT_SERVER_API_AUTH_STRING" in said.out
    assert "geheim" not in said.out
    assert "ops:geheim-en-lang-genoeg" in estafette("window", "--show-password").out


def test_a_prefect_elsewhere_is_named_without_what_is_secret_in_its_address(
    estafette, folder, monkeypatch
):
    monkeypatch.setenv("PREFECT_API_URL", "https://ops:geheim@127.0.0.1:9/api")
    said = estafette("window")
    assert "https://127.0.0.1:9/runs" in said.out
    assert "PREFECT_API_AUTH_STRING" in said.out
    assert "geheim" not in said.out


def test_before_the_first_start_there_is_no_password_and_it_says_so(estafette, folder):
    said = estafette("window", "--show-password")
    assert (said.code, "estafette up" in said.err) == (1, True)


def test_pages_that_other_machines_reach_come_with_a_warning(estafette, kept, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_PREFECT_HOST", "0.0.0.0")
    said = estafette("window")
    assert "overheard" in said.out
    assert "http://127.0.0.1:4300/runs" in said.out


def test_an_address_that_is_none_is_refused(estafette, kept, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_PREFECT_HOST", "everywhere")
    said = estafette("window")
    assert (said.code, "ESTAFETTE_PREFECT_HOST" in said.err) == (1, True)


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_up_says_how_to_log_in_and_what_it_means_when_others_reach_it(
    kept, monkeypatch, capsys, host, warned
):
    monkeypatch.setenv("ESTAFETTE_PREFECT_HOST", host)
    embedded._ready(SimpleNamespace(settings=DeskSettings()), False)
    said = capsys.readouterr()
    assert "estafette window --show-password" in said.out
    assert ("can read the password" in said.err) == warned
    assert WORDS not in said.out + said.err
