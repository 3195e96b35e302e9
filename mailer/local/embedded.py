"""Settings for a machine that has none: embedded servers, secrets and local addresses, under `var/`."""

import os
import secrets
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailer.emulator.config import LOCAL_API_KEY
from mailer.emulator.signing import public_key
from mailer.local import ports
from mailer.local.errors import ServerError
from mailer.local.locks import lock
from mailer.local.shared_servers import shared

PROCESSES = "processes.lock"
"""Held by whoever runs web, workers, beat and emulator; shared by each of them that was started by hand."""
PORTS = "ports.lock"
"""Held while the ports are looked at, so that two who start at once agree on them."""


NOWHERE = {
    "DATABASE_URL": "postgres://127.0.0.1:9/nowhere",
    "REDIS_URL": "redis://127.0.0.1:9",
    "SECRET_KEY": "signs nothing, for nothing is sent",
    "PUBLIC_URL": "http://127.0.0.1:9",
    "SENDGRID_API_KEY": "none",
}
"""Settings for what reaches no server."""


@dataclass(frozen=True)
class Addresses:
    """Where the processes on this machine are reached; no emulator where SendGrid itself is named."""

    ports: dict[str, int]
    web: str
    emulator: str | None


def var_folder() -> Path:
    """Where everything that mailer writes on this machine lies: MAILER_VAR, else `var/` in the checkout."""
    chosen = os.environ.get("MAILER_VAR")
    return Path(chosen).resolve() if chosen else Path(__file__).resolve().parents[2] / "var"


@contextmanager
def environment(variables: MutableMapping[str, str]) -> Iterator[None]:
    """Set every variable that is missing to something on this machine, and start what it needs.

    A variable that is set is left alone, so real servers replace the embedded ones one by one. With
    MAILER_EMBEDDED=no (containers) nothing is filled in: what is missing is an error of the settings.

    Args:
        variables: the environment, changed in place. MAILER_MIGRATE=yes is added where the database is ours.
    Raises:
        ServerError: a server did not start, or the folder is somebody else's.
    """
    if not is_on(variables):
        yield
        return
    folder = var_folder()
    with ExitStack() as servers:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not variables.get("DATABASE_URL"):
                variables["DATABASE_URL"] = servers.enter_context(shared(folder, "postgres"))
                variables["MAILER_MIGRATE"] = "yes"
            if not variables.get("REDIS_URL"):
                variables["REDIS_URL"] = servers.enter_context(shared(folder, "redis"))
            _fill_in(variables, folder)
        except OSError as error:
            raise ServerError(
                f"{error.filename or folder}: {error.strerror}. Set MAILER_VAR to a folder that you can write to, "
                "and that no other user's mailer uses."
            ) from error
        yield


def nowhere(variables: MutableMapping[str, str]) -> None:
    """Set every variable that is missing so that the settings can be read, by a command that only tells about itself."""
    for name, value in NOWHERE.items():
        variables[name] = variables.get(name) or value


def is_on(variables: Mapping[str, str]) -> bool:
    """Whether missing variables are filled in. They are, unless MAILER_EMBEDDED says no."""
    return variables.get("MAILER_EMBEDDED", "yes").lower() not in ("no", "false", "0")


@contextmanager
def only_one(variables: Mapping[str, str]) -> Iterator[Addresses]:
    """Be the one who runs processes on this machine.

    Args:
        variables: the environment that the processes will get.
    Raises:
        ServerError: somebody else runs them already.
    """
    folder = var_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder / PROCESSES) as processes:
        with lock(folder / PORTS) as turn:
            turn.wait()
            if not processes.take():
                raise ServerError(f"mailer runs here already (in {folder}): stop it first, with Ctrl-C.")
            chosen = ports.remembered(folder)
        emulator = _local(chosen["emulator"])
        emulated = variables.get("SENDGRID_HOST") == emulator
        yield Addresses(chosen, _local(chosen["web"]), emulator if emulated else None)


@contextmanager
def one_of_them() -> Iterator[None]:
    """Be a process that was started by hand: while it runs, the ports of this installation stay as they are."""
    folder = var_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder / PROCESSES) as processes:
        with lock(folder / PORTS) as turn:
            turn.wait()
            processes.join()  # in vain where it was not by hand: then who started it holds the lock
        yield


def _ports(folder: Path) -> dict[str, int]:
    """The ports of this installation. While nothing of it runs, those that another program took are replaced."""
    with lock(folder / PORTS) as turn, lock(folder / PROCESSES) as processes:
        turn.wait()
        return ports.claim(folder) if processes.take() else ports.remembered(folder)


def _local(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _fill_in(variables: MutableMapping[str, str], folder: Path) -> None:
    chosen = _ports(folder)
    if not variables.get("SECRET_KEY"):
        variables["SECRET_KEY"] = _kept_secret(folder / "secret-key")
    if not variables.get("MEDIA_ROOT"):
        variables["MEDIA_ROOT"] = str(folder / "media")
    if not variables.get("PUBLIC_URL"):
        variables["PUBLIC_URL"] = _local(chosen["web"])
    if not variables.get("SENDGRID_API_KEY"):
        variables["SENDGRID_API_KEY"] = LOCAL_API_KEY
        variables["SENDGRID_HOST"] = _local(chosen["emulator"])
        variables["SENDGRID_WEBHOOK_KEYS"] = public_key(folder / "emulator")


def _kept_secret(path: Path) -> str:
    """The secret in this file, made at first use. Two who come first at once agree on one."""
    made = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(made, path)
    except FileExistsError:
        pass
    finally:
        made.unlink()
    return path.read_text()
