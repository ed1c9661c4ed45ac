"""docs/path.md, made from the path table: nothing on that page is written by hand."""

from collections.abc import Iterator

from desk.markdown import both, code, link, stacked, table
from desk.path_parts import (
    act_blocks,
    exit_table,
    guard_table,
    heading,
    in_both,
    number_table,
    promise_table,
)
from desk.path_words import FAMILIES, function, waiver
from escalation import moves
from escalation.lanes import CASE_WIDE, LANES
from escalation.measures import NOT_ASKED
from escalation.path import PATH
from escalation.policy import CASE, Policy
from escalation.shape import Act, Family, Guard, Lane, Stage
from escalation.text import Text

COMMAND = "estafette path --markdown > docs/path.md"
INTRODUCTION = f"""# The escalation path

Every stage, act, guard and term of the path, with its source. This page is generated from the table
in [`escalation/path.py`](../escalation/path.py) by `{COMMAND}`,
and a test fails when it is behind. Lengths that a municipality sets itself are shown as the shipped
policy `default` proposes them.

**A Dutch jurist must confirm every article before real use.** The English words are ours and have
no legal force.

A *guard* is a plain question that must be answered yes from what is on record. One set by law
cannot be waived; one of the policy can, by a named person, with a reason that is recorded. The
exits are the ordinary decisions; any other move needs a reason, and the same guards judge it. No
timer moves a case."""
FINDER = """## What must be on record before …

A measure is judged twice: when the case enters its stage, and again at each act. Read a line from
left to right; each link leads to a table of all that must be on record. Its second column names
the acts that put it on record (`estafette case act`) and the facts the new act must state."""
MATRIX = """## Seven reasons why courts annul measures

Each coercive act against the seven families of guards. A number says that this act does not ask for
that family; the reason is under the table."""


def path_page(policy: Policy) -> str:
    """The whole page, in Markdown, with the lengths this policy sets."""
    return "\n\n".join(_blocks(policy)) + "\n"


def stage_part(stage: Stage, policy: Policy) -> str:
    """The part of the page about one stage."""
    return "\n\n".join(_stage(stage, policy)) + "\n"


def diagram() -> str:
    """Stages and ordinary exits as a Mermaid flowchart; coercive stages stand out."""
    nodes = [f'    {s.key}["{s.key}<br/>{s.dutch}"]' for s in PATH]
    edges = [f'    {s.key} -->|"{e.name.nl}"| {e.to}' for s in PATH for e in s.exits]
    coercive = ",".join(s.key for s in PATH if s.coercive)
    ends = ",".join(s.key for s in PATH if s.is_end)
    styles = [
        "    classDef coercive fill:#fde2d4,stroke:#b3401a,stroke-width:2px,color:#3b1407",
        "    classDef ending fill:#e8e8e8,stroke:#6b6b6b,color:#222222",
        f"    class {coercive} coercive",
        f"    class {ends} ending",
    ]
    return "\n".join(["```mermaid", "flowchart TD", *nodes, *edges, *styles, "```"])


def guards_and_places() -> dict[str, tuple[Guard, list[str]]]:
    """Every guard of the path by key, with the stages and acts it judges."""
    found: dict[str, tuple[Guard, list[str]]] = {}
    judged = [(s.key, s.guards) for s in PATH] + [(a.key, a.guards) for a in moves.acts()]
    for place, guards in judged:
        for guard in guards:
            found.setdefault(guard.key, (guard, []))[1].append(place)
    return found


def _blocks(policy: Policy) -> Iterator[str]:
    yield INTRODUCTION
    yield from _finder()
    yield "## The stages at a glance"
    yield "Coercive stages are coloured; the words on the arrows are the ordinary decisions."
    yield diagram()
    yield _stages()
    for stage in PATH:
        yield from _stage(stage, policy)
    for lane in LANES:
        yield from _lane(lane, policy)
    yield "## Promises of the case itself"
    yield "These belong to no stage: they see to it that a case is held and always has a next date."
    yield promise_table(CASE, CASE_WIDE, policy)
    yield from _matrix()
    yield "## All guards"
    yield _guard_index()


