"""The parts of the page about the path: the tables of guards, promises, facts and acts."""

from collections.abc import Iterable, Iterator

from desk.fact_forms import form_of
from desk.guard_reads import reads
from desk.markdown import both, code, stacked, table
from desk.path_words import FAMILIES, KINDS, condition, how_long, runs, waiver
from escalation.numbers import COUNTS, LIMITS, section_of
from escalation.policy import Policy
from escalation.shape import Act, Checkpoint, Exit, Guard
from escalation.text import Text

NEEDED = {"nl": "nodig", "en": "needed"}
NO_FACTS = {"nl": "geen", "en": "none"}


def heading(act: Act) -> str:
    return f"{act.name.en.capitalize()}: {act.name.nl}"


def guard_table(guards: Iterable[Guard]) -> str:
    return table(
        ("must be answered yes", "is read from", "guard, family", "source, waiver"),
        (
            (both(g.asks), read_from(g), stacked(f"`{g.key}`", FAMILIES[g.family].en),
             stacked(g.source.cite, waiver(g).en))
            for g in guards
        ),
    )  # fmt: skip


def read_from(guard: Guard) -> str:
    """The acts and facts this guard asks of the record; some read only what Estafette knows."""
    found = reads(guard)
    facts = f"facts {code(found.facts)}" if found.facts else ""
    return stacked(code(found.acts), facts) or "nothing to record"


def promise_table(section: str, promises: Iterable[Checkpoint], policy: Policy) -> str:
    return table(
        ("question", "promise", "how long, kind of term", "source", "answered by",
         "when the stage is left"),
        (
            (stacked(both(c.asks), condition(c).en), f"`{c.key}`",
             stacked(how_long(section, c, policy).en, KINDS[c.kind].en),
             f"{c.source.origin.value}: {c.source.cite}",
             code(c.answered_by) or "a person's word", runs(c).en)
            for c in promises
        ),
    )  # fmt: skip


def number_table(section: str, policy: Policy) -> str:
    """The counts and limits a policy sets for this stage, beside its terms; empty for none."""
    named = {**{k: c.means for k, c in COUNTS.items()}, **LIMITS}
    rows = [
        (both(means), f"`{key}`", _number(policy, key))
        for key, means in named.items()
        if section_of(key) == section
    ]
    return table(("what the municipality sets", "number", "shipped policy"), rows) if rows else ""


def _number(policy: Policy, key: str) -> str:
    number = policy.number(key)
    return "not set" if number is None else str(number)


def exit_table(exits: Iterable[Exit], stages: dict[str, str]) -> str:
    rows = ((f"`{e.key}`", both(e.name), stages[e.to]) for e in exits)
    return table(("exit", "decision", "leads to"), rows)


def facts_of(act: Act, language: str = "en") -> str:
    """The facts an act takes, each with its form; a needed one says so."""
    return ", ".join(_fact(f, f in act.needs, language) for f in act.fields) or NO_FACTS[language]


def _fact(name: str, needed: bool, language: str) -> str:
    form = form_of(name).in_language(language)
    return f"**`{name}`** ({form}, {NEEDED[language]})" if needed else f"`{name}` ({form})"


def is_plain(act: Act) -> bool:
    """Whether nothing judges the act and it starts nothing, so that one line says all."""
    return not (act.guards or act.starts or act.coercive)


def act_blocks(section: str, acts: tuple[Act, ...], policy: Policy) -> Iterator[str]:
    """A heading for each act that is judged or starts terms, and one table of the others."""
    for act in acts:
        if not is_plain(act):
            yield from _act(section, act, policy)
    plain = [act for act in acts if is_plain(act)]
    if plain:
        yield f"**{'Other acts' if len(plain) < len(acts) else 'Acts'}**, that nothing judges:"
        yield _plain_table(plain)


def _plain_table(acts: Iterable[Act]) -> str:
    return table(
        ("act", "what was done", "facts it takes", "after one of", "ends"),
        (
            (f"`{a.key}`", both(a.name), facts_of(a), code(a.follows), code(a.ends))
            for a in acts
        ),
    )  # fmt: skip


def _act(section: str, act: Act, policy: Policy) -> Iterator[str]:
    yield f"### {heading(act)}"
    force = "coercive" if act.coercive else "not coercive"
    yield f"`{act.key}` · {force}"
    if act.follows:
        yield f"**One of these acts must be on record first**: {code(act.follows)}"
    if act.guards:
        yield f"**Before** “{act.name.en}” **can be recorded**:"
        yield guard_table(act.guards)
    yield from _stated(act)
    if act.starts:
        yield "**Terms that begin to run**:"
        yield promise_table(section, act.starts, policy)
    if act.ends:
        yield f"**Ends** the promises {code(act.ends)}."


def _stated(act: Act) -> Iterator[str]:
    """The facts that must and that may be stated with the act, each on a line of its own."""
    needed = [f"- `{f}`: {form_of(f).en}, **needed**" for f in act.needs]
    others = [f"- `{f}`: {form_of(f).en}" for f in act.fields if f not in act.needs]
    if act.fields:
        yield "**Facts** it takes:"
        yield "\n".join([*needed, *others])


def in_both(text: Text) -> str:
    return f"{text.nl} ({text.en})"
