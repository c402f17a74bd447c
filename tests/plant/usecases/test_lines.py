"""Deeds on lines within one transaction, as jobs and the simulation do them."""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.plant.queries import lines as queries
from foodflow.plant.rules.lines import LineState
from foodflow.plant.usecases import batches, counts, lifecycle, lines, states
from tests.plant import make
from tests.plant.make import YESTERDAY

TEXTS = dict.fromkeys(("work_order_number", "operator_name", "shift", "notes"), "")


async def test_what_a_transaction_has_done_is_there_for_its_next_deed(session: AsyncSession, demo: Actor) -> None:
    """Rows are read again when they are locked; what is not written yet must not be lost by that."""
    line = await lines.find_or_create(session, demo, make.name("TX"))
    product = {"product_code": "P", "product_name": "P", "target_quantity": Decimal(10)}
    fields = {"batch_number": make.name("B"), "line_id": line.id, **product, **TEXTS}
    batch = await batches.create_batch(session, demo, fields)
    await lifecycle.start_batch(session, demo, batch.id, at=YESTERDAY)
    moments = [YESTERDAY + timedelta(minutes=minute) for minute in range(1, 4)]
    for moment in moments:
        await counts.record_count(session, demo, line.id, good=Decimal("1.5"), scrap=Decimal(1), at=moment)
        await states.record_state(session, demo, line.id, state=LineState.DOWNTIME, at=moment)
    assert (batch.good_quantity, batch.scrap_quantity) == (Decimal("4.5"), Decimal(3))
    await lifecycle.complete_batch(session, demo, batch.id, at=moments[-1])
    now = await queries.line_for_update(session, demo, line.id)
    assert (now.status, now.status_since, now.current_batch_id) == ("downtime", moments[-1], None)
