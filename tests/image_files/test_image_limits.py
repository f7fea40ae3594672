"""Limits of Pillow, by their names; and files that are of another kind than expected."""

import zlib

import numpy as np
import pytest
import tifffile
from making_image_files import random_pixels, write_png
from numpy.testing import assert_array_equal
from PIL import Image

from skfourier.images import load_image

N_PIXELS = 5 * 7


def write_gray(path):
    pixels = random_pixels((5, 7))
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels)
    else:
        Image.fromarray(pixels).save(path)
    return np.float32(pixels / 255)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
class TestMostPixels:
    def test_beyond_twice_the_limit_names_it(self, tmp_path, monkeypatch, suffix):
        write_gray(tmp_path / f"large{suffix}")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", (N_PIXELS - 1) // 2)
        named = rf"large.*\({N_PIXELS} pixels\) exceeds limit of {N_PIXELS - 1} pixels.*"
        with pytest.raises(OSError, match=named + r"set PIL\.Image\.MAX_IMAGE_PIXELS to") as caught:
            load_image(tmp_path / f"large{suffix}")
        assert "whole" not in str(caught.value)

    @pytest.mark.parametrize("limit", [N_PIXELS - 1, (N_PIXELS + 1) // 2])
    def test_up_to_twice_the_limit_warns(self, tmp_path, monkeypatch, suffix, limit):
        expected = write_gray(tmp_path / f"large{suffix}")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        told = rf"large{suffix} has {N_PIXELS} pixels, more than .*MAX_IMAGE_PIXELS = {limit}, .*"
        with pytest.warns(Image.DecompressionBombWarning, match=told) as caught:
            loaded = load_image(tmp_path / f"large{suffix}")
        assert [one.filename for one in caught] == [__file__]
        assert_array_equal(loaded, expected)

    @pytest.mark.parametrize("limit", [N_PIXELS, None])
    def test_lifted_is_silent(self, tmp_path, monkeypatch, suffix, limit):
        expected = write_gray(tmp_path / f"large{suffix}")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        assert_array_equal(load_image(tmp_path / f"large{suffix}"), expected)


def test_other_limits_are_named(tmp_path):
    profile = b"x\0\0" + zlib.compress(bytes(2_000_000))
    write_png(tmp_path / "large.png", 2, 8, 0, [b"12"], further=[(b"iCCP", profile)])
    with pytest.raises(OSError, match=r"MAX_TEXT_CHUNK\. If you trust the file, raise that limit"):
        load_image(tmp_path / "large.png")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x76\x2f\x31\x01" + bytes(100),
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n\0",
        b"II*\0",
        b"MM\0*\0\0\0\x08",
        b"II+\0\x08\0\0\0" + bytes(8),
    ],
    ids=["empty", "EXR", "Radiance", "TIFF", "TIFF without a page", "BigTIFF without a page"],
)
def test_what_nothing_here_reads(tmp_path, data):
    (tmp_path / "file.img").write_bytes(data)
    with pytest.raises(OSError, match=r"could not be read as an image: .* in a viewer; save"):
        load_image(tmp_path / "file.img")


def test_a_tiff_by_any_name(tmp_path):
    expected = write_gray(tmp_path / "file.tif")
    for name in ("file.png", "http:file", "a.zip"):
        (tmp_path / "file.tif").rename(tmp_path / name)
        assert_array_equal(load_image(tmp_path / name), expected)
        (tmp_path / name).rename(tmp_path / "file.tif")


def test_memory_that_runs_out_is_no_damage(tmp_path, monkeypatch):
    def exhausted(*_, **__):
        raise MemoryError

    write_gray(tmp_path / "file.png")
    monkeypatch.setattr(Image, "open", exhausted)
    with pytest.raises(MemoryError):
        load_image(tmp_path / "file.png")
