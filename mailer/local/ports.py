"""Ports of the processes on this machine: remembered between runs, so that links in mails stay good."""

import json
import socket
from pathlib import Path

PREFERRED = {"web": 8000, "emulator": 8025}


def free_port(preferred: int = 0) -> int:
    """A loopback port nobody listens on: the preferred one if it is free."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def remembered(folder: Path) -> dict[str, int]:
    """The ports of this installation, chosen and written down at first use."""
    return _read(folder) or _write(folder, {name: free_port(port) for name, port in PREFERRED.items()})


def claim(folder: Path) -> dict[str, int]:
    """The ports to start on now: the remembered ones, but for those that something else took since."""
    ports = remembered(folder)
    return _write(folder, {name: free_port(port) for name, port in ports.items()})


def _read(folder: Path) -> dict[str, int] | None:
    try:
        written = json.loads((folder / "ports.json").read_text())
        ports = {name: int(written[name]) for name in PREFERRED}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return ports if all(0 < port < 2**16 for port in ports.values()) else None


def _write(folder: Path, ports: dict[str, int]) -> dict[str, int]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ports.json").write_text(json.dumps(ports))
    return ports
