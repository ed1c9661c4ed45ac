"""How late rungs were raised, counted."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class RaisedLate(SQLModel, table=True):
    """How many rungs were raised at most so many seconds after their moment, and more than the
    next smaller bound; `total` is the sum of their lateness in seconds.

    A picture for operations staff: nothing is decided by it.
    """

    __tablename__ = "raised_late"
    __table_args__ = (
        sa.CheckConstraint("count >= 0", name="counts_from_nothing"),
        sa.CheckConstraint("total >= 0", name="never_early"),
    )

    statutory: bool = Field(primary_key=True)
    at_most: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    count: int = Field(sa_type=sa.BigInteger)
    total: float
