"""Bits of a channel and transparent colors, where Pillow's mode does not tell what they mean."""

import struct
import sys

import av
import numpy as np
import pytest
from making_image_files import (
    call_deep,
    picture_of,
    random_pixels,
    write_jpeg2000,
    write_png,
)
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from skfourier._image_files import _headers
from skfourier.images import load_image


def float32(values):
    return np.asarray(values, np.float32)


class TestTransparentColor:
    @pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
    def test_of_gray_png(self, tmp_path, bits):
        # PNG, 11.3.2.1: pixels of that value are transparent, all others are opaque.
        white = 2**bits - 1
        values = np.linspace(0, white, min(white + 1, 16)).astype(np.uint16)
        digits = "".join(f"{value:0{bits}b}" for value in values).ljust(8, "0")
        row = int(digits, 2).to_bytes(len(digits) // 8)
        for clear in values[[0, 1, -1]]:
            path = tmp_path / "clear.png"
            chunk = b"tRNS", struct.pack(">H", clear)
            write_png(path, len(values), bits, 0, [row], further=[chunk])
            gray = values / white
            expected = np.stack([gray, gray, gray, values != clear], axis=-1)
            assert_allclose(load_image(path), [expected], rtol=1e-6)

    def test_of_rgb_png(self, tmp_path):
        chunk = b"tRNS", struct.pack(">3H", 10, 20, 30)
        write_png(
            tmp_path / "clear.png", 2, 8, 2, [bytes([10, 20, 30, 11, 20, 30])], further=[chunk]
        )
        assert_array_equal(load_image(tmp_path / "clear.png")[0, :, 3], [0, 1])

    def test_of_rgb_png_of_16_bits_warns(self, tmp_path):
        # In Pillow's 8 bits both pixels would be the same color.
        path = tmp_path / "clear.png"
        chunk = b"tRNS", struct.pack(">3H", 1000, 2000, 3000)
        row = struct.pack(">6H", 1000, 2000, 3000, 1001, 2000, 3000)
        write_png(path, 2, 16, 2, [row], further=[chunk])
        with (
            pytest.warns(UserWarning, match="of which Pillow reads 8"),
            pytest.warns(UserWarning, match="a transparent color of 16 bits, and is read without"),
        ):
            assert load_image(path).shape == (1, 2, 3)


class TestJpeg2000:
    @pytest.mark.parametrize("bits", [1, 2, 4, 7, 8])
    @pytest.mark.parametrize("container", [True, False])
    def test_of_few_bits(self, tmp_path, bits, container):
        values = np.arange(64).reshape(8, 8) % 2**bits
        coded = (128 - 2 ** (bits - 1) + values).astype(np.uint8)
        write_jpeg2000(tmp_path / "few.jp2", Image.fromarray(coded), [bits], no_jp2=not container)
        assert_array_equal(load_image(tmp_path / "few.jp2"), float32(values / (2**bits - 1)))

    @pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
    def test_of_many_bits(self, tmp_path, bits):
        values = np.linspace(0, 2**bits - 1, 64).astype(int).reshape(8, 8)
        coded = (2**15 - 2 ** (bits - 1) + values).astype(np.uint16)
        write_jpeg2000(tmp_path / "many.jp2", Image.fromarray(coded), [bits])
        assert_array_equal(load_image(tmp_path / "many.jp2"), float32(values / (2**bits - 1)))

    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
    def test_of_8_bits(self, tmp_path, mode):
        picture = Image.fromarray(random_pixels((8, 8, 4))).convert(
            mode if mode != "CMYK" else "RGB"
        )
        picture = picture.convert(mode)
        picture.save(tmp_path / "image.jp2", irreversible=False)
        shown = {"L": "L", "LA": "RGBA", "RGBA": "RGBA"}.get(mode, "RGB")
        expected = np.asarray(picture.convert(shown)) / 255
        assert_array_equal(load_image(tmp_path / "image.jp2"), float32(expected))

    def test_alpha_of_one_bit(self, tmp_path):
        pixels = random_pixels((8, 8, 4))
        opaque = pixels[..., 3] > 100
        pixels[..., 3] = 127 + opaque
        write_jpeg2000(tmp_path / "mask.jp2", picture_of(pixels, "RGBA"), [8, 8, 8, 1])
        expected = np.dstack([pixels[..., :3] / 255, opaque])
        assert_array_equal(load_image(tmp_path / "mask.jp2"), float32(expected))

    def test_signed_samples_are_refused(self, tmp_path):
        write_jpeg2000(tmp_path / "signed.jp2", Image.fromarray(random_pixels((8, 8))), [-8])
        with pytest.raises(ValueError, match="signed samples, of which no white is known"):
            load_image(tmp_path / "signed.jp2")

    @pytest.mark.parametrize("bits", [9, 10, 12, 16])
    @pytest.mark.parametrize("form", ["rgb48le", "rgba64le"])
    def test_deep_color(self, tmp_path, bits, form):
        # By FFmpeg: Pillow rounds white up to 256 levels, which are none.
        channels = {"rgb48le": 3, "rgba64le": 4}[form]
        values = random_pixels((64, 64, channels), np.uint16) >> (16 - bits)
        values[:8], values[8:16] = 0, 2**bits - 1
        write_deep_jpeg2000(tmp_path / "deep.jp2", 2**15 - 2 ** (bits - 1) + values, form)
        call_deep(tmp_path / "deep.jp2", [bits] * channels)
        assert_array_equal(load_image(tmp_path / "deep.jp2"), float32(values / (2**bits - 1)))

    def test_deep_color_without_pyav_names_the_extra(self, tmp_path, monkeypatch):
        write_deep_jpeg2000(tmp_path / "deep.jp2", random_pixels((64, 64, 3), np.uint16), "rgb48le")
        monkeypatch.setitem(sys.modules, "av", None)
        with pytest.raises(ImportError, match=r'JPEG 2000 .* pip install "skfourier\[video\]"'):
            load_image(tmp_path / "deep.jp2")

    def test_other_deep_colors_are_refused(self, tmp_path):
        write_deep_jpeg2000(tmp_path / "deep.jp2", random_pixels((64, 64, 2), np.uint16), "ya16le")
        with pytest.raises(OSError, match="its colors are ya16le, and RGB or RGBA is needed"):
            load_image(tmp_path / "deep.jp2")


def write_deep_jpeg2000(path, samples, form):
    """Write 16 bits per channel, lossless, by FFmpeg."""
    height, width = samples.shape[:2]
    with av.open(path, "w", format="image2") as container:
        stream = container.add_stream("jpeg2000", rate=1, options={"pred": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, form
        frame = av.VideoFrame(width, height, form)
        padded = np.zeros((height, frame.planes[0].line_size // 2), "<u2")
        rows = samples.reshape(height, -1)
        padded[:, : rows.shape[1]] = rows
        frame.planes[0].update(padded.tobytes())
        container.mux([*stream.encode(frame), *stream.encode()])


class TestAvif:
    def test_of_10_bits_warns(self, tmp_path):
        path = tmp_path / "deep.avif"
        with av.open(path, "w", format="avif") as container:
            stream = container.add_stream("libsvtav1", rate=1)
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p10le"
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 255, np.uint8), format="rgb24")
            container.mux([*stream.encode(frame), *stream.encode()])
        with pytest.warns(UserWarning, match=r"deep\.avif has 10 bits per channel"):
            loaded = load_image(path)
        assert_allclose(loaded, 1, rtol=0, atol=1.01 / 255)  # a level is lost in compression

    @pytest.mark.parametrize(("flags", "bits"), [(0x0C, 8), (0x4C, 10), (0x6C, 12), (0x1C, 8)])
    def test_flags_of_its_configuration(self, flags, bits):
        # AV1-ISOBMFF, 2.3.3: tier, high bit depth, twelve bit, monochrome, subsampling.
        assert _headers._avif(b"\0\0\0\x0cav1C\x81\0" + bytes([flags, 0])) == (bits,)

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_of_8_bits_does_not(self, tmp_path, mode):
        picture = Image.new(mode, (16, 16), (200, 80, 60, 100)[: len(mode)])
        picture.save(tmp_path / "image.avif", quality=100)
        loaded = load_image(tmp_path / "image.avif")
        assert_allclose(loaded[8, 8], np.divide(picture.getpixel((8, 8)), 255), atol=2 / 255)


def test_gray_of_16_bits_in_sgi_warns(tmp_path):
    header = struct.pack(">HBBHHHH", 474, 0, 2, 2, 2, 1, 1).ljust(512, b"\0")
    (tmp_path / "deep.sgi").write_bytes(header + struct.pack(">2H", 1000, 65535))
    with pytest.warns(UserWarning, match="16 bits per channel, of which Pillow reads 8"):
        assert_array_equal(load_image(tmp_path / "deep.sgi"), float32([[1000 // 256 / 255, 1]]))


@pytest.mark.parametrize(
    ("magic", "row"), [("P2", b"500 1000"), ("P5", struct.pack(">2H", 500, 1000))]
)
def test_gray_pgm_of_any_maximum(tmp_path, magic, row):
    (tmp_path / "gray.pgm").write_bytes(f"{magic}\n2 1\n1000\n".encode() + row)
    # Pillow rounds to 16 bits.
    assert_allclose(load_image(tmp_path / "gray.pgm"), [[0.5, 1]], rtol=0, atol=0.51 / 65535)


def test_color_ppm_of_10_bits_warns(tmp_path):
    (tmp_path / "color.ppm").write_bytes(b"P3\n1 1\n1000\n500 1000 0\n")
    with pytest.warns(UserWarning, match="10 bits per channel, of which Pillow reads 8"):
        assert_allclose(load_image(tmp_path / "color.ppm"), [[[0.5, 1, 0]]], atol=0.51 / 255)


def test_integers_of_unknown_white_are_refused(tmp_path):
    # FITS has signed integers of 16 bits, which Pillow reads as unsigned ones.
    cards = ("SIMPLE  =                    T", "BITPIX  =                   16",
             "NAXIS   =                    2", "NAXIS1  =                    2",
             "NAXIS2  =                    1", "END")  # fmt: skip
    header = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    (tmp_path / "sky.fits").write_bytes(header + struct.pack(">2h", -5, 300).ljust(2880, b"\0"))
    with pytest.raises(ValueError, match="is FITS with uint16 samples, of which no white is known"):
        load_image(tmp_path / "sky.fits")
