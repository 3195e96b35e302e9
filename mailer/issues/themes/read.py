"""The files of a theme out of what somebody uploads: templates, or a zip of them."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath

from mailer.issues.builder.content import Problem
from mailer.issues.themes.check import MOST_BYTES, MOST_FILES, BadTheme, check_parts


class _BadZip(Exception):
    """The message says why a zip is not unpacked."""


def read_upload(uploaded: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """The source of each template by its name. Folders in a zip are left away.

    Args:
        uploaded: name and content of each file.
    Raises:
        BadTheme: something is neither templates nor a zip of them, is too large, or is no text. What is wrong with the
            files that can be read is told with it.
    """
    files: dict[str, str] = {}
    wrong: list[Problem] = []
    for name, content in uploaded:
        try:
            found = _unpack(content) if name.lower().endswith(".zip") else [(name, content)]
        except _BadZip as error:
            wrong.append(Problem("theme_zip", str(error), name[:80]))
            continue
        for inner, source in found:
            short = PurePosixPath(inner.replace("\\", "/")).name
            fault = "it is there twice: a theme has one of each name" if short in files else _fault(source)
            if fault:
                wrong.append(Problem("theme_file", fault, short[:80]))
            # One that cannot be read is there all the same, for what is said of the others.
            files[short] = "" if fault else source.decode("utf-8-sig").replace("\r\n", "\n")
    if wrong:
        raise BadTheme((*wrong, *(check_parts(files) if files else ())), files)
    return files


def _unpack(content: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [each for each in archive.infolist() if each.filename.lower().endswith(".mjml")]
            if len(members) > MOST_FILES:
                raise _BadZip(f"a theme has at most {MOST_FILES} files, and the zip holds {len(members)}")
            if not members:
                raise _BadZip("there is no .mjml file in it")
            unpacked = []
            for member in members:
                # Others take as much memory as the zip says.
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise _BadZip("the zip is packed in an unusual way: pack it with deflate")
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
        raise _BadZip(f"the zip cannot be read ({error}): pack the .mjml files anew") from error


def _fault(source: bytes) -> str:
    """Why a file is no template; empty: it may be one."""
    if len(source) > MOST_BYTES:
        return f"it has more than {MOST_BYTES // 1000} KB: make it shorter"
    try:
        source.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "it is not UTF-8 text: save it as UTF-8"
    return ""
