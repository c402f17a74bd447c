"""The environment, the clock and the framework's exceptions each have one place."""

import pytest

from tests.tools.checks.make import found
from tools.checks import surroundings

USECASES = "src/foodflow/plant/usecases.py"


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['HOME']\n",
        "import os\nos.getenv('HOME')\n",
        "from os import environ\nenviron.get('HOME')\n",
        "from os import getenv as read\nread('HOME')\n",
    ],
)
def test_reading_the_environment_is_found(source: str) -> None:
    assert found(surroundings.environment, {USECASES: source}) == [(USECASES, 2)]


@pytest.mark.parametrize(
    "path", ["src/foodflow/settings.py", "src/foodflow/settings/reading.py", "tests/test_settings.py"]
)
def test_settings_and_their_tests_may_read_the_environment(path: str) -> None:
    assert not found(surroundings.environment, {path: "import os\nos.environ['HOME']\n"})


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\ndatetime.now(UTC)\n",
        "from datetime import datetime\ndatetime.utcnow()\n",
        "import datetime as dt\ndt.datetime.now()\n",
        "from datetime import date\ndate.today()\n",
        "import time\ntime.time()\n",
        "from time import time\ntime()\n",
        "from datetime import datetime\nfield(default_factory=datetime.now)\n",
    ],
)
def test_asking_another_clock_is_found(source: str) -> None:
    assert found(surroundings.clock, {USECASES: source}) == [(USECASES, 2)]


def test_the_clock_itself_and_timers_pass() -> None:
    timers = "import time\ntime.monotonic()\ntime.perf_counter()\n"
    clock = "from datetime import UTC, datetime\ndatetime.now(UTC)\n"
    assert not found(surroundings.clock, {USECASES: timers, "src/foodflow/kernel/clock.py": clock})


def test_the_frameworks_exception_is_found_wherever_it_is_named() -> None:
    source = "from fastapi import HTTPException\nraise HTTPException(404)\n"
    assert found(surroundings.http_exceptions, {"src/foodflow/plant/routes.py": source}) == [
        ("src/foodflow/plant/routes.py", 2)
    ]


def test_an_exception_of_the_standard_librarys_client_is_another_thing() -> None:
    source = "import http.client\ntry:\n    call()\nexcept http.client.HTTPException:\n    pass\n"
    assert not found(surroundings.http_exceptions, {"src/foodflow/supervisor.py": source})


def test_the_kernel_may_answer_the_frameworks_exception_but_not_raise_it() -> None:
    path = "src/foodflow/kernel/http/problems.py"
    imported = "from starlette.exceptions import HTTPException\n"
    assert not found(
        surroundings.http_exceptions, {path: f"{imported}app.add_exception_handler(HTTPException, answer)\n"}
    )
    assert found(surroundings.http_exceptions, {path: f"{imported}raise HTTPException(404)\n"}) == [(path, 2)]
