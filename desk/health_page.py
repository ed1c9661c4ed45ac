"""Whether these pages can be used: GET /health, for a balancer that sends people to one of them."""

from fastapi import APIRouter, Response
from sqlalchemy.engine import Engine

from desk.plainly import sentence_for


def health_page(engine: Engine) -> APIRouter:
    """200 while the rows can be read, else 503 with what is wrong; it tells nothing of any case."""
    from casework.schema import revision_of

    router = APIRouter()

    @router.get("/health")
    def health() -> Response:
        try:
            revision = revision_of(engine)
        except Exception as error:
            said = sentence_for(error)
            if said is None:
                raise
            return Response(f"{said}\n", 503, media_type="text/plain")
        return Response(f"ok, the database is at {revision}\n", media_type="text/plain")

    return router
