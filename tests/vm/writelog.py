# SPDX-License-Identifier: BSD-3-Clause
"""Reads the record of dm-log-writes: every write to a block device, in the order in which it
became durable: a write without a later flush comes with the next flush. Between the writes
there are marks, set by `dmsetup message`.

The format is the kernel's (Documentation/admin-guide/device-mapper/log-writes.rst): a
superblock and entries, each in a sector of its own and before its data, little-endian."""

import struct
from typing import NamedTuple

MAGIC, VERSION = 0x6a736677736872, 1
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


class Write(NamedTuple):
    """Data for the device at @offset, in bytes; of a mark the text, without an offset."""
    offset: int
    data: bytes
    flags: int

    @property
    def mark(self):
        return self.data.decode() if self.flags & MARK else None


def _entry(file, sector):
    """The next entry; discards are zeros, which is what may be read there."""
    where, sectors, flags, length = struct.unpack_from("<QQQQ", head := file.read(sector))
    if flags & MARK:
        return Write(0, head[32:32 + length].rstrip(b"\0"), flags)
    size = sectors * sector
    data = bytes(size) if flags & DISCARD else file.read(size)
    if len(data) != size:
        raise ValueError("the log is cut short")
    return Write(where * sector, data, flags)


def read(path):
    """All entries of the log."""
    with open(path, "rb") as file:
        magic, version, entries, sector = struct.unpack("<QQQI", file.read(28))
        if (magic, version) != (MAGIC, VERSION):
            raise ValueError(f"{path} is no log of dm-log-writes")
        file.seek(sector)
        return [_entry(file, sector) for _ in range(entries)]
