"""Procedures of NFS as the kernel counts them, in its order, under the names that families give them."""

from __future__ import annotations

from typing import Final

V2: Final = (
    "Null", "GetAttr", "SetAttr", "Root", "Lookup", "ReadLink", "Read", "WrCache", "Write", "Create", "Remove",
    "Rename", "Link", "SymLink", "MkDir", "RmDir", "ReadDir", "FsStat",
)  # fmt: skip
V3: Final = (
    "Null", "GetAttr", "SetAttr", "Lookup", "Access", "ReadLink", "Read", "Write", "Create", "MkDir", "SymLink",
    "MkNod", "Remove", "RmDir", "Rename", "Link", "ReadDir", "ReadDirPlus", "FsStat", "FsInfo", "PathConf", "Commit",
)  # fmt: skip
CLIENT_V4: Final = (
    "Null", "Read", "Write", "Commit", "Open", "OpenConfirm", "OpenNoattr", "OpenDowngrade", "Close", "Setattr",
    "FsInfo", "Renew", "SetClientID", "SetClientIDConfirm", "Lock", "Lockt", "Locku", "Access", "Getattr", "Lookup",
    "LookupRoot", "Remove", "Rename", "Link", "Symlink", "Create", "Pathconf", "StatFs", "ReadLink", "ReadDir",
    "ServerCaps", "DelegReturn", "GetACL", "SetACL", "FsLocations", "ReleaseLockowner", "Secinfo", "FsidPresent",
    "ExchangeID", "CreateSession", "DestroySession", "Sequence", "GetLeaseTime", "ReclaimComplete", "LayoutGet",
    "GetDeviceInfo", "LayoutCommit", "LayoutReturn", "SecinfoNoName", "TestStateID", "FreeStateID", "GetDeviceList",
    "BindConnToSession", "DestroyClientID", "Seek", "Allocate", "DeAllocate", "LayoutStats", "Clone",
)  # fmt: skip
SERVER_V4: Final = (  # what is empty has no name: it is counted and not shown
    "", "", "", "Access", "Close", "Commit", "Create", "DelegPurge", "DelegReturn", "GetAttr", "GetFH", "Link", "Lock",
    "Lockt", "Locku", "Lookup", "LookupRoot", "Nverify", "Open", "OpenAttr", "OpenConfirm", "OpenDgrd", "PutFH", "", "",
    "Read", "ReadDir", "ReadLink", "Remove", "Rename", "Renew", "RestoreFH", "SaveFH", "SecInfo", "SetAttr", "Verify",
    "Write", "RelLockOwner",
)  # fmt: skip


def table(rpc: str) -> dict[str, list[float]]:
    """A line a kind: its word -> its numbers. Raises ValueError for what is no number."""
    lines = [line.split() for line in rpc.splitlines() if line.strip()]
    return {words[0]: [float(word) for word in words[1:]] for words in lines}


def counted(numbers: list[float], methods: tuple[str, ...]) -> dict[str, float]:
    """Method -> count; the first number says how many follow. What an older kernel does not count is zero.

    Raises ValueError where they are not as many as it says.
    """
    if numbers and len(numbers) - 1 != int(numbers[0]):
        raise ValueError(f"{len(numbers) - 1} counts where {int(numbers[0])} were announced")
    counts = numbers[1:] + [0.0] * max(0, len(methods) - len(numbers) + 1)
    return {method: count for method, count in zip(methods, counts, strict=False) if method}
