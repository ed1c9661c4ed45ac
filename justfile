# Short names for the commands of this project; `just` alone lists them.
# Everything here also works without just: the recipes are one line each.

set positional-arguments

_list:
    @just --list --unsorted

# Everything CI runs, in the same order
check:
    .ci/run

# The tests; options go to pytest (just test -k handover)
test *options:
    ./estafette test "$@"

# Real rulings on the embedded default: pages, mailbox and Prefect's UI on this machine
demo *options:
    ./estafette demo "$@"

# Style and types, mended where a machine can mend them
lint:
    .venv/bin/ruff check --fix .
    .venv/bin/ruff format .
    .venv/bin/mypy

# The path in the terminal: each stage, its Dutch term, who leads it, and where its exits lead
path:
    @.venv/bin/python -c 'from escalation.path import PATH; [print(f"{s.key:18} {s.dutch:18} {s.lead:17}", ", ".join(dict.fromkeys(e.to for e in s.exits)) or "-") for s in PATH]'

# The database named by ESTAFETTE_DATABASE_URL (or the file in ESTAFETTE_DATA) at the newest schema
migrate:
    ./estafette migrate
