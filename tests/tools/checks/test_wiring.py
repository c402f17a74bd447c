"""A context without contracts and a dependency without a reason are found."""

from tests.tools.checks.make import found
from tools.checks import wiring

CONTRACTS = """
[[tool.importlinter.contracts]]
type = "layers"
containers = ["foodflow.plant"]

[[tool.importlinter.contracts]]
type = "protected"
protected_modules = ["foodflow.plant"]

[[tool.importlinter.contracts]]
type = "protected"
protected_modules = ["foodflow.console"]
"""


def test_a_context_without_order_and_door_is_found_twice() -> None:
    files = {"pyproject.toml": CONTRACTS, "src/foodflow/desk/rules.py": ""}
    assert found(wiring.contexts, files) == [("pyproject.toml", 1)] * 2


def test_contexts_with_contracts_pass_and_the_kernel_needs_none() -> None:
    places = ("plant/rules.py", "console/pages.py", "kernel/db.py", "numerics/oee.py", "main.py")
    files = {"pyproject.toml": CONTRACTS} | {f"src/foodflow/{place}": "" for place in places}
    assert not found(wiring.contexts, files)


def test_a_dependency_without_a_reason_and_a_reason_without_a_dependency_are_found() -> None:
    table = "| package | why |\n|---|---|\n| `numpy` | arrays |\n| pandas | not any more |\n"
    files = {"requirements/base.in": "# numbers\nnumpy\nscipy>=1\n", "docs/dependencies.md": table}
    assert found(wiring.reasons, files) == [("requirements/base.in", 3), ("docs/dependencies.md", 1)]


def test_dependencies_with_reasons_pass_however_they_are_spelt() -> None:
    table = "| package | why |\n|---|---|\n| `uuid_utils` | ids |\n| SQLAlchemy | tables |\n"
    files = {"requirements/base.in": "uuid-utils\nsqlalchemy[asyncio]>=2.1\n", "docs/dependencies.md": table}
    assert not found(wiring.reasons, files)


PACKAGES = {"jwt": ["PyJWT"], "starlette": ["starlette"]}


def test_an_import_that_only_another_package_brings_is_found() -> None:
    source = "import os\nfrom starlette.requests import Request\nimport unheard_of\n"
    files = {"requirements/base.in": "fastapi\n", "src/foodflow/main.py": source}
    assert found(lambda project: wiring.imports(project, PACKAGES), files) == [
        ("src/foodflow/main.py", 2),
        ("src/foodflow/main.py", 3),
    ]


def test_imports_that_are_asked_for_pass_under_whatever_name_and_tests_may_import_more() -> None:
    files = {
        "requirements/base.in": "pyjwt\n",
        "src/foodflow/main.py": "import jwt.api_jwt\nfrom foodflow.kernel import db\nfrom . import cli\n",
        "tests/test_main.py": "import pytest\n",
    }
    assert not found(lambda project: wiring.imports(project, PACKAGES), files)
