"""A file that is no archive, or that somebody has tampered with, is refused before it does anything."""

import io
import stat
import zipfile
from collections.abc import Callable

import pytest

from foodflow.kernel.archives import reading
from foodflow.kernel.archives.manifest import BadArchive, OtherRevision
from foodflow.kernel.db import Database
from tests.kernel.archives.make import Json, changed, files_of, peak, restore, table, told, without, xlsx, zipped


def nested(depth: int) -> bytes:
    """A ZIP of zeros within a ZIP within a ZIP."""
    content = bytes(10_000_000)
    for _ in range(depth):
        content = zipped({f"{n}.zip": content for n in range(3)})
    return content


NOT_ARCHIVES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "twenty thousand files": lambda: zipped({f"tables/{n}.csv": b"" for n in range(20_000)}),
    "text": lambda: b"timestamp,value\n2024-01-01T00:00:00Z,1\n",
    "xml": lambda: b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
    "a spreadsheet that is an XML bomb": xlsx,
    "zeros in three layers": lambda: nested(3),
    "half a ZIP's end": lambda: b"PK\5\6" + bytes(10),
    "an empty ZIP": lambda: b"PK\5\6" + bytes(18),
    "a list of a billion files that is said to be short": lambda: (
        b"PK\6\6"
        + bytes(36)
        + (1 << 40).to_bytes(8, "little")
        + bytes(8)
        + b"PK\6\7"
        + bytes(16)
        + b"PK\5\6"
        + bytes(18)
    ),
    "a list of a billion files": lambda: b"PK\5\6" + bytes(8) + b"\xff\xff\xff\x3f" + bytes(6),
}


@pytest.mark.parametrize("kind", NOT_ARCHIVES)
def test_a_file_that_is_no_archive_is_refused_as_what_it_is(kind: str) -> None:
    given = NOT_ARCHIVES[kind]()

    def offered() -> None:
        with pytest.raises(BadArchive):
            reading.check(io.BytesIO(given))

    assert peak(offered) < 2_000_000 + len(given)


def bomb(whole: bytes, *, honest: bool) -> bytes:
    """A table of zeros, as long as everything says, or much longer than anything says."""
    zeros = changed(whole, "tables/reading_blocks.csv", bytes(60_000_000))
    if honest:
        return zeros
    lied = told(zeros, lambda said: table(said, "reading_blocks").update(bytes=2_000))
    return lied.replace((60_000_000).to_bytes(4, "little"), (2_000).to_bytes(4, "little"))


@pytest.mark.parametrize("honest", [True, False])
def test_a_bomb_is_not_inflated(whole: bytes, honest: bool) -> None:  # noqa: FBT001 - a parameter of the test
    given = bomb(whole, honest=honest)

    def offered() -> None:
        with pytest.raises(BadArchive):
            reading.check(io.BytesIO(given))

    assert peak(offered) < 5_000_000


def added(archive: bytes, name: str, *, content: bytes = b"x", mode: int = 0, manifest: bool = False) -> bytes:
    file = io.BytesIO(archive)
    with zipfile.ZipFile(file, "a") as given:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        given.writestr(info, content)
    assert not manifest
    return file.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../outside.csv",
        "/etc/passwd",
        "C:\\x.csv",
        "tables/../../x.csv",
        "tables/nothing.csv",
        "t_akron.sensors.csv",
        "tables/",
    ],
)
def test_a_file_that_no_company_has_is_refused(whole: bytes, name: str) -> None:
    with pytest.raises(BadArchive):
        reading.check(io.BytesIO(added(whole, name)))


def test_a_link_is_refused_whatever_its_name(whole: bytes) -> None:
    linked = without(whole, "directory.json")
    with pytest.raises(BadArchive, match="plain"):
        reading.check(io.BytesIO(added(linked, "directory.json", content=b"../key", mode=stat.S_IFLNK | 0o777)))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(whole: bytes) -> None:
    with pytest.raises(BadArchive, match="one name"):
        reading.check(io.BytesIO(added(whole, "tables/sensors.csv")))


