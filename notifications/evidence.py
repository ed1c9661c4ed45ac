"""Why an attempt did not succeed, read from what Apprise itself logs about it.

Apprise answers only success, failure or time-out. Its log knows more: a mail server that never
answered was never handed the message, one that fell silent after it may have it. The entries hold
addresses and text, so they are read in memory and dropped; only a short code leaves this file.
When a release of Apprise words its log differently the code becomes "not-sent", never a false
"it arrived"; `tests/notifications/test_send.py` holds the words against real servers.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apprise.logger import NotifyLogEntry

UNSURE = frozenset({"timeout", "cut-off"})  # the other side may have the message all the same

# The certificate is not from an authority this machine trusts, or there is no TLS where we ask it.
UNTRUSTED = re.compile(r"CERTIFICATE_VERIFY_FAILED|STARTTLS extension not supported")
# Our own name and password, so no recipient's fault: all of a channel fails until they are mended.
LOGIN_NO = re.compile(
    r"\((?:530|534|535|538), b['\"]|error=(?:401|407)|AUTH extension not supported"
    r"|No suitable authentication method"
)
SMTP_NO = re.compile(r"\((\d)\d\d, b['\"]")
HTTP_NO = re.compile(r"error=(\d{3})")
HTTP_LATER = re.compile(r"error=(408|425|429|5\d\d)")
# A connection that was never made: by smtplib up to and including the login, by urllib3.
NEVER_THERE = re.compile(r"error while submitting email|Max retries exceeded")
SILENT = re.compile(r"timed out")
CUT_OFF = re.compile(r"unexpectedly closed|Connection aborted|reset by peer|Broken pipe")


def reason(entries: Iterable["NotifyLogEntry"]) -> str:
    """One code for why it failed: what the other side said first, else how far we came."""
    said = "\n".join(entry.message for entry in entries if _is_about_the_wire(entry))
    if UNTRUSTED.search(said):
        return "untrusted"
    if LOGIN_NO.search(said):
        return "bad-login"
    if smtp := SMTP_NO.search(said):
        return "refused" if smtp[1] == "5" else "deferred"
    if HTTP_NO.search(said):
        return "deferred" if HTTP_LATER.search(said) else "refused"
    if NEVER_THERE.search(said):
        return "unreachable"
    if SILENT.search(said):
        return "timeout"
    return "cut-off" if CUT_OFF.search(said) else "not-sent"


def _is_about_the_wire(entry: "NotifyLogEntry") -> bool:
    # At DEBUG Apprise also logs our text and the other side's page; those are no evidence.
    return entry.level != "DEBUG" or entry.message.startswith("Socket Exception")
