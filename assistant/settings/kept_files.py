"""What an installation keeps for itself in its folder: keys made at the first start; all of it private."""

from __future__ import annotations

import os
import secrets
import stat
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Final

DATA_KEY_BYTES: Final = 32
SECRET_KEY_FILE: Final = "secret_key"  # noqa: S105 - only its name
DATA_KEY_FILE: Final = "data_key"
OLD_DATA_KEY_FILE: Final = "data_key_old"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def new_data_key() -> str:
    """Return a fresh DATA_KEY, in base64."""
    return b64encode(secrets.token_bytes(DATA_KEY_BYTES)).decode("ascii")


def kept_or_made(file: Path, fresh: str) -> str:
    """Return what a file keeps; where there is none, it keeps `fresh` from now on, for its owner only.

    Raises:
        OSError: nothing can be kept there.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists():
        # Written aside and linked into place: of two processes that start at once, one wins whole.
        aside = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(fresh)
        try:
            file.hardlink_to(aside)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return kept(file)


def kept(file: Path) -> str:
    """Return what a file keeps; nothing where there is none.

    Raises:
        OSError: it is there, and cannot be read.
    """
    return file.read_text("ascii").strip() if file.exists() else ""


def keep_private(folder: Path) -> None:
    """Take from everybody but the owner what they may do to a folder and to all that is in it.

    What belongs to someone else stays as it is: it is not ours to change. Nor is what lies in a folder that
    holds far more than our data: somebody's home, or the one that this process was started in.
    """
    if folder in (Path.home(), Path.cwd(), *Path.cwd().parents):
        return
    for path in (folder, *folder.rglob("*")):
        with suppress(OSError):
            mode = path.lstat().st_mode
            if mode & _OTHERS and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
