"""Make `.venv` with uv in it, on a machine that may have nothing but python3 (run by the Makefile).

Debian's python3 comes without pip and ensurepip. Then pip is taken from PyPI as the file it is: a wheel of pip
can be run as it lies.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path
from urllib.parse import urljoin

FOLDER = Path(__file__).parent / ".venv"
OLDEST = (3, 11)
PIP = "https://pypi.org/pypi/pip/json"


def main() -> None:
    if sys.version_info < OLDEST:
        sys.exit(
            f"mailer needs Python {'.'.join(map(str, OLDEST))} or newer; this is {sys.version.split()[0]}."
        )
    venv.create(FOLDER, with_pip=False, clear=False)
    python = str(FOLDER / "bin" / "python")
    install = ["install", "--quiet", "--disable-pip-version-check", "uv>=0.9"]
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([python, f"{fetch_pip(Path(folder))}/pip", *install], check=True)
    else:
        subprocess.run([python, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([python, "-m", "pip", *install], check=True)


def fetch_pip(folder: Path) -> Path:
    """Download pip's newest wheel into a folder, and check it against the hash that PyPI gives."""
    with urllib.request.urlopen(PIP, timeout=60) as answer:
        wheel = next(file for file in json.load(answer)["urls"] if file["packagetype"] == "bdist_wheel")
    with urllib.request.urlopen(urljoin(PIP, wheel["url"]), timeout=60) as answer:  # noqa: S310
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != wheel["digests"]["sha256"]:
        sys.exit("The download of pip was damaged on its way. Try again.")
    path = folder / wheel["filename"]
    path.write_bytes(content)
    return path


if __name__ == "__main__":
    main()
