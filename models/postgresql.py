"""What PostgreSQL holds and Python can not: moments without end, and after the year 9999."""

from typing import Any

from psycopg import DataError, adapters
from psycopg.abc import AdaptContext
from psycopg.adapt import Loader
from psycopg.pq import Format

from models.columns import LONG_AGO


class AnyMoment(Loader):
    """Reads those as long ago: any of them would stop whoever reads its row."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        usual = adapters.get_loader(oid, Format.TEXT)
        assert usual is not None
        self._usual = usual(oid, context)

    def load(self, data: Any) -> Any:
        try:
            return self._usual.load(data)
        except DataError:
            return LONG_AGO
