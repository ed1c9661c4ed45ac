"""estafette path: the stages, their guards, promises, acts and exits, as the table has them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from desk import say

if TYPE_CHECKING:
    from escalation.policy import Policy
    from escalation.shape import Act, Checkpoint, Guard, Stage

LANGUAGES = ("nl", "en")


def add_to(app: typer.Typer) -> None:
    app.command()(path)


def path(
    stage: str | None = typer.Argument(None, help="Only this stage, such as house_closure."),
    markdown: bool = typer.Option(False, "--markdown", help="As docs/path.md, in Markdown."),
    language: str = typer.Option("nl", help="nl or en; a page in Markdown has both."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Show the path: stages, guards, promises, acts and exits.

    The lengths are those of the shipped policy "default".
    """
    from escalation import moves
    from escalation.policy import parse, shipped

    if language not in LANGUAGES:
        say.stop(f"{language!r} is not a language of the path; choose {' or '.join(LANGUAGES)}")
    if markdown and as_json:
        say.stop("choose one: --markdown or --json")
    policy = parse(shipped("default"))
    one = moves.stage(stage) if stage else None
    if markdown:
        typer.echo(_markdown(one, policy), nl=False)
    else:
        say.answer(_values(one, policy), as_json, lambda: _lines(one, policy, language))


def _markdown(one: "Stage | None", policy: "Policy") -> str:
    from desk.path_page import path_page, stage_part

    return stage_part(one, policy) if one else path_page(policy)


def _values(one: "Stage | None", policy: "Policy") -> dict[str, Any]:
    """The table as JSON has it, with the policy's lengths and the forms of facts beside it."""
    from desk.fact_forms import form_of
    from escalation import moves
    from escalation.lanes import CASE_WIDE
    from escalation.path import LANES, PATH

    rows: dict[str, Any] = (
        {"stage": one} if one else {"stages": PATH, "lanes": LANES, "case": CASE_WIDE}
    )
    acts = one.acts if one else tuple(moves.acts())
    facts = sorted({fact for act in acts for fact in act.fields})
    numbers = {**policy.terms, **policy.limits, **policy.counts}
    return {
        **rows,
        "numbers": {key: str(numbers[key]) for key in numbers if _concerns(one, key)},
        "missing": [key for key in policy.missing if _concerns(one, key)],
        "facts": {fact: form_of(fact).en for fact in facts},
    }


def _concerns(one: "Stage | None", number: str) -> bool:
    return one is None or number.startswith(f"{one.key}.")


def _lines(one: "Stage | None", policy: "Policy", language: str) -> Iterator[str]:
    return _stage(one, policy, language) if one else _overview(language)


def _overview(language: str) -> Iterator[str]:
    from desk.path_words import function
    from escalation.path import LANES, PATH

    header = ("stage", "", "led by", "decided by", "coercive", "guards", "exits to")
    rows = [
        (s.key, _term(s, language), function(s.lead.value).in_language(language),
         s.decides.in_language(language), "yes" if s.coercive else "",
         str(len(s.guards) or ""), ", ".join(dict.fromkeys(e.to for e in s.exits)))
        for s in PATH
    ]  # fmt: skip
    yield from say.table(rows, header)
    yield ""
    for lane in LANES:
        yield f"beside every stage: {lane.key} ({lane.name.in_language(language)})"
    yield "estafette path STAGE shows one stage; estafette case acts lists every act."


def _stage(stage: "Stage", policy: "Policy", language: str) -> Iterator[str]:
    from desk.path_words import function

    led, decides = function(stage.lead.value), stage.decides
    yield f"{stage.key}: {_term(stage, language)}{', coercive' if stage.coercive else ''}"
    yield f"led by {led.in_language(language)}, decided by {decides.in_language(language)}"
    yield from _guards("must be on record before a case can enter:", stage.guards, language)
    yield from _promises(stage.key, stage.checkpoints, policy, language)
    for act in stage.acts:
        yield from _act(stage.key, act, policy, language)
    yield from ["", "exits:"] if stage.exits else ["an end of the path"]
    for way in stage.exits:
        yield f"  {way.key} → {way.to}: {way.name.in_language(language)}"


def _act(section: str, act: "Act", policy: "Policy", language: str) -> Iterator[str]:
    from desk.path_parts import facts_of

    yield ""
    force = ", coercive" if act.coercive else ""
    yield f"act {act.key}: {act.name.in_language(language)}{force}"
    yield f"  facts: {facts_of(act, language).replace('*', '').replace('`', '')}"
    if act.follows:
        yield f"  one of these must be on record first: {', '.join(act.follows)}"
    yield from _guards("  must be on record before this act:", act.guards, language)
    yield from _promises(section, act.starts, policy, language)
    if act.ends:
        yield f"  ends {', '.join(act.ends)}"


def _guards(title: str, guards: tuple["Guard", ...], language: str) -> Iterator[str]:
    from desk.path_parts import read_from
    from desk.path_words import waiver

    yield from [title] if guards else []
    for guard in guards:
        yield f"  - {guard.asks.in_language(language)}"
        yield f"    [{guard.key}; {guard.source.cite}; {waiver(guard).in_language(language)}]"
        yield f"    read from: {read_from(guard).replace('`', '').replace('<br>', '; ')}"


def _promises(
    section: str, promises: tuple["Checkpoint", ...], policy: "Policy", language: str
) -> Iterator[str]:
    from desk.path_words import condition, how_long

    yield from ["  promised:"] if promises else []
    for promise in promises:
        length = how_long(section, promise, policy).in_language(language).replace("`", "")
        when = condition(promise).in_language(language).replace("`", "")
        yield f"  - {promise.asks.in_language(language)}{f' ({when})' if when else ''}"
        yield f"    [{promise.key}; {length}; {promise.source.cite}]"


def _term(stage: "Stage", language: str) -> str:
    return stage.english if language == "en" else stage.dutch
