"""Types of columns that the tables of the plant share."""

from sqlalchemy import Numeric
from sqlalchemy.dialects.postgresql import TIMESTAMP

Moment = TIMESTAMP(timezone=True)
Speed = Numeric(10, 2)
Quantity = Numeric(12, 2)
Money = Numeric(12, 2)
