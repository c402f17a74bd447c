"""Types of columns that the tables of the plant share."""

from sqlalchemy import Numeric
from sqlalchemy.dialects.postgresql import TIMESTAMP

Moment = TIMESTAMP(timezone=True)
Speed = Numeric(10, 2)
Quantity = Numeric(12, 2)
Money = Numeric(12, 2)
Price = Numeric(16, 4)
"""What one of something costs, or how much of it there is: finer than what is counted."""
Amount = Numeric(18, 4)
Weight = Numeric(12, 4)
Headcount = Numeric(8, 2)
