"""The figures of all lines, in a company whose every line is known."""

from datetime import timedelta

import httpx

from tests.console import make

HOUR = timedelta(hours=1)


async def test_the_effectiveness_of_all_lines_is_that_of_their_sums(client: httpx.AsyncClient) -> None:
    quick = await make.line(client, design_speed=60)
    await make.state(client, quick, "running", ago=2 * HOUR)
    await make.count(client, quick, 3600)
    slow = await make.line(client, design_speed=60)
    await make.state(client, slow, "idle", ago=6 * HOUR)
    await make.state(client, slow, "running", ago=2 * HOUR)
    await make.count(client, slow, 720, scrap=80)
    await make.line(client)
    cold = await make.sensor(client, slow, max_value=0)
    await make.readings(client, cold, [-1, 1])
    await make.sensor(client, slow)

    text = (await make.page(client, "/fragments/figures")).text
    # (3600 + 720) ideal seconds of 2 h + 6 h; the mean of the two lines' ratios would be 26.7 %.
    assert "OEE of all lines, last 8 h 15.0 % Availability 50.0 %" in text
    assert "2 running 0 stopped 1 not recorded" in text
    assert "1 of 2 1 without a reading for over an hour" in text
    assert "4,320 good 80 scrap" in text


async def test_a_line_without_ideal_speed_leaves_all_lines_without_effectiveness_and_is_named(
    client: httpx.AsyncClient,
) -> None:
    line = await make.line(client)
    await make.state(client, line, "running", ago=1 * HOUR)
    await make.count(client, line, 10)
    text = (await make.page(client, "/fragments/figures")).text
    assert f"— no ideal speed: {line['line_number']}" in text