def _name(lane: Lane) -> str:
    return f"{lane.name.en.capitalize()} ({lane.name.nl})"


def _title(stage: Stage) -> str:
    return f"{stage.english.capitalize()} ({stage.dutch})"


def _finder() -> Iterator[str]:
    yield FINDER
    lines = [
        f"- **{_title(s)}**: {_ways(link('entering the stage', _title(s)), s.acts)}"
        for s in PATH
        if s.coercive
    ]
    lines += [
        f"- **{_name(lane)}**, beside every stage: {_ways('', lane.acts)}"
        for lane in LANES
        if any(act.coercive for act in lane.acts)
    ]
    yield "\n".join(lines)


def _ways(first: str, acts: tuple[Act, ...]) -> str:
    judged = [link(act.name.en, heading(act)) for act in acts if act.coercive]
    return " · ".join([first, *judged] if first else judged)


def _stages() -> str:
    return table(
        ("stage", "Dutch", "English", "led by", "decided by", "coercive", "guards on entry",
         "exits to"),
        (
            (link(f"`{s.key}`", _title(s)), s.dutch, s.english, in_both(function(s.lead.value)),
             in_both(s.decides), "yes" if s.coercive else "no", code(g.key for g in s.guards),
             code(e.to for e in s.exits))
            for s in PATH
        ),
    )  # fmt: skip


def _stage(stage: Stage, policy: Policy) -> Iterator[str]:
    yield f"## {_title(stage)}"
    if stage.is_end:
        yield f"`{stage.key}` · an end of the path: nothing is promised here."
        return
    force = "coercive" if stage.coercive else "not coercive"
    yield (
        f"`{stage.key}` · led by {in_both(function(stage.lead.value))} · "
        f"decided by {in_both(stage.decides)} · {force}"
    )
    if stage.guards:
        yield "**Before a case can enter this stage**:"
        yield guard_table(stage.guards)
    yield "**Promised on entry**:"
    yield promise_table(stage.key, stage.checkpoints, policy)
    if numbers := number_table(stage.key, policy):
        yield "**Counts and limits** that judge here:"
        yield numbers
    yield "**Ordinary exits**:"
    yield exit_table(stage.exits, {s.key: link(f"`{s.key}`", _title(s)) for s in PATH})
    yield from act_blocks(stage.key, stage.acts, policy)


def _lane(lane: Lane, policy: Policy) -> Iterator[str]:
    yield f"## Lane: {_name(lane)}"
    yield f"`{lane.key}` · runs beside every stage; its acts can be recorded whatever the stage."
    yield from act_blocks(lane.key, lane.acts, policy)


def _matrix() -> Iterator[str]:
    yield MATRIX
    acts = [act for act in moves.acts() if act.coercive]
    why = [NOT_ASKED[act.key, f] for act in acts for f in Family if (act.key, f) in NOT_ASKED]
    reasons = {text: number for number, text in enumerate(dict.fromkeys(why), start=1)}
    yield table(
        ("act", *(FAMILIES[f].en for f in Family)),
        ((link(f"`{a.key}`", heading(a)), *(_cell(a, f, reasons) for f in Family)) for a in acts),
    )
    if reasons:
        yield "\n".join(f"{number}. {text.nl} *{text.en}*" for text, number in reasons.items())


def _cell(act: Act, family: Family, reasons: dict[Text, int]) -> str:
    asked = code(guard.key for guard in act.guards if guard.family is family)
    why = NOT_ASKED.get((act.key, family))
    return asked or (f"not asked ({reasons[why]})" if why else "not asked")


def _guard_index() -> str:
    return table(
        ("guard", "family", "question", "source, waiver", "judges"),
        (
            (f"`{g.key}`", FAMILIES[g.family].en, both(g.asks),
             stacked(g.source.cite, waiver(g).en), code(places))
            for g, places in guards_and_places().values()
        ),
    )  # fmt: skip