def test_a_file_that_was_changed_is_refused_by_its_checksum(whole: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        lines = archive.read("tables/production_lines.csv")
    with pytest.raises(BadArchive, match=r"production_lines\.csv is not what"):
        reading.check(
            io.BytesIO(changed(whole, "tables/production_lines.csv", lines.replace(b"L1", b"L2"), said=False))
        )


def test_a_file_that_is_missing_is_missed(whole: bytes) -> None:
    with pytest.raises(BadArchive, match="other files"):
        reading.check(io.BytesIO(without(whole, "tables/sensors.csv")))


def test_an_archive_that_was_cut_off_anywhere_is_refused(whole: bytes) -> None:
    for end in range(0, len(whole), max(1, len(whole) // 40)):
        with pytest.raises(BadArchive):
            reading.check(io.BytesIO(whole[:end]))


def test_an_archive_with_one_byte_changed_anywhere_is_refused_or_the_same(whole: bytes) -> None:
    """Bytes of a ZIP that say nothing (dates, versions) may change; content may not."""
    same = reading.check(io.BytesIO(whole)).manifest
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        given = bytearray(whole)
        given[place] ^= 0x55
        try:
            assert reading.check(io.BytesIO(given)).manifest == same
        except BadArchive:
            continue


MANIFESTS: dict[str, Callable[[Json], object]] = {
    "an unknown field": lambda said: said.update(role="postgres"),
    "another format": lambda said: said.update(format="zip"),
    "a later version": lambda said: said.update(version=2),
    "another schema's table": lambda said: table(said, "sensors").update(name="t_akron.sensors"),
    "SQL for a table": lambda said: table(said, "sensors").update(name='sensors"; DROP SCHEMA t_akron; --'),
    "SQL for a column": lambda said: table(said, "sensors").update(columns=["id) FROM PROGRAM 'id' --"]),
    "SQL for a month": lambda said: table(said, "reading_blocks").update(months=["2024_01 (x int); --"]),
    "a month that is none": lambda said: table(said, "reading_blocks").update(months=["2024_13"]),
    "SQL for a number": lambda said: table(said, "sensors").update(numbers={"key": "1); --"}),
    "a number below all": lambda said: table(said, "sensors").update(numbers={"key": -1}),
    "fewer rows than none": lambda said: table(said, "sensors").update(rows=-1),
    "a table twice": lambda said: said["tables"].append(table(said, "sensors")),
    "another table's name": lambda said: table(said, "sensors").update(name="production_lines"),
}


@pytest.mark.parametrize("kind", MANIFESTS)
async def test_a_manifest_that_says_what_none_says_is_refused(
    database: Database, whole: bytes, slug: str, kind: str
) -> None:
    with pytest.raises(BadArchive):
        await restore(database, told(whole, MANIFESTS[kind]), slug)


DOUBTFUL: dict[str, Callable[[Json], object]] = {
    "a table's columns of another": lambda said: table(said, "sensors").update(columns=["id", "hash"]),
    "a row too few": lambda said: table(said, "reading_blocks").update(rows=999),
    "months of a table that has none": lambda said: table(said, "sensors").update(months=["2024_01"]),
    "a month too few": lambda said: table(said, "reading_blocks").update(months=["2024_02"]),
    "a number beyond its column": lambda said: table(said, "sensors").update(numbers={"key": 2**62}),
}


@pytest.mark.parametrize("kind", DOUBTFUL)
async def test_rows_that_are_not_as_the_manifest_says_leave_nothing_behind(
    database: Database, whole: bytes, slug: str, kind: str
) -> None:
    with pytest.raises(BadArchive):
        await restore(database, told(whole, DOUBTFUL[kind]), slug)


async def test_an_archive_of_another_revision_is_refused_by_its_name(
    database: Database, whole: bytes, slug: str
) -> None:
    with pytest.raises(OtherRevision, match="tables at 1999_01_01_early"):
        await restore(database, told(whole, lambda said: said.update(revision="1999_01_01_early")), slug)


CONTENTS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "SQL after the rows": ("sensors", lambda rows: rows + b"\\.\nDROP TABLE sensors;\n"),
    "an end mark before the rows": ("reading_blocks", lambda rows: rows.replace(b"\n", b"\n\\.\n", 1)),
    "an end mark among the rows": ("reading_blocks", lambda rows: rows.replace(b"\n1,", b"\n\\.\n1,", 1)),
    "no header": ("reading_blocks", lambda rows: rows.partition(b"\n")[2]),
    "columns in another order than said": (
        "reading_blocks",
        lambda rows: rows.replace(b"first,last", b"last,first", 1),
    ),
    "a row twice": ("reading_blocks", lambda rows: rows.replace(b"\n1,", b"\n" + rows.splitlines()[1] + b"\n1,", 1)),
    "a value that is none": ("reading_blocks", lambda rows: rows.replace(b"+00,", b"+00x,", 1)),
    "a row that nothing belongs to": ("production_lines", lambda rows: rows.partition(b"\n")[0] + b"\n"),
    "a check that fails": ("sensors", lambda rows: rows.replace(b",1e+300,", b",-1,")),
    "a NUL": ("production_lines", lambda rows: rows.replace(b"L1", b"L\0")),
    "no UTF-8": ("production_lines", lambda rows: rows.replace(b"L1", b"L\xff")),
    "an entry of the trail that was changed": (
        "audit_entries",
        lambda rows: rows.replace(b"thing.done", b"thing.undone", 1),
    ),
    "a head of the trail that was moved": ("audit_head", lambda rows: rows.replace(b"t,5,", b"t,4,")),
}


@pytest.mark.parametrize("kind", CONTENTS)
async def test_rows_that_a_company_could_not_have_are_refused_and_leave_nothing_behind(
    database: Database, whole: bytes, slug: str, kind: str
) -> None:
    name, change = CONTENTS[kind]
    rows = files_of(whole)[f"tables/{name}.csv"]
    assert change(rows) != rows
    count = max(0, change(rows).count(b"\n") - 1)
    given = changed(whole, f"tables/{name}.csv", change(rows))
    if name == "reading_blocks":
        given = told(given, lambda said: table(said, name).update(rows=count))
    if name == "production_lines" and kind.startswith("a row"):
        given = told(given, lambda said: table(said, name).update(rows=0))
    with pytest.raises(BadArchive):
        await restore(database, given, slug)
