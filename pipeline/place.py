"""Whether a folder is a place where SQLite may keep a ledger of personal data.

A network share cannot be trusted to lock files (sqlite.org/howtocorrupt.html, 2.1), and a folder
that a cloud service keeps in step is copied while it is being written, to somebody else's
machine. Both have cost people their database.
"""

import os
import sys
from pathlib import Path, PureWindowsPath

CLOUD = (
    "onedrive", "dropbox", "google drive", "googledrive", "my drive", "icloud", "clouddocs",
    "pcloud", "nextcloud", "owncloud", "syncthing", "megasync", "yandex.disk", "box sync",
)  # fmt: skip
NETWORK = (
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "ncpfs", "afs", "coda",
    "ceph", "glusterfs", "lustre", "webdav", "davfs", "fuse.sshfs", "fuse.rclone",
    "fuse.gvfsd-fuse", "fuse.davfs", "fuse.davfs2", "fuse.s3fs", "fuse.gcsfuse",
    "fuse.glusterfs", "fuse.onedriver",
)  # fmt: skip
REMOTE_DRIVE = 4
"""What Windows calls a drive that is on another machine (GetDriveTypeW)."""


def unsafe(folder: Path) -> str:
    """Why a folder is no place for a store, as the rest of a sentence about it; empty if it is."""
    place = folder.resolve()
    if in_cloud(place):
        return (
            "is synced to a cloud, which can damage the store and hands personal data to a third "
            "party; choose a local folder with --data"
        )
    kind = _network(place)
    if kind:
        return (
            f"is on a network drive ({kind}), where two computers can damage the store between "
            "them; choose a local folder with --data, and bring copies there with `persepsi store "
            "backup`"
        )
    return ""


def in_cloud(place: Path) -> bool:
    """Whether a part of the path is the folder of a service that copies it elsewhere."""
    parts = [part.lower() for part in place.parts]
    return any(part == word or part.startswith((f"{word} ", f"{word}-", f"{word}_"))
               or part == f".{word}" for part in parts for word in CLOUD)  # fmt: skip


def filesystem(place: str, mounts: str) -> str:
    """Kind of the file system a path is on, after the lines of /proc/mounts; empty if unknown.

    The last line of the longest matching mount point counts: later mounts hide earlier ones.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].encode().decode("unicode_escape")  # a blank stands as \\040
        inside = place == point or place.startswith(f"{point.rstrip('/')}/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def _network(place: Path) -> str:
    if os.name == "nt":
        return _windows(place)
    if sys.platform == "darwin":
        return ""
    try:
        mounts = Path("/proc/mounts").read_text("utf-8", "replace")
    except OSError:
        return ""
    kind = filesystem(str(place), mounts)
    return kind if kind in NETWORK else ""


def _windows(place: Path) -> str:  # pragma: no cover
    anchor = PureWindowsPath(place).anchor
    if anchor.startswith("\\\\"):
        return "a share"
    import ctypes

    windll = getattr(ctypes, "windll", None)
    kind = windll.kernel32.GetDriveTypeW(anchor) if windll is not None else 0
    return "a mapped drive" if kind == REMOTE_DRIVE else ""
