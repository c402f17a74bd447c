"""Reading an archive that comes from anybody: nothing of it is believed before it was held against what it says, and
nothing is inflated beyond that.
"""

import hashlib
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from pydantic import ValidationError

from foodflow.kernel.archives.manifest import DIRECTORY, MANIFEST, BadArchive, File, Manifest

LARGEST = 1 << 40
"""The most that an archive may hold, inflated."""
LARGEST_RATIO = 100
"""How much larger than the file its content may be; readings make 4 to 10, a bomb a thousand or millions."""

_SMALL = 1 << 20
_LARGEST_TEXT = 16 << 20
_AT_ONCE = 1 << 18
_ENCRYPTED = 0x1
_FAULTS = (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, struct.error, zlib.error)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that is whole and holds what it says."""

    file: ZipFile
    manifest: Manifest
    directory: bytes

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file of the archive, piece by piece."""
        with self.file.open(name) as member:
            while piece := member.read(_AT_ONCE):
                yield piece


def check(file: BinaryIO) -> Archive:
    """Read an archive's manifest and hold every file against it; blocks, for as long as inflating it all takes."""
    with _faults_refused():
        size = file.seek(0, os.SEEK_END)
        _require_small_list(file, size)
        archive = ZipFile(file)
        members = _members(archive.infolist(), size)
        manifest = _manifest(archive, members)
        if set(members) != {MANIFEST, *manifest.files}:
            raise BadArchive(f"the archive holds other files than its {MANIFEST} names")
        for name, said in manifest.files.items():
            _require_as_said(archive, members[name], said)
        return Archive(archive, manifest, archive.read(DIRECTORY))


@contextmanager
def _faults_refused() -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        raise BadArchive("this is no ZIP file, or it is damaged or cut off") from error


def _require_small_list(file: BinaryIO, size: int) -> None:
    """The list at a ZIP's end is read as a whole, so its length is looked at before: an archive has a few files."""
    file.seek(max(0, size - 98))
    end = file.read().rjust(98, b"\0")
    if end[76:80] != b"PK\5\6" or end[96:] != bytes(2):
        raise BadZipFile
    listed = struct.unpack_from("<L", end, 88)[0]
    if end[56:60] == b"PK\6\7":
        listed = struct.unpack_from("<Q", end, 40)[0]
    if listed > _SMALL:
        raise BadArchive("the archive lists more files than a company has tables")


def _members(listed: list[ZipInfo], size: int) -> dict[str, ZipInfo]:
    members = {info.filename: info for info in listed}
    if len(members) != len(listed):
        raise BadArchive("the archive holds two files of one name")
    for info in listed:
        if _is_odd(info):
            raise BadArchive("the archive holds something else than plain compressed files")
    total = sum(info.file_size for info in listed)
    if total > min(LARGEST, max(LARGEST_RATIO * size, _SMALL)):
        raise BadArchive(f"the archive would inflate to {total} bytes, which is more than one of {size} bytes may")
    if MANIFEST not in members or DIRECTORY not in members:
        raise BadArchive(f"this ZIP file is no archive of a company: it has no {MANIFEST}")
    return members


def _is_odd(info: ZipInfo) -> bool:
    kind = stat.S_IFMT(info.external_attr >> 16)
    return (
        kind not in {0, stat.S_IFREG}
        or info.is_dir()
        or bool(info.flag_bits & _ENCRYPTED)
        or info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}
    )


def _manifest(archive: ZipFile, members: dict[str, ZipInfo]) -> Manifest:
    if max(members[MANIFEST].file_size, members[DIRECTORY].file_size) > _LARGEST_TEXT:
        raise BadArchive(f"{MANIFEST} or {DIRECTORY} is longer than any company needs")
    try:
        return Manifest.model_validate_json(archive.read(MANIFEST))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadArchive(f"{MANIFEST} cannot be read: {where}: {first['msg']}") from error


def _require_as_said(archive: ZipFile, info: ZipInfo, said: File) -> None:
    """Its length and checksum; inflating ends where it becomes longer than it says."""
    digest, size = hashlib.sha256(), 0
    if info.file_size == said.bytes:
        with archive.open(info) as member:
            while (piece := member.read(_AT_ONCE)) and size <= said.bytes:
                digest.update(piece)
                size += len(piece)
    if (size, digest.hexdigest()) != (said.bytes, said.sha256):
        raise BadArchive(f"{info.filename} is not what {MANIFEST} says of it")
