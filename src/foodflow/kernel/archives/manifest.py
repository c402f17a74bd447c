"""What an archive says of itself."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.kernel.wire import Instant

MANIFEST, DIRECTORY = "manifest.json", "directory.json"

_Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
_Month = Annotated[str, Field(pattern=r"^(19|20|21)[0-9]{2}_(0[1-9]|1[0-2])$")]
_Number = Annotated[int, Field(ge=1, lt=2**63)]
_Size = Annotated[int, Field(ge=0, lt=2**63)]


class BadArchive(Invalid):
    """The file is no archive of a company, is damaged, or holds what no archive holds."""

    code = "archive.bad"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=(FieldError("body", detail, self.code),))


class OtherRevision(BadArchive):
    """The archive was made at another revision of the tables than this installation stands at."""

    code = "archive.other_revision"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class File(_Shape):
    """How long a file of the archive is, and its SHA-256."""

    bytes: _Size
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class TableFile(File):
    """A table's file: its columns in their order, its rows, the months that it is parted into, and where its own
    numbers go on.
    """

    name: _Name
    columns: Annotated[tuple[_Name, ...], Field(min_length=1, max_length=1600)]
    rows: _Size
    months: Annotated[tuple[_Month, ...], Field(max_length=2400)] = ()
    numbers: dict[_Name, _Number] = {}

    @property
    def path(self) -> str:
        """The name of its file within the archive."""
        return path_of(self.name)


class Manifest(_Shape):
    """What an archive holds, and when it was made, of which company, and by what."""

    format: Literal["foodflow company"] = "foodflow company"
    version: Literal[1] = 1
    product: Annotated[str, Field(max_length=50)]
    revision: Annotated[str, Field(max_length=200)]
    slug: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(max_length=255)]
    made_at: Instant
    directory: File
    tables: Annotated[tuple[TableFile, ...], Field(max_length=1000)]

    @property
    def files(self) -> dict[str, File]:
        """Every file but the manifest itself, by its name within the archive."""
        return {DIRECTORY: self.directory} | {table.path: table for table in self.tables}


def path_of(table: str) -> str:
    """The name within the archive of a table's file."""
    return f"tables/{table}.csv"
