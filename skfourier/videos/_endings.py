"""Detection of files whose bytes end early, which not every demuxer of FFmpeg reports."""

import os

_EBML = b"\x1a\x45\xdf\xa3"
# What may hold other elements and be of unknown length, as in streams: Segment and Cluster.
_OPEN_ENDED = {b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"}
_BOXES = {
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"ssix", b"free", b"skip",
    b"wide", b"pnot", b"meta", b"uuid", b"udta", b"prft", b"emsg",
}  # fmt: skip
# Of a transport stream: the length of its packets, and where in them their first byte, 0x47, is.
_TRANSPORT_PACKETS = [(188, 0), (192, 4), (204, 0)]


def ends_early(path):
    """Return whether a file ends before the last of its outermost parts does.

    Matroska and WebM, MP4 and QuickTime, AVI, GIF and transport streams are known. Of others, and
    of those that do not say how long they are, nothing is known: False.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(1024)
        if head.startswith(_EBML):
            return _passes(_after_element, file, size)
        if head[4:8] in _BOXES:
            return _passes(_after_box, file, size)
        if head.startswith(b"RIFF"):
            return _passes(_after_riff, file, size)
        if head.startswith((b"GIF87a", b"GIF89a")):
            return _passes(_after_gif_block, file, size)
        for length, offset in _TRANSPORT_PACKETS:
            if len(head) > 4 * length and set(head[offset : 4 * length : length]) == {0x47}:
                return size % length > 0
    return False


def _passes(after, file, size):
    """Return whether the parts of a file, one after the other, pass its end.

    `after(file, position)` gives the position after the part that begins there, None if no part of
    a known length does; it raises IndexError where the part's head is not all there.
    """
    position = 0
    while position < size:
        try:
            position = after(file, position)
        except IndexError:
            return True
        if position is None:
            return False
    return position > size


def _read(file, position, n_bytes):
    file.seek(position)
    data = file.read(n_bytes)
    if len(data) < n_bytes:
        raise IndexError
    return data


def _after_element(file, position):
    """EBML: the number of leading zero bits tells the length of the name, and of the size."""
    if _read(file, position, 1)[0] < 16:  # a name has four bytes at most
        return None
    name = _read(file, position, 9 - _read(file, position, 1)[0].bit_length())
    position += len(name)
    first = _read(file, position, 1)[0]
    if first == 0:
        return None
    n_bytes = 9 - first.bit_length()
    size = int.from_bytes(_read(file, position, n_bytes)) - (1 << 7 * n_bytes)
    position += n_bytes
    if size == (1 << 7 * n_bytes) - 1:  # unknown
        return position if name in _OPEN_ENDED else None
    return position + size


def _after_box(file, position):
    """MP4: the size, with its own bytes, and a name of four; then the size if it needs 64 bits."""
    head = _read(file, position, 8)
    size = int.from_bytes(head[:4])
    if head[4:] not in _BOXES or size == 0:  # what follows is no part of it, or all of it is
        return None
    if size == 1:
        size = int.from_bytes(_read(file, position + 8, 8))
    return position + size if size >= 8 else None


def _after_riff(file, position):
    """AVI: a name of four bytes, and the size of what follows."""
    head = _read(file, position, 8)
    size = int.from_bytes(head[4:], "little")
    if head[:4] != b"RIFF" or size in (0, 2**32 - 1):
        return None
    return position + 8 + size


def _after_gif_block(file, position):
    """GIF: a head, pictures and extensions, of which all but the heads are in small blocks."""
    if position == 0:
        return 13 + _n_palette_bytes(_read(file, 10, 1)[0])
    kind = _read(file, position, 1)
    if kind == b"!":
        position += 2
    elif kind == b",":
        position += 11 + _n_palette_bytes(_read(file, position + 9, 1)[0])
    else:
        return None
    while n_bytes := _read(file, position, 1)[0]:
        position += 1 + n_bytes
    return position + 1


def _n_palette_bytes(flags):
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
