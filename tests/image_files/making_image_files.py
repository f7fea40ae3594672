"""Image files byte by byte, of kinds that Pillow and tifffile do not write."""

import struct
import zlib

import numpy as np
from PIL import Image

# Colorants of sRGB and of Display P3, adapted to D50, as profiles hold them.
SRGB_COLORANTS = (0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
P3_COLORANTS = (0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841)
_D50 = 0.9642, 1.0, 0.8249


def random_pixels(shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def write_png(path, width, bits, color_type, rows, *, further=()):
    """Write a PNG; `rows` are bytes, `further` pairs of a chunk's name and its data."""

    def chunk(name, data):
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, len(rows), bits, color_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [(b"IHDR", header), *further, (b"IDAT", data), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks))


def write_tiff(path, data, width, height, *, bits, photometric=1, sample_format=1, byteorder="<"):
    """Write a TIFF of one strip of gray, uncompressed; `data` are bytes."""
    short, long = 3, 4
    tags = [
        (256, short, width), (257, short, height), (258, short, bits), (259, short, 1),
        (262, short, photometric), (273, long, 8), (277, short, 1), (278, short, height),
        (279, long, len(data)), (339, short, sample_format),
    ]  # fmt: skip
    table = struct.pack(byteorder + "H", len(tags))
    for number, kind, value in tags:
        table += struct.pack(byteorder + "HHI", number, kind, 1)
        table += struct.pack(byteorder + ("HH" if kind == short else "I"), *(value, 0)[: 5 - kind])
    magic = {"<": b"II*\0", ">": b"MM\0*"}[byteorder]
    path.write_bytes(magic + struct.pack(byteorder + "I", 8 + len(data)) + data + table + bytes(4))


def change_tag(path, number, value):
    """Change a tag of a little-endian TIFF that holds one number."""
    data = path.read_bytes()
    for kind, form in ((3, "<HHIHH"), (4, "<HHII")):
        at = data.find(struct.pack("<HHI", number, kind, 1))
        if at > 0:
            tag = struct.pack(form, number, kind, 1, *(value, 0)[: 5 - kind])
            path.write_bytes(data[:at] + tag + data[at + 12 :])
            return
    raise ValueError(f"{path} has no tag {number} of one number.")


def write_jpeg2000(path, picture, bits, **options):
    """Write a lossless JPEG 2000, and call its components `bits` deep."""
    picture.save(path, "JPEG2000", irreversible=False, **options)
    call_deep(path, bits)


def call_deep(path, bits):
    """Change how deep the components of a JPEG 2000 say that they are; negative: signed.

    Samples are coded about the middle of their range. So one of 4 bits, with its middle at 8, is
    made by coding 120 + (0 to 15) as 8 bits, whose middle is 128.
    """
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\x4f\xff\x51") + 42  # the first component
    for k, n in enumerate(bits):
        data[at + 3 * k] = abs(n) - 1 + 128 * (n < 0)
    path.write_bytes(data)


def jpeg2000_with_profile(data, profile):
    """Put a profile into a JP2 in place of its enumerated color space."""
    header, color = data.index(b"jp2h") - 4, data.index(b"colr") - 4
    old = int.from_bytes(data[color : color + 4])
    box = struct.pack(">I", 11 + len(profile)) + b"colr\x02\0\0" + profile
    length = int.from_bytes(data[header : header + 4]) - old + len(box)
    data = data[:color] + box + data[color + old :]
    return data[:header] + struct.pack(">I", length) + data[header + 4 :]


def icc_profile(curve, colorants=SRGB_COLORANTS):
    """Make a profile of RGB, or of gray without colorants; `curve` gives linear light."""

    def fixed(*numbers):
        return b"".join(struct.pack(">i", round(65536 * number)) for number in numbers)

    table = np.rint(65535 * curve(np.linspace(0, 1, 1024))).astype(">u2").tobytes()
    tone = b"curv" + bytes(4) + struct.pack(">I", 1024) + table
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(80),
        b"cprt": b"text" + bytes(8),
        b"wtpt": b"XYZ " + bytes(4) + fixed(*_D50),
    }
    if colorants is None:
        tags[b"kTRC"] = tone
    else:
        tags |= {name + b"TRC": tone for name in (b"r", b"g", b"b")}
        for name, color in zip((b"r", b"g", b"b"), colorants, strict=True):
            tags[name + b"XYZ"] = b"XYZ " + bytes(4) + fixed(*color)
    directory, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        directory += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    space = b"GRAY" if colorants is None else b"RGB "
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"none", 0x02100000, b"mntr", space, b"XYZ "
    )
    head = (head + bytes(12) + b"acsp").ljust(68, b"\0") + fixed(*_D50)
    return head.ljust(128, b"\0") + directory + body


def srgb_to_linear(value):
    """The curve of sRGB (IEC 61966-2-1)."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(value):
    return np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)


def picture_of(pixels, mode):
    return Image.frombytes(mode, pixels.shape[1::-1], pixels.tobytes())
