"""Names of registries and paths of one machine are found in any text file; what only looks like them passes."""

import pytest

from tests.tools.checks.make import found
from tools.checks import texts

# In pieces, for the same reason as in the check: this file is looked at, too.
DOT, SLASH = ".", "/"


@pytest.mark.parametrize(
    "host", [("pypi", "org"), ("files", "pythonhosted", "org"), ("deb", "debian", "org"), ("npmjs", "org")]
)
@pytest.mark.parametrize("path", ["README.md", "requirements/base.txt", "Makefile"])
def test_a_registrys_name_is_found(path: str, host: tuple[str, ...]) -> None:
    assert found(texts.registries, {path: f"first\nsee https://{DOT.join(host)}/simple\n"}) == [(path, 2)]


def test_other_addresses_and_the_names_of_tools_pass() -> None:
    text = "https://www.postgresql.org/docs and https://example.org; on Debian, pip and npm install it\n"
    assert not found(texts.registries, {"README.md": text})


@pytest.mark.parametrize("folder", ["work", "farm", "root", "tmp", "home"])
@pytest.mark.parametrize("before", ["cd ", "`", "file://", '"', "("])
def test_a_path_of_one_machine_is_found(before: str, folder: str) -> None:
    line = f"{before}{SLASH}{folder}{SLASH}foodflow"
    assert found(texts.machine_paths, {"docs/start.md": line}) == [("docs/start.md", 1)]


@pytest.mark.parametrize(
    "line", ["src/work/order.py", "https://example.org/tmp/x", "./tmp/x", "GET /api/v1/home/x", "/work orders"]
)
def test_what_is_not_at_the_root_of_a_machine_passes(line: str) -> None:
    assert not found(texts.machine_paths, {"docs/start.md": line})


@pytest.mark.parametrize(
    "line",
    [
        "--index-url address",
        "-r base.txt",
        "foodflow @ file:../wheel",
        "numpy==1 # https://example.org",
        "#    uv --find-links x",
    ],
)
def test_a_lock_that_names_a_place_is_found(line: str) -> None:
    assert found(texts.locks, {"requirements/base.txt": line}) == [("requirements/base.txt", 1)]


def test_a_lock_of_versions_and_hashes_passes_and_an_input_may_include_another() -> None:
    lock = "# made by\n#    make lock\nnumpy==2.4.6 ; sys_platform == 'linux' \\\n    --hash=sha256:00\n"
    assert not found(texts.locks, {"requirements/base.txt": lock, "requirements/dev.in": "-r base.in\n"})
