"""The command line as a person uses it: words in, text and an exit code out."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desk import cli


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Estafette = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with an empty, migrated database."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "estafette.db").write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("ESTAFETTE_DATA", str(data))
    monkeypatch.setenv("COLUMNS", "240")
    # A server that the tests of the flows started in this very process is not this folder's.
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)
    return data


@pytest.fixture
def estafette(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Estafette:
    """Runs a command in this process, on the data folder of this test."""

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["estafette", *words])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as ending:
            code = int(ending.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def town(estafette: Estafette) -> Estafette:
    """A municipality with a director, a deputy and a care worker."""
    for key, function, more in (
        ("deputy", "case_worker", ()),
        ("director", "case_director", ("--deputy", "deputy")),
        ("care", "care_worker", ()),
    ):
        said = estafette(
            "contact", "add", key, "--name", f"Voorbeeld {key}", "--function", function,
            "--organisation", "gemeente", "--municipality", "voorbeeldstad",
            "--address", f"{key}@voorbeeld.example", *more,
        )  # fmt: skip
        assert said.code == 0, said.err
    return estafette
