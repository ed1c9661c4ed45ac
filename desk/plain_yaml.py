"""YAML without its traps, and what is wrong with it in one sentence per problem.

Dates and times stay text, "2:79" is no number in base sixty, and a key stated twice is an error.
"""

import re
from collections.abc import Hashable, Iterator
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from desk.plainly import in_words

# What pydantic says in Python's terms, in those of a person who writes YAML.
WANTED = {
    "missing": "is needed; add it",
    "model_type": "wants words and values under it, not a single value",
    "dict_type": "wants words and values under it, not a single value",
    "tuple_type": "wants a list: one line with a dash for each",
    "too_short": "wants at least one",
}


class BadYaml(ValueError):
    """Text that is not YAML as we read it; the message says where and how to mend it."""


class _Reader(yaml.SafeLoader):
    """Only null, true and false, whole numbers and text."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 (PyYAML's own way)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _value in node.value:
            if key_node.tag.endswith(":merge"):
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise BadYaml(f"line {line} states {key!r} a second time; keep one of the two")
            seen.add(key)
        return super().construct_mapping(node, deep)


for tag, pattern, first in (
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"^(?:true|false|yes|no)$", list("tfyn")),
    ("int", r"^-?[0-9]+$", list("-0123456789")),
    ("merge", r"^<<$", ["<"]),
):
    _Reader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


def read(text: str) -> Any:
    """The document. Raises BadYaml."""
    try:
        return yaml.load(text, Loader=_Reader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} " if mark else ""
        problem = getattr(error, "problem", None) or "can not be read"
        raise BadYaml(f"{where}is not YAML: {problem}; check the indentation and quotes") from None


def problems(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """One sentence per problem: where ("step 4, act.kind"), what, and the words known there."""
    errors = error.errors()
    inner = any(found["loc"][:1] == ("steps",) and len(found["loc"]) > 1 for found in errors)
    for found in errors:
        # Steps that could not be read are not missing; pydantic counts them as if they were.
        if not (inner and found["loc"] == ("steps",)):
            yield f"{_where(found['loc'])}: {_what(found, model)}"


def _where(loc: tuple[int | str, ...]) -> str:
    if len(loc) > 1 and loc[0] == "steps":
        rest = ".".join(str(part) for part in loc[2:])
        return f"step {int(loc[1]) + 1}" + (f", {rest}" if rest else "")
    return ".".join(str(part) for part in loc) or "the file"


def _what(found: Any, model: type[BaseModel]) -> str:
    if found["type"] == "extra_forbidden":
        known = ", ".join(_fields(model, found["loc"][:-1]))
        return f"is not a word of this format; known here are {known}"
    if found["type"] in WANTED:
        return WANTED[found["type"]]
    said = in_words(found)
    return f"{found['input']!r}: {said}" if found["type"].startswith("string") else said


def _fields(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The fields of the model that `loc` leads to."""
    for part in loc:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = next(_models(field.annotation), model)
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
