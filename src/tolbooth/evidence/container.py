"""What a pack may be made of: names, links and sizes, looked at before anything is inflated; and the zip form.

A pack is a mapping from path to bytes. Reading a folder into one is the pipeline's.
"""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping
from io import BytesIO
from typing import BinaryIO, NoReturn

from tolbooth.model.errors import Place, VerificationError

FILE_LIMIT_BYTES = 256 * 2**20
TOTAL_LIMIT_BYTES = 2**30
MEMBER_LIMIT = 10_000

BAGIT_NAMES = frozenset({"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "VERIFY.md"})
DATA_NAMES = frozenset({"data/pack.json", "data/leaves.jsonl", "data/ro-crate-metadata.json"})
SEAL_NAMES = frozenset(
    f"seal/{name}"
    for name in (
        "seal.dsse.json",
        "vsa.dsse.json",
        "pack.tlog-proof",
        "pack.sigstore.json",
        "pack.sshsig",
        "pack.tsr",
        "consistency-from-previous.json",
        "trust.tlog-policy",
        "report.signed.pdf",
    )
)
CORE = "data/core/"
VIEWS = "data/views/"
_SIGN_OFF = re.compile(r"seal/signoffs/[^/]+\.json")
_OPEN_FOLDERS = (CORE, VIEWS)
_NAME_LIMIT_BYTES = 1024
_CONTROL_LIMIT = 0x20
_DELETE = 0x7F
_ENCRYPTED = 0x1


def check_container(sizes: Mapping[str, int], *, links: Collection[str] = ()) -> None:
    """Check a pack's names, the sizes of its files in bytes, and that nothing in it is a link.

    Raises:
        VerificationError: ``container.*`` with the offending path; see ``check_name`` for names, and ``.link``,
            ``.members``, ``.file-size``, ``.total-size``, ``.collision`` and ``.unlisted`` (a name outside the closed
            lists).
    """
    if len(sizes) > MEMBER_LIMIT:
        raise VerificationError.of("container.members", f"{len(sizes)} files; at most {MEMBER_LIMIT} are read")
    for path in sorted(links):
        _refuse("container.link", "links are not followed, so a pack holds none", path)
    for path in sizes:
        check_name(path)
    _check_collisions(sizes)
    for path, size in sizes.items():
        if size > FILE_LIMIT_BYTES:
            _refuse("container.file-size", f"{size} bytes; at most {FILE_LIMIT_BYTES} are read", path)
        if not _is_listed(path):
            _refuse("container.unlisted", "no file of this name belongs into a pack", path)
    if sum(sizes.values()) > TOTAL_LIMIT_BYTES:
        message = f"{sum(sizes.values())} bytes in all; at most {TOTAL_LIMIT_BYTES} are read"
        raise VerificationError.of("container.total-size", message)


def check_name(path: str) -> None:
    """Check one path: relative, forward slashes, NFC, no ``.`` or ``..``, nothing that a system reads in its own way.

    Raises:
        VerificationError: ``container.absolute``, ``.parent``, ``.backslash``, ``.not-nfc`` or ``.name``.
    """
    segments = path.split("/")
    if path.startswith("/") or re.match("[A-Za-z]:", path):
        _refuse("container.absolute", "an absolute path", path)
    if ".." in segments:
        _refuse("container.parent", "a path that climbs out", path)
    if "\\" in path:
        _refuse("container.backslash", "a backslash in a path", path)
    if not _is_text(path) or len(path.encode()) > _NAME_LIMIT_BYTES or set(path) & set(":%"):
        _refuse("container.name", "control characters, a colon, a percent sign or too long a path", repr(path)[1:-1])
    if not all(segments) or "." in segments or any(one.endswith((" ", ".")) for one in segments):
        _refuse("container.name", "an empty part of a path, or one that ends with a space or a dot", path)
    if unicodedata.normalize("NFC", path) != path:
        _refuse("container.not-nfc", "a path that is not in Unicode's normal form C", path)


def read_zip(content: bytes | BinaryIO) -> dict[str, bytes]:
    """Read a pack's zip: its files by path. Everything is checked before a member is inflated.

    The pack's root is the zip's root. Folder entries are passed over.

    Raises:
        VerificationError: ``container.*`` as ``check_container``, and ``.zip`` (damaged), ``.duplicate``,
            ``.encrypted``, ``.compression``.
    """
    stream = BytesIO(content) if isinstance(content, bytes) else content
    try:
        with zipfile.ZipFile(stream) as archive:
            members = _members(archive)
            return {path: _inflate(archive, member) for path, member in members.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError) as error:
        raise VerificationError.of("container.zip", f"the zip is damaged: {error}") from error


def write_zip(files: Mapping[str, bytes], *, compress: bool = False) -> bytes:
    """Write a zip whose bytes depend on nothing but ``files``: sorted, no times, no owners.

    With ``compress``, members are deflated, and the bytes then depend on the installed zlib as well.
    """
    target = BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w", method) as archive:
        for path in sorted(files, key=str.encode):
            member = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            member.compress_type = method
            archive.writestr(member, files[path])
    return target.getvalue()


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > MEMBER_LIMIT:
        raise VerificationError.of("container.members", f"{len(entries)} files; at most {MEMBER_LIMIT} are read")
    members: dict[str, zipfile.ZipInfo] = {}
    links: list[str] = []
    for entry in entries:
        # NOTE: ``filename`` has lost what follows a NUL; the name as stored is what other programs may see.
        path = entry.orig_filename
        _check_entry(entry, path)
        if path.endswith("/") and entry.file_size == 0:
            check_name(path[:-1])
            continue
        if path in members:
            _refuse("container.duplicate", "the zip holds this name twice", path)
        if _is_special(entry):
            links.append(path)
        members[path] = entry
    check_container({path: entry.file_size for path, entry in members.items()}, links=links)
    return members


def _check_entry(entry: zipfile.ZipInfo, path: str) -> None:
    if entry.flag_bits & _ENCRYPTED:
        _refuse("container.encrypted", "an encrypted member", path)
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        _refuse("container.compression", "members are stored or deflated, and nothing else", path)


def _is_special(entry: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return kind not in {0, stat.S_IFREG}


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as member:
        # NOTE: asked for a size, zipfile never inflates more than that, whatever the member really holds.
        content = member.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        _refuse("container.zip", "the member's size is not what the zip says", entry.orig_filename)
    return content


def _check_collisions(paths: Iterable[str]) -> None:
    """No two paths, nor a file and a folder, may be one where upper and lower case are one."""
    seen: dict[str, str] = {}
    files = set()
    for path in paths:
        files.add(path.casefold())
        segments = path.split("/")
        for prefix in ("/".join(segments[:count]) for count in range(1, len(segments) + 1)):
            if seen.setdefault(prefix.casefold(), prefix) != prefix:
                _refuse("container.collision", f"differs from {seen[prefix.casefold()]} by case only", path)
    for path in paths:
        folded = path.casefold()
        parents = (folded[:place] for place, character in enumerate(folded) if character == "/")
        if any(parent in files for parent in parents):
            _refuse("container.collision", "a folder and a file have the same name", path)


def _is_listed(path: str) -> bool:
    if path in BAGIT_NAMES or path in DATA_NAMES or path in SEAL_NAMES:
        return True
    return path.startswith(_OPEN_FOLDERS) or _SIGN_OFF.fullmatch(path) is not None


def _is_text(path: str) -> bool:
    return all(_CONTROL_LIMIT <= ord(one) != _DELETE and not "\ud800" <= one <= "\udfff" for one in path)


def _refuse(code: str, message: str, path: str) -> NoReturn:
    raise VerificationError.of(code, message, place=Place(path=path))
