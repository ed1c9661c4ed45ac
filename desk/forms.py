"""What a browser sends: the fields of a form, and whether the form was one of ours."""

import os
from urllib.parse import parse_qsl, urlsplit

from fastapi import HTTPException, Request

LARGEST = 64 * 1024  # bytes of a form; the longest texts together are a tenth of it
LOOKING = {"GET", "HEAD", "OPTIONS"}
THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}


def typed(body: bytes) -> dict[str, str]:
    """The fields of a form as they were typed; a browser's line ends are ours again."""
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: text.replace("\r\n", "\n").replace("\0", "") for name, text in fields}


async def form(request: Request) -> dict[str, str]:
    """The form that was sent. Raises HTTPException when it is too long or can not be read."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413, "Dit is te lang.")
    try:
        return typed(body)
    except ValueError:
        raise HTTPException(400, "Dit formulier is niet te lezen.") from None


def is_foreign(request: Request) -> bool:
    """Whether another site made this browser change something here.

    Our pages keep their address to themselves (no-referrer), and so a browser gives their origin as
    "null": then, and only then, Sec-Fetch-Site alone must say that the form is ours. Programs that
    are no browser send neither, and have no session to misuse.
    """
    if request.method in LOOKING:
        return False
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in {None, "same-origin", "none"}:
        return True
    if origin == "null":
        return site is None
    own = {request.headers.get("host", "").lower(), urlsplit(public_url()).netloc.lower()}
    return origin is not None and urlsplit(origin).netloc.lower() not in own


def is_here(request: Request) -> bool:
    """Whether somebody at this machine is looking, and nobody elsewhere can: once the pages are
    seen from outside, a proxy's questions come from this machine too."""
    seen_at = urlsplit(public_url()).hostname
    return request.url.hostname in THIS_MACHINE and seen_at in {None, *THIS_MACHINE}


def public_url() -> str:
    """Where people see these pages when that is not where they listen, as behind a proxy; or ""."""
    return os.environ.get("ESTAFETTE_DESK_URL", "")
