"""The files of a theme out of what somebody uploads: templates, or a zip of them."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath

from mailer.issues.themes.check import MOST_BYTES, MOST_FILES


class Unreadable(Exception):
    """What was uploaded is no theme; the message says why."""

    code = "theme_unreadable"


def read_upload(uploaded: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """The source of each template by its name. Folders in a zip are left away.

    Args:
        uploaded: name and content of each file.
    Raises:
        Unreadable: it is neither templates nor a zip of them, is too large, or is no text.
    """
    files: dict[str, bytes] = {}
    for name, content in uploaded:
        found = _unpack(content) if name.lower().endswith(".zip") else [(name, content)]
        for inner, source in found:
            short = PurePosixPath(inner.replace("\\", "/")).name
            if short in files:
                raise Unreadable(f"{short} is there twice: a theme has one of each name")
            files[short] = source
    if not files:
        raise Unreadable("there is no .mjml file in it")
    return {name: _text(name, source) for name, source in files.items()}


def _unpack(content: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [each for each in archive.infolist() if each.filename.lower().endswith(".mjml")]
            if len(members) > MOST_FILES:
                raise Unreadable(f"a theme has at most {MOST_FILES} files, and the zip holds {len(members)}")
            unpacked = []
            for member in members:
                # Others take as much memory as the zip says.
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise Unreadable("the zip is packed in an unusual way: pack it with deflate")
                with archive.open(member) as packed:  # what the zip says of sizes may be a lie
                    unpacked.append((member.filename, packed.read(MOST_BYTES + 1)))
            return unpacked
    except (
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,  # names that are no text, sizes below nothing
        zlib.error,
    ) as error:
        raise Unreadable(f"the zip cannot be read ({error}): pack the .mjml files anew") from error


def _text(name: str, source: bytes) -> str:
    if len(source) > MOST_BYTES:
        raise Unreadable(f"{name} has more than {MOST_BYTES // 1000} KB")
    try:
        return source.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name} is not UTF-8 text: save it as UTF-8") from error
