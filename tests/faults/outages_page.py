"""python -m tests.faults.outages_page: plays every outage and writes docs/outages.md.

With words, only those whose name has one of them; the other rows stay as they are.
"""

import sys
from datetime import timedelta
from pathlib import Path

from escalation.manners import SHIPPED
from tests.faults.mail_host import Weather
from tests.faults.outages import Outage
from tests.faults.outcomes import Row, played

PAGE = Path(__file__).parents[2] / "docs" / "outages.md"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFTEN = 5 * MINUTE
QUICK = {
    "gone for 60 s": Outage(Weather.GONE, MINUTE, 5 * SECOND),
    "gone for an hour": Outage(Weather.GONE, HOUR, OFTEN),
    "says “not now” (451)": Outage(Weather.LATER, HOUR, OFTEN),
    "says “no” (550)": Outage(Weather.NEVER, HOUR, 10 * MINUTE),
    "hangs after connecting": Outage(Weather.MUTE, HOUR, OFTEN),
    "hangs after the text": Outage(Weather.SILENT, HOUR, OFTEN),
    "drops us in mid-message": Outage(Weather.CUTS_MIDWAY, HOUR, OFTEN),
    "drops us in mid-message; sent again by hand": Outage(
        Weather.CUTS_MIDWAY, HOUR, OFTEN, resends=True
    ),
    "takes the text, drops us": Outage(Weather.CUTS_AT_END, HOUR, OFTEN),
    "takes the text, drops us; sent again by hand": Outage(
        Weather.CUTS_AT_END, HOUR, OFTEN, resends=True
    ),
    "is fine; two senders are killed": Outage(Weather.FINE, 2 * HOUR, 10 * MINUTE, kills=2),
}
LONG = {
    "gone for 24 hours": Outage(Weather.GONE, DAY, 15 * MINUTE),
    "gone for 24 hours; hours and digest as shipped": Outage(
        Weather.GONE, DAY, 15 * MINUTE, manners=SHIPPED
    ),
    "gone for 7 days": Outage(Weather.GONE, 7 * DAY, 6 * HOUR),
}
HEAD = (
    "the mail server …", "alerts", "lost", "others told", "twice", "perhaps", "tries meanwhile",
    "last with a date of law", "last of all", "most in a minute", "heard another way",
)  # fmt: skip
SAYS = """\
# When the mail server is out of order

What happens to alerts when mail does not work, in each way it can not work. Every row was played:
the sender's own loop, a real mail server and a real chat on this machine, several people, of every
four alerts one with a date of law, and a clock that jumps to the next moment there is something to
do. This page is written by `python -m tests.faults.outages_page`; its claims are held by
[`tests/faults/test_outages.py`](../tests/faults/test_outages.py), the long outages in the nightly
run.

**Promised**

- *No alert is lost*, however long it lasts. It waits, is tried now and then, and goes when mail is
  back. Somebody with a second channel gets it there after an hour; who cannot be reached in any way
  is made known to whoever administers the contacts.
- *Nothing is sent twice by the machine*, but for a sender that dies between sending and noting it
  down: its alerts are sent again after two minutes, with the same number.
- *Silence is never taken for yes or no.* When the server had the text and gave no answer, the alert
  is *perhaps delivered*, and shown so. It is not repeated by itself. If nobody says to have seen
  it, it goes another way after a day; sending it again by hand is for a person, and can double.
- *Afterwards no flood, and the law first*: no more a minute than the channel takes (here {most}),
  and nothing without a date of law while an alert with one could go.

**Not promised**

- That it arrives while all the ways to somebody are down. A deputy who is reached by the same mail
  server hears no sooner.
- That the first ones are in at once: a server that was gone for long is tried every ten minutes.
  When it takes one message, all that was tried in vain is tried again.
- That a mail server which says 250 has also put it in front of somebody. That is what
  acknowledging is for.

In the table *lost* is: nobody got it, neither its reader nor who was told instead. *Others told*:
its reader did not get it, somebody else did. *Twice*: came in once more at the same person, by
whatever channel. *Perhaps*: alerts of which an attempt got no answer. *Tries meanwhile*: messages
tried by mail during the outage. *Last …*: of what waited at the end of the outage, when the last
one came in, after that end. *Heard another way*: who was told instead, or by another channel, and
how long after the beginning the first one was in. Sending itself takes no time on this clock.
"""
AFTER = """
The people here are told at any hour, each alert by itself, and fall back after an hour of failing
or a day unseen; in the row *as shipped* they have office hours, a digest and three interruptions a
day. The director has a deputy, the jurist a chat beside mail, the care worker nothing else; the
administrator is reached by the chat.
"""


def page(rows: dict[str, tuple[str, ...]]) -> str:
    most = max(outage.per_minute or 0 for outage in (QUICK | LONG).values())
    lines = [HEAD, ("---",) * len(HEAD), *((name, *row) for name, row in rows.items())]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return "\n".join([SAYS.format(most=most), table, AFTER])


def cells(row: Row) -> tuple[str, ...]:
    counts = (row.alerts, row.lost, row.others, row.twice, row.perhaps, row.tries)
    heard = sorted(row.elsewhere.items(), key=lambda one: one[1])
    return (
        *map(str, counts), long(row.of_law), long(row.all), str(row.in_a_minute),
        ", ".join(f"{who} {long(after)}" for who, after in heard) or "–",
    )  # fmt: skip


def stated() -> dict[str, dict[str, str]]:
    """What the page says, by row and column."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    split = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]
    return {name: dict(zip(HEAD[1:], rest, strict=True)) for name, *rest in split}


def long(time: timedelta | None) -> str:
    """Its two largest units: "2 d 3 h", "48 min"."""
    if time is None:
        return "–"
    left, said = round(time.total_seconds()), []
    for unit, seconds in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        said += [f"{count} {unit}"] if count else []
    return " ".join(said[:2]) or "at once"


def _main(words: list[str]) -> None:
    rows = {name: tuple(said.values()) for name, said in stated().items()} if words else {}
    for name, outage in (QUICK | LONG).items():
        if any(word in name for word in words or [""]):
            sys.stderr.write(f"outages: {name} …\n")
            rows[name] = cells(played(outage))
    PAGE.write_text(page({name: rows[name] for name in QUICK | LONG}), encoding="utf-8")


if __name__ == "__main__":
    _main(sys.argv[1:])
