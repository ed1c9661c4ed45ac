"""A dated case history, such as a published ruling, as `estafette replay` reads it from YAML.

Errors: HistoryError, one sentence for each thing to mend, naming the file and the step.
The format is documented in docs/replay.md.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from casework.people import KEY
from desk.baton_steps import Ask, Assign, Offer, Reply, Wait
from desk.known_words import Strict, Words
from desk.placing import Misplaced, Placed, place
from desk.plain_yaml import BadYaml, problems, read
from desk.steps import Act, Answer, Decide, Reopen, Signal, Step, Term

Slug = Annotated[str, Field(pattern=KEY, max_length=40)]


class HistoryError(ValueError):
    """A history that cannot be played; `problems` has one sentence for each thing to mend."""

    def __init__(self, name: str, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(f"{name}, {problem}" for problem in self.problems))


def _invented(address: str) -> str:
    if "voorbeeld" not in address.casefold():
        raise ValueError(
            f"{address!r} could be somebody's home; write an invented one that shows it, such as "
            "'Voorbeeldstraat 1'"
        )
    return address


class Source(Strict):
    """Where the facts come from, and how good that is (A primary text, B commentary, C news)."""

    grade: Literal["A", "A/B", "B", "C", "invented"]
    where: Words


class Outcome(Strict):
    """What the court said."""

    result: Literal[
        "upheld", "annulled", "annulled_effects_kept", "suspended", "shortened", "partly",
        "inadmissible", "unknown", "none",
    ]  # fmt: skip
    said: Words


class Person(Strict):
    """Somebody in a function; named after it, because a replay needs nobody's name."""

    function: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=64)
    key: Slug
    organisation: Literal["municipality", "care", "landlord", "police"] = "municipality"
    deputy: str | None = None


# Who there is when a history names nobody: short name, function, key after the municipality's.
CAST = (
    ("deputy", "case_worker", "plv-regie", "municipality"),
    ("director", "case_director", "regie", "municipality"),
    ("process_director", "process_director", "procesregie", "municipality"),
    ("head_of_public_order", "head_of_public_order", "hoofd-oov", "municipality"),
    ("care", "care_worker", "zorg", "care"),
    ("jurist", "enforcement_jurist", "jurist", "municipality"),
)


class History(Strict):
    """One case from its first signal to what the court said of it."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    title: Words
    municipality: Slug
    source: Source
    outcome: Outcome
    address: Annotated[Words, AfterValidator(_invented)]
    by_law: str | None = None
    policy: str | None = None
    people: dict[str, Person] = Field(default_factory=dict)
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @property
    def cast(self) -> dict[str, Person]:
        """Everybody by short name: the default cast, and whom the history adds or replaces."""
        default = {
            short: Person(
                function=function, key=f"{self.municipality}-{key}", organisation=home,
                deputy="deputy" if short == "director" else None,
            )
            for short, function, key, home in CAST
        }  # fmt: skip
        return default | self.people

    def home_of(self, person: Person) -> str:
        """The key of the organisation somebody works for."""
        return f"{person.organisation}-{self.municipality}"

    @property
    def states_by_law(self) -> bool:
        """Whether the file speaks of a by-law, if only to say (null) that there is none."""
        return "by_law" in self.model_fields_set

    @property
    def placed(self) -> tuple[Placed, ...]:
        """The steps at the moments they happened. Raises Misplaced."""
        return place(self.steps)

    @model_validator(mode="after")
    def begins_with_a_signal(self) -> Self:
        if self.steps[0].signal is None:
            raise ValueError("a case begins with a signal; make the first step `signal: {}`")
        if self.states_by_law and self.policy is not None:
            raise ValueError("name a `by_law` or a `policy`; a policy has a by-law of its own")
        return self


def read_history(path: Path) -> History:
    """The history in a file. Raises HistoryError, or OSError when it can not be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise HistoryError(path.name, ["the file: is not UTF-8 text; save it as UTF-8"]) from None
    return parse(text, path.name)


def parse(text: str, name: str) -> History:
    """The history in this YAML; `name` is what its errors call it. Raises HistoryError."""
    try:
        written = read(text)
    except BadYaml as error:
        raise HistoryError(name, [str(error)]) from None
    if not isinstance(written, dict):
        raise HistoryError(name, ["the file: holds no history; see docs/replay.md"])
    return checked(written, name)


def checked(written: dict[str, Any], name: str) -> History:
    """The history with these words, every step placed and everybody known. Raises HistoryError."""
    try:
        history = History.model_validate(written)
    except ValidationError as error:
        raise HistoryError(name, problems(error, History)) from None
    if strangers := list(_strangers(history)):
        raise HistoryError(name, strangers)
    try:
        assert history.placed
    except Misplaced as error:
        raise HistoryError(name, [f"step {error.number}: {error}"]) from None
    return history


def _strangers(history: History) -> Iterator[str]:
    cast = history.cast
    for number, step in enumerate(history.steps, start=1):
        for name in _named(step):
            if name not in cast:
                known = ", ".join(cast)
                yield f"step {number}: {name!r} is nobody; add it under `people`; known are {known}"
    for short, person in history.people.items():
        if person.deputy is not None and person.deputy not in cast:
            known = ", ".join(cast)
            yield f"people.{short}: the deputy {person.deputy!r} is nobody; known are {known}"


def _named(step: Step) -> Iterator[str]:
    """Everybody this step names, by short name."""
    does = step.does
    if isinstance(does, Act | Decide | Answer | Reopen | Term | Offer | Assign | Ask | Wait):
        yield does.by
    if isinstance(does, Act | Decide):
        yield does.waived_by
    if isinstance(does, Offer | Assign | Ask):
        yield does.to
    if isinstance(does, Reply) and does.by:
        yield does.by
    if isinstance(does, Wait) and does.partner:
        yield does.partner


__all__ = [
    "History",
    "HistoryError",
    "Person",
    "Signal",
    "Step",
    "checked",
    "parse",
    "read_history",
]
