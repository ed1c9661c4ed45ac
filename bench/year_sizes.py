"""How much of Prefect's database is in use, and how much of the disk."""

from typing import Any

import sqlalchemy as sa


class Size:
    """How much of the database is in use, and of what the next copies may be numbered."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection, self._next = connection, 1
        self._lite = connection.dialect.name == "sqlite"

    def next(self, count: int) -> int:
        first, self._next = self._next, self._next + count
        return first

    def growth(self, work: Any, count: int) -> float:
        """KiB for each of `count` that `work` adds."""
        before = self.used()
        work()
        return (self.used() - before) / count

    def pack(self) -> None:
        """On PostgreSQL only this tells what is in use; SQLite says so by itself."""
        if not self._lite:
            self.connection.commit()
            self.connection.execution_options(isolation_level="AUTOCOMMIT")
            self.connection.exec_driver_sql("VACUUM FULL")

    def used(self) -> float:
        """KiB that hold something; on SQLite freed pages, which are used again, are not counted."""
        if not self._lite:
            return self.whole()
        pages = self._pragma("page_count") - self._pragma("freelist_count")
        return pages * self._pragma("page_size") / 1024

    def whole(self) -> float:
        """KiB on disk."""
        if self._lite:
            return self._pragma("page_count") * self._pragma("page_size") / 1024
        query = "SELECT pg_database_size(current_database())"
        return float(self.connection.exec_driver_sql(query).scalar_one()) / 1024

    def _pragma(self, name: str) -> int:
        return int(self.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
