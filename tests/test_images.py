"""Images to samples and back, files and back, rendering; and what all of them refuse."""

import os
import stat
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_sample_image
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from skfourier import FourierKernelRegressor, images
from skfourier.images import (
    image_to_samples,
    load_image,
    pixel_grid,
    render,
    samples_to_image,
    save_image,
)
from skfourier.metrics import psnr, ssim
from skfourier.videos import video_to_samples

SHAPES = [(4, 6), (1, 5), (5, 1), (1, 1), (3, 4, 1), (3, 4, 2), (3, 5, 3), (1, 7, 4)]
INTEGERS = [np.uint8, np.uint16, bool]
NO_SHAPES = [
    5, (4,), (0, 4), (4, -1), (4.0, 6), (4, 6, 0), (4, 6, 5), (2, 3, 4, 1), "ab", None, (True, 4)
]  # fmt: skip


def random_image(shape, dtype=np.uint8, seed=0):
    values = np.random.default_rng(seed).uniform(size=shape)
    if np.dtype(dtype).kind == "f":
        return values.astype(dtype)
    white = 1 if dtype is bool else np.iinfo(dtype).max
    return np.rint(values * white).astype(dtype)


class TestPixelGrid:
    @pytest.mark.parametrize("aspect", ["stretch", "equal"])
    @pytest.mark.parametrize("shape", SHAPES)
    def test_row_of_a_pixel(self, shape, aspect):
        height, width = shape[:2]
        X = pixel_grid(shape, aspect)
        across, down = (width, height) if aspect == "stretch" else (max(shape[:2]),) * 2
        expected = [(c / across, r / down) for r in range(height) for c in range(width)]
        assert X.dtype == np.float64
        assert_array_equal(X, expected)

    @pytest.mark.parametrize("shape", [(np.int64(4), np.uint8(6)), [4, 6], np.array([4, 6])])
    def test_takes_integers_of_any_kind(self, shape):
        assert_array_equal(pixel_grid(shape), pixel_grid((4, 6)))

    @pytest.mark.parametrize("shape", [*NO_SHAPES, memoryview(np.ones(2, np.float16))])
    def test_refuses_shapes_of_no_image(self, shape):
        with pytest.raises(ValueError, match=r"shape must be .* Pass image\.shape"):
            pixel_grid(shape)

    @pytest.mark.parametrize("aspect", ["equl", None, 1])
    def test_refuses_unknown_aspects(self, aspect):
        with pytest.raises(ValueError, match=r"aspect=.*unknown.*'equal', 'stretch'"):
            pixel_grid((4, 6), aspect)


class TestSamples:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("dtype", [*INTEGERS, np.float32, np.float64])
    def test_round_trip_is_exact(self, shape, dtype):
        image = random_image(shape, dtype)
        X, y = image_to_samples(image)
        assert_array_equal(X, pixel_grid(shape))
        assert y.shape == (shape[0] * shape[1], *shape[2:])
        back = samples_to_image(y, shape, dtype)
        assert back.dtype == dtype
        assert_array_equal(back, image)

    @pytest.mark.parametrize("dtype", INTEGERS)
    @pytest.mark.parametrize("precision", [np.float32, np.float64])
    def test_round_trip_of_every_value(self, dtype, precision):
        white = 1 if dtype is bool else np.iinfo(dtype).max
        image = np.arange(white + 1).astype(dtype).reshape(1, -1)
        y = image_to_samples(image)[1].astype(precision)
        assert y.min() == 0
        assert y.max() == 1
        assert_array_equal(samples_to_image(y, image.shape, dtype), image)

    def test_pixel_is_found_at_its_coordinates(self):
        image = random_image((5, 7, 3))
        X, y = image_to_samples(image)
        columns, rows = np.rint(X * [7, 5]).astype(int).T
        assert_array_equal(y, image[rows, columns] / 255)

    def test_passes_the_aspect_on(self):
        image = random_image((5, 7))
        assert_array_equal(image_to_samples(image, aspect="equal")[0], pixel_grid((5, 7), "equal"))
        with pytest.raises(ValueError, match="aspect='fit'"):
            image_to_samples(image, aspect="fit")

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_floats_pass_as_they_are(self, dtype):
        image = np.array([[-0.5, 0.25], [1.0, 30.0]], dtype)
        y = image_to_samples(image)[1]
        assert y.dtype == dtype
        assert_array_equal(y, image.ravel())

    def test_does_not_share_memory_with_the_image(self):
        image = random_image((3, 4), np.float64)
        image_to_samples(image)[1][:] = 9
        assert image.max() < 1

    @pytest.mark.parametrize("dtype", [">u2", ">f4", ">f8"])
    def test_byte_order_does_not_matter(self, dtype):
        image = random_image((3, 4), np.dtype(dtype).newbyteorder("="))
        y = image_to_samples(image.astype(dtype))[1]
        assert y.dtype.isnative
        assert_array_equal(y, image_to_samples(image)[1])

    @pytest.mark.parametrize(
        "shape", [(4,), (), (2, 3, 5), (3, 4, 4, 1), (0, 4), (4, 0), (4, 4, 0)]
    )
    def test_refuses_what_is_no_image(self, shape):
        with pytest.raises(ValueError, match=r"An image has shape .* Channels come last"):
            image_to_samples(np.zeros(shape))

    @pytest.mark.parametrize(
        "dtype", [complex, np.int64, np.int8, np.uint32, np.float16, object, str]
    )
    def test_refuses_dtypes_without_a_white(self, dtype):
        with pytest.raises(ValueError, match=r"known are bool, uint8, uint16|holds strings"):
            image_to_samples(np.zeros((3, 4), dtype))

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_refuses_what_is_not_finite(self, bad):
        image = np.zeros((3, 4, 3), np.float32)
        image[1, 2, 0] = bad
        with pytest.raises(ValueError, match="The image holds NaN or infinity"):
            image_to_samples(image)
        with pytest.raises(ValueError, match="y holds NaN or infinity"):
            samples_to_image(image.reshape(12, 3), (3, 4))


class TestSamplesToImage:
    @pytest.mark.parametrize(
        ("dtype", "expected"),
        [
            (np.uint8, [0, 0, 1, 128, 255, 255]),
            (np.uint16, [0, 79, 157, 32833, 65535, 65535]),
            (bool, [False, False, False, True, True, True]),
            (np.float32, [0, 0.0012, 0.0024, 0.501, 1, 1]),
            (np.float64, [0, 0.0012, 0.0024, 0.501, 1, 1]),
        ],
    )
    def test_clips_and_rounds_to_the_nearest(self, dtype, expected):
        image = samples_to_image([-3, 0.0012, 0.0024, 0.501, 1, 7.5], (2, 3), dtype)
        assert image.dtype == dtype
        assert_allclose(image.ravel(), np.array(expected, dtype), rtol=1e-7)

    def test_is_uint8_if_not_told(self):
        assert samples_to_image([0.0, 1.0], (1, 2)).dtype == np.uint8

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, bool, np.float32])
    @pytest.mark.parametrize("precision", [np.float16, np.float32, np.longdouble, bool])
    def test_takes_floats_of_any_precision(self, dtype, precision):
        assert_array_equal(
            samples_to_image(np.array([0, 1], precision), (1, 2), dtype),
            samples_to_image([0.0, 1.0], (1, 2), dtype),
        )

    @pytest.mark.parametrize(
        ("y_shape", "shape", "image_shape"),
        [
            ((12,), (3, 4), (3, 4)),
            ((12,), (3, 4, 1), (3, 4, 1)),
            ((12, 1), (3, 4), (3, 4, 1)),
            ((12, 3), (3, 4), (3, 4, 3)),
            ((12, 3), (3, 4, 3), (3, 4, 3)),
        ],
    )
    def test_channels_come_from_y_or_the_shape(self, y_shape, shape, image_shape):
        assert samples_to_image(np.zeros(y_shape), shape).shape == image_shape

    @pytest.mark.parametrize(
        ("y_shape", "shape"),
        [
            ((12,), (3, 5)),
            ((12, 3), (3, 4, 4)),
            ((12,), (3, 4, 3)),
            ((36,), (3, 4, 3)),
            ((36, 1), (3, 4, 3)),
            ((3, 4), (3, 4)),
            ((12, 1, 3), (3, 4, 3)),
            ((), (1, 1)),
            ((0,), (1, 1)),
        ],
    )
    def test_refuses_rows_that_do_not_fill_the_shape(self, y_shape, shape):
        with pytest.raises(ValueError, match=f"needs {shape[0] * shape[1]} rows, one per pixel"):
            samples_to_image(np.zeros(y_shape), shape)

    @pytest.mark.parametrize("shape", [*NO_SHAPES, (0, 0)])
    def test_refuses_shapes_of_no_image(self, shape):
        with pytest.raises(ValueError, match="shape must be"):
            samples_to_image(np.zeros(4), shape)

    @pytest.mark.parametrize("n_columns", [0, 5])
    def test_refuses_other_numbers_of_channels(self, n_columns):
        with pytest.raises(ValueError, match="at most 4 channels"):
            samples_to_image(np.zeros((4, n_columns)), (2, 2))

    @pytest.mark.parametrize("y", [np.zeros(4, np.uint8), [0, 1, 0, 1], np.zeros(4, complex)])
    def test_refuses_what_is_not_a_float(self, y):
        with pytest.raises(ValueError, match="y must hold floats or booleans"):
            samples_to_image(y, (2, 2))

    @pytest.mark.parametrize("dtype", [np.int64, np.int8, complex, str])
    def test_refuses_other_dtypes(self, dtype):
        with pytest.raises(ValueError, match=r"dtype is .*known are bool, uint8"):
            samples_to_image(np.zeros(4), (2, 2), dtype)


def orientations(image):
    """Undo each orientation of EXIF 2.3, 1 to 8: what a viewer shows of the stored `image`."""
    turned = image.swapaxes(0, 1)
    return {
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: turned,
        6: turned[:, ::-1],
        7: turned[::-1, ::-1],
        8: turned[::-1],
    }


def write_png(path, width, bits, color_type, rows):
    """Write a PNG of the kinds that Pillow does not write; `rows` are bytes."""

    def chunk(name, data):
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, len(rows), bits, color_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


class TestLoad:
    @pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".bmp", ".PNG"])
    @pytest.mark.parametrize("shape", [(4, 6), (1, 5), (5, 1), (3, 5, 3)])
    @pytest.mark.parametrize("as_path", [str, Path])
    def test_after_save_is_the_image(self, tmp_path, suffix, shape, as_path):
        path = as_path(tmp_path / f"image{suffix}")
        image = random_image(shape)
        save_image(path, image)
        loaded = load_image(path)
        assert loaded.dtype == np.float32
        assert_array_equal(loaded, (image / 255).astype(np.float32))

    @pytest.mark.parametrize("suffix", [".png", ".tif"])
    @pytest.mark.parametrize(
        ("shape", "dtype"), [((3, 5, 4), np.uint8), ((3, 5), np.uint16), ((3, 5), bool)]
    )
    def test_after_save_of_richer_images(self, tmp_path, suffix, shape, dtype):
        path = tmp_path / f"image{suffix}"
        image = random_image(shape, dtype)
        save_image(path, image)
        assert_array_equal(
            samples_to_image(load_image(path).reshape(15, *shape[2:]), shape, dtype), image
        )

    @pytest.mark.parametrize("suffix", [".jpg", ".jpeg"])
    @pytest.mark.parametrize("channels", [np.s_[..., 0], np.s_[...]], ids=["gray", "RGB"])
    def test_of_jpeg_is_near(self, tmp_path, suffix, channels):
        image = load_sample_image("flower.jpg")[100:164, 200:280][channels]
        path = tmp_path / f"image{suffix}"
        save_image(path, image)
        loaded = load_image(path)
        assert loaded.shape == image.shape
        assert np.abs(loaded - image / 255).mean() < 0.03

    @pytest.mark.parametrize("bits", [1, 2, 4])
    def test_of_few_bits(self, tmp_path, bits):
        white = 2**bits - 1
        pixels = np.arange(16, dtype=np.uint8).reshape(2, 8) % (white + 1)
        digits = np.unpackbits(pixels[..., None], axis=-1)[..., -bits:]
        rows = [np.packbits(row).tobytes() for row in digits]
        write_png(tmp_path / "few.png", 8, bits, 0, rows)
        assert_allclose(load_image(tmp_path / "few.png"), pixels / white, rtol=1e-6)

    @pytest.mark.parametrize(("color_type", "channels"), [(2, 3), (6, 4), (4, 2)])
    def test_of_16_bit_color_warns_that_bits_are_lost(self, tmp_path, color_type, channels):
        pixels = random_image((3, 4, channels), np.uint16)
        path = tmp_path / "deep.png"
        write_png(path, 4, 16, color_type, [row.astype(">u2").tobytes() for row in pixels])
        with pytest.warns(
            UserWarning, match=r"deep\.png has 16 bits per channel.*reads 8"
        ) as caught:
            loaded = load_image(path)
        assert caught[0].filename == __file__
        expected = pixels if channels > 2 else pixels[..., [0, 0, 0, 1]]
        assert_allclose(loaded, expected / 65535, atol=1 / 255)

    @pytest.mark.parametrize("suffix", [".pgm", ".tif", ".png"])
    def test_of_16_bit_gray(self, tmp_path, suffix):
        image = random_image((3, 4), np.uint16)
        Image.fromarray(image).save(tmp_path / f"deep{suffix}")
        assert_array_equal(
            load_image(tmp_path / f"deep{suffix}"), (image / 65535).astype(np.float32)
        )

    def test_of_big_endian_16_bit_gray(self, tmp_path):
        image = random_image((3, 4), np.uint16)
        Image.fromarray(image.astype(">u2")).save(tmp_path / "deep.tif")
        assert_array_equal(load_image(tmp_path / "deep.tif"), (image / 65535).astype(np.float32))

    @pytest.mark.parametrize(
        ("mode", "channels"),
        [("1", None), ("L", None), ("RGB", 3), ("RGBA", 4), ("P", 3), ("LA", 4), ("CMYK", 3)],
    )
    def test_of_every_kind_of_color(self, tmp_path, mode, channels):
        picture = Image.fromarray(random_image((3, 4, 4))).convert("RGB").convert(mode)
        picture.save(tmp_path / "picture.tif")
        expected = np.asarray(picture.convert({None: "L", 3: "RGB", 4: "RGBA"}[channels]))
        loaded = load_image(tmp_path / "picture.tif")
        assert loaded.shape == ((3, 4) if channels is None else (3, 4, channels))
        assert_allclose(loaded, expected / 255, rtol=1e-6)

    @pytest.mark.parametrize("mode", ["P", "L", "RGB"])
    def test_keeps_a_transparent_color(self, tmp_path, mode):
        picture = Image.fromarray(random_image((3, 4, 3))).convert(mode)
        picture.save(tmp_path / "picture.png", transparency=picture.getpixel((1, 2)))
        loaded = load_image(tmp_path / "picture.png")
        assert loaded.shape == (3, 4, 4)
        assert loaded[2, 1, 3] == 0
        assert_array_equal(loaded[..., :3], np.float32(np.asarray(picture.convert("RGB")) / 255))

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("mode", ["RGB", "L", "P", "I;16"])
    @pytest.mark.parametrize("suffix", [".png", ".tif"])
    def test_honors_the_orientation(self, tmp_path, orientation, mode, suffix):
        # As raw TIFFs, palettes and 16 bits take other ways through Pillow (and imageio).
        stored = random_image((3, 4, 3), np.uint16 if mode == "I;16" else np.uint8)
        picture = Image.fromarray(stored[..., 0] if mode == "I;16" else stored)
        picture = picture if mode == "I;16" else picture.convert(mode)
        exif = picture.getexif()
        exif[0x0112] = orientation
        picture.save(tmp_path / f"turned{suffix}", exif=exif)
        shown = np.asarray(picture.convert("RGB") if mode == "P" else picture)
        expected = orientations(shown)[orientation] / np.iinfo(stored.dtype).max
        assert_array_equal(load_image(tmp_path / f"turned{suffix}"), expected.astype(np.float32))

    @pytest.mark.parametrize("suffix", [".tif", ".gif", ".png"])
    def test_takes_the_first_frame(self, tmp_path, suffix):
        frames = [Image.new("RGB", (4, 3), color) for color in ("red", "lime", "blue")]
        frames[0].save(tmp_path / f"film{suffix}", save_all=True, append_images=frames[1:])
        assert_array_equal(load_image(tmp_path / f"film{suffix}"), np.full((3, 4, 3), [1, 0, 0]))

    def test_of_floats(self, tmp_path):
        image = random_image((3, 4), np.float32)
        Image.fromarray(image).save(tmp_path / "float.tif")
        assert_array_equal(load_image(tmp_path / "float.tif"), image)

    @pytest.mark.parametrize(
        ("pixel", "dtype", "message"),
        [
            (2.5, np.float32, "holds floats from 0 to 2.5"),
            (-1, np.float32, "holds floats from -1 to 0"),
            (np.nan, np.float32, "NaN or infinity"),
            (70000, np.int32, "is int32"),
        ],
    )
    def test_refuses_pixels_without_a_white(self, tmp_path, pixel, dtype, message):
        image = np.zeros((3, 4), dtype)
        image[1, 2] = pixel
        Image.fromarray(image).save(tmp_path / "odd.tif")
        with pytest.raises(ValueError, match=rf"odd\.tif.*{message}"):
            load_image(tmp_path / "odd.tif")

    def test_of_a_missing_file(self, tmp_path):
        with pytest.raises(
            FileNotFoundError, match=r"nothing\.png does not exist\. Check the path"
        ):
            load_image(tmp_path / "nothing.png")

    def test_of_a_directory(self, tmp_path):
        with pytest.raises(OSError, match=r"could not be read as an image.*viewer"):
            load_image(tmp_path)

    @pytest.mark.parametrize(
        "damage",
        [
            lambda _: b"",
            lambda _: b"Dear reader,",
            lambda data: data[:20],
            lambda data: data[: len(data) // 2],
            lambda data: data[:200] + bytes([data[200] ^ 255]) + data[201:],
        ],
        ids=["empty", "text", "header cut", "cut", "bit flipped"],
    )
    def test_of_a_damaged_file(self, tmp_path, damage):
        path = tmp_path / "damaged.png"
        save_image(path, random_image((40, 40)))
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(OSError, match=r"damaged\.png could not be read as an image: .*viewer"):
            load_image(path)


class TestLoadWithSize:
    def load(self, tmp_path, image, size):
        save_image(tmp_path / "image.png", image)
        return load_image(tmp_path / "image.png", size)

    @pytest.mark.parametrize("size", [1, 7, (3, 9), (1, 20), (40, 2), [5, 6], np.int64(7)])
    @pytest.mark.parametrize("shape", [(12, 15), (15, 12, 3), (9, 9, 4), (1, 30), (30, 1, 3)])
    def test_has_that_size(self, tmp_path, shape, size):
        resized = self.load(tmp_path, random_image(shape), size)
        assert resized.shape == (*np.broadcast_to(size, 2), *shape[2:])
        assert resized.dtype == np.float32
        assert resized.min() >= 0
        assert resized.max() <= 1

    @pytest.mark.parametrize(
        ("shape", "size", "expected"),
        [
            ((12, 16), 12, np.s_[:, 2:14]),
            ((17, 12, 3), 12, np.s_[2:14, :]),
            ((12, 16), (12, 8), np.s_[:, 4:12]),
            ((12, 16), (4, 16), np.s_[4:8, :]),
            ((12, 16, 4), (12, 16), np.s_[:, :]),
        ],
    )
    def test_that_needs_no_resampling_is_the_central_part(self, tmp_path, shape, size, expected):
        image = random_image(shape)
        assert_allclose(self.load(tmp_path, image, size), image[expected] / 255, atol=1e-6)

    @pytest.mark.parametrize("size", [8, (8, 20), 90, (60, 31)])
    def test_of_a_constant_is_constant(self, tmp_path, size):
        assert_allclose(self.load(tmp_path, np.full((40, 50, 3), 99, np.uint8), size), 99 / 255)

    @pytest.mark.parametrize(("shape", "size"), [((30, 1), (1, 20)), ((1, 30), (20, 1))])
    def test_takes_a_pixel_at_least(self, tmp_path, shape, size):
        assert_allclose(self.load(tmp_path, np.full(shape, 99, np.uint8), size), 99 / 255)

    def test_is_antialiased(self, tmp_path):
        # Every fourth pixel of a chessboard has one color: without a filter it would be flat
        # black or white.
        chessboard = np.indices((64, 64)).sum(axis=0) % 2 == 0
        assert_allclose(self.load(tmp_path, chessboard, 16), 0.5, atol=0.05)

    @pytest.mark.parametrize("size", [16, (24, 32), 60])
    def test_is_pillows_lanczos(self, tmp_path, size):
        image = load_sample_image("flower.jpg")[100:148, 200:264]
        resized = self.load(tmp_path, image, size)
        square = Image.fromarray(image if size == (24, 32) else image[:, 8:56])
        expected = square.resize(resized.shape[1::-1], Image.Resampling.LANCZOS)
        # Pillow rounds to 8 bits after each of its two passes.
        assert_allclose(resized, np.asarray(expected) / 255, atol=2 / 255)

    def test_keeps_16_bits(self, tmp_path):
        image = np.tile(np.arange(30000, 30032, dtype=np.uint16), (32, 1))
        resized = self.load(tmp_path, image, 16)
        assert_allclose(np.diff(resized[:, 3:-3]), 2 / 65535, rtol=0.02)

    @pytest.mark.parametrize(
        "size", [0, -3, 2.5, "16", (0, 4), (4, -4), (4,), (4, 4, 3), (4.0, 4), True, (4, None)]
    )
    def test_refuses_sizes_of_no_image(self, tmp_path, size):
        with pytest.raises(ValueError, match="size must be a positive integer"):
            self.load(tmp_path, random_image((4, 4)), size)

    def test_hidden_colors_stay_hidden(self, tmp_path):
        # Red, and green that nobody sees, as its alpha is 0.
        image = np.zeros((64, 64, 4), np.uint8)
        image[:, :32], image[:, 32:] = (255, 0, 0, 255), (0, 255, 0, 0)
        for size in (15, 63, 128):
            small = self.load(tmp_path, image, size)
            expected = Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS)
            # Pillow rounds premultiplied colors and alpha to 8 bits after each of its two passes.
            alpha = small[..., 3:]
            assert small[..., 1].max() == 0
            assert_allclose(alpha, np.asarray(expected)[..., 3:] / 255, atol=2 / 255)
            assert_allclose(small[..., 0], alpha[..., 0] > 0, atol=1e-5)

    @pytest.mark.parametrize("size", [16, 33, (24, 32), 60])
    def test_of_alpha_is_pillows(self, tmp_path, size):
        photo = load_sample_image("flower.jpg")[100:148, 200:248]
        alpha = np.rint(255 * (0.5 + 0.2 * np.sin(np.arange(48) / 4))).astype(np.uint8)
        image = np.dstack([photo, np.broadcast_to(alpha, (48, 48))])
        resized = self.load(tmp_path, image, size)
        square = image if size != (24, 32) else image[6:42]
        expected = Image.fromarray(square).resize(resized.shape[1::-1], Image.Resampling.LANCZOS)
        # Pillow rounds to 8 bits three times, before its two passes and after each; then it divides
        # by an alpha of 0.3 at least.
        assert_allclose(resized, np.asarray(expected) / 255, atol=3 * 0.5 / 0.3 / 255 + 1 / 255)

    def test_that_needs_no_resampling_keeps_hidden_colors(self, tmp_path):
        image = random_image((12, 16, 4))
        image[..., 3] = 0
        assert_array_equal(self.load(tmp_path, image, 12), np.float32(image[:, 2:14] / 255))

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("suffix", [".jpg", ".tif"])
    def test_crops_what_is_upright(self, tmp_path, orientation, suffix):
        picture = Image.fromarray(np.kron(random_image((2, 4, 3)), np.ones((8, 8, 1), np.uint8)))
        exif = picture.getexif()
        exif[0x0112] = orientation
        picture.save(tmp_path / f"turned{suffix}", exif=exif, quality=100, subsampling=0)
        upright = orientations(np.asarray(picture))[orientation]
        height, width = upright.shape[:2]
        expected = upright[:, 8:24] if width > height else upright[8:24]
        # JPEG of quality 100 rounds coefficients and colors to integers.
        assert_allclose(load_image(tmp_path / f"turned{suffix}", 16), expected / 255, atol=4 / 255)


class TestSave:
    def test_floats_are_clipped_and_rounded_to_8_bits(self, tmp_path):
        image = np.array([[-0.5, 0.0, 0.0012, 0.501], [1.0, 9.0, 0.2, 0.6]])
        save_image(tmp_path / "float.png", image)
        picture = Image.open(tmp_path / "float.png")
        assert picture.mode == "L"
        assert_array_equal(picture, [[0, 0, 0, 128], [255, 255, 51, 153]])

    def test_one_channel_is_gray(self, tmp_path):
        image = random_image((3, 4, 1))
        save_image(tmp_path / "gray.png", image)
        assert_array_equal(load_image(tmp_path / "gray.png"), np.float32(image[..., 0] / 255))

    def test_byte_order_does_not_matter(self, tmp_path):
        image = random_image((3, 4), np.uint16)
        save_image(tmp_path / "deep.png", image.astype(">u2"))
        assert_array_equal(load_image(tmp_path / "deep.png"), np.float32(image / 65535))

    @pytest.mark.parametrize(
        ("suffix", "shape", "dtype", "contents"),
        [
            (".jpg", (3, 4, 4), np.uint8, "RGBA"),
            (".jpeg", (3, 4, 4), np.float32, "RGBA"),
            (".bmp", (3, 4, 4), np.uint8, "RGBA"),
            (".jpg", (3, 4), np.uint16, "16 bit gray"),
            (".bmp", (3, 4), np.uint16, "16 bit gray"),
            (".png", (3, 4, 3), np.uint16, "uint16 in 3 channels"),
            (".tif", (3, 4, 4), np.uint16, "uint16 in 4 channels"),
            (".png", (3, 4, 2), np.uint8, "uint8 in 2 channels"),
        ],
    )
    def test_refuses_what_the_format_cannot_hold(self, tmp_path, suffix, shape, dtype, contents):
        path = tmp_path / f"image{suffix}"
        with pytest.raises(ValueError, match=rf"{suffix} holds gray, RGB.*, not {contents}\."):
            save_image(path, random_image(shape, dtype))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["image", "image.xyz", "image.webp", "image.gif", ".png"])
    def test_refuses_unknown_formats(self, tmp_path, name):
        with pytest.raises(ValueError, match=r"must end with one of \.png, .*\.bmp"):
            save_image(tmp_path / name, random_image((3, 4)))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("image", "message"),
        [
            (np.full((3, 4), np.nan), "NaN or infinity"),
            (np.full((3, 4), np.inf), "NaN or infinity"),
            (np.zeros(4), "An image has shape"),
            (np.zeros((0, 4)), "An image has shape"),
            (np.zeros((3, 8, 8)), "An image has shape"),
            (np.zeros((3, 4), complex), "known are"),
            (np.zeros((3, 4), np.int64), "known are"),
        ],
    )
    def test_refuses_what_is_no_image(self, tmp_path, image, message):
        with pytest.raises(ValueError, match=message):
            save_image(tmp_path / "image.png", image)
        assert list(tmp_path.iterdir()) == []

    def test_refuses_missing_folders(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"folder .*nowhere does not exist: create it"):
            save_image(tmp_path / "nowhere" / "image.png", random_image((3, 4)))

    def test_replaces_an_older_file(self, tmp_path):
        older, newer = random_image((3, 4)), random_image((5, 6), seed=1)
        for image in (older, newer):
            save_image(tmp_path / "image.png", image)
        assert_array_equal(load_image(tmp_path / "image.png"), np.float32(newer / 255))
        assert [path.name for path in tmp_path.iterdir()] == ["image.png"]

    def test_that_fails_leaves_the_older_file(self, tmp_path, monkeypatch):
        def run_out_of_space(_picture, path):
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")

        path = tmp_path / "image.png"
        save_image(path, random_image((3, 4)))
        before = path.read_bytes()
        monkeypatch.setattr(Image.Image, "save", run_out_of_space)
        with pytest.raises(OSError, match="No space left"):
            save_image(path, random_image((3, 4), seed=1))
        assert path.read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == ["image.png"]

    def test_replaces_a_file_at_once(self, tmp_path):
        # Whoever has the older file still has all of it, as nothing was written into it.
        path, older = tmp_path / "image.png", tmp_path / "older.png"
        save_image(path, random_image((3, 4)))
        before = path.read_bytes()
        os.link(path, older)
        save_image(path, random_image((3, 4), seed=1))
        assert older.read_bytes() == before != path.read_bytes()

    @pytest.mark.skipif(os.name == "nt", reason="permissions and links are those of POSIX")
    def test_has_the_permissions_of_any_new_file(self, tmp_path):
        (tmp_path / "other").touch()
        save_image(tmp_path / "image.png", random_image((3, 4)))
        modes = [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()]
        assert modes[0] == modes[1]

    @pytest.mark.skipif(os.name == "nt", reason="permissions and links are those of POSIX")
    def test_follows_links(self, tmp_path):
        (tmp_path / "link.png").symlink_to(tmp_path / "image.png")
        save_image(tmp_path / "link.png", random_image((3, 4)))
        assert (tmp_path / "link.png").is_symlink()
        assert_array_equal(load_image(tmp_path / "image.png"), load_image(tmp_path / "link.png"))


class Recorder(RegressorMixin, BaseEstimator):
    """Predicts 2 x + 3 y, or several multiples, and notes how many rows it was asked for."""

    def __init__(self, multiples=1):
        self.multiples = multiples

    def predict(self, X):
        self.calls_ = [*getattr(self, "calls_", []), X]
        return np.multiply.outer(X @ [2, 3], self.multiples)


class TestRender:
    @pytest.mark.parametrize("shape", [(5, 7), (1, 9), (9, 1), (1, 1), (5, 7, 3)])
    @pytest.mark.parametrize("aspect", ["stretch", "equal"])
    @pytest.mark.parametrize("multiples", [1, [1], [1, 2, 4]])
    def test_predicts_on_the_pixel_grid(self, shape, aspect, multiples):
        recorder = Recorder(multiples)
        image = render(recorder, shape, aspect=aspect)
        assert_array_equal(np.concatenate(recorder.calls_), pixel_grid(shape, aspect))
        assert image.shape == (*shape[:2], *np.shape(multiples))
        assert_array_equal(
            image.reshape(-1, *np.shape(multiples)), recorder.predict(pixel_grid(shape, aspect))
        )

    @pytest.mark.parametrize("shape", [(700, 300), (3, 70_000), (70_000, 3), (256, 256)])
    def test_predicts_in_bands_of_whole_rows(self, shape):
        recorder = Recorder()
        image = render(recorder, shape)
        sizes = np.array([len(X) for X in recorder.calls_])
        assert np.all(sizes % shape[1] == 0)
        assert np.all(sizes <= max(65_536, shape[1]))
        # No more calls than such bands need.
        assert len(sizes) == -(-shape[0] // max(1, 65_536 // shape[1]))
        assert_array_equal(image.ravel(), pixel_grid(shape) @ [2, 3])

    def test_of_the_grid_of_fit_is_the_prediction(self):
        image = load_sample_image("flower.jpg")[100:130, 200:240]
        X, y = image_to_samples(image)
        model = make_pipeline(PolynomialFeatures(3), Ridge()).fit(X, y)
        assert_allclose(render(model, image.shape), model.predict(X).reshape(image.shape))

    def test_finer_grid_contains_the_coarser(self):
        coarse, fine = (render(Recorder(), shape) for shape in [(5, 7), (15, 21)])
        assert_allclose(fine[::3, ::3], coarse)

    @pytest.mark.parametrize("aspect", ["stretch", "equal"])
    def test_region_is_a_cutout(self, aspect):
        X = pixel_grid((8, 16), aspect).reshape(8, 16, 2)
        region = (*X[2, 4], *X[6, 12])
        expected = render(Recorder(), (8, 16), aspect=aspect)[2:6, 4:12]
        assert_allclose(render(Recorder(), (4, 8), region=region, aspect=aspect), expected)

    def test_region_may_lie_outside(self):
        image = render(Recorder(), (2, 2), region=np.array([-1, -2, 1, 4]))
        assert_allclose(image, [[-8, -6], [1, 3]])

    @pytest.mark.parametrize("aspect", ["stretch", "equal"])
    def test_whole_image_is_a_region(self, aspect):
        right, bottom = (1, 1) if aspect == "stretch" else (1, 0.5)
        expected = render(Recorder(), (8, 16), aspect=aspect)
        assert_allclose(render(Recorder(), (8, 16), region=(0, 0, right, bottom)), expected)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
    def test_is_of_floats(self, dtype):
        class Constant(BaseEstimator):
            def predict(self, X):
                return np.ones(len(X), dtype)

        image = render(Constant(), (3, 4))
        assert image.dtype == (np.float32 if dtype is np.float32 else np.float64)
        assert_array_equal(image, np.ones((3, 4)))

    @pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
    def test_names_the_columns_as_in_fit(self, frame):
        X, y = image_to_samples(random_image((5, 7)))
        table = frame(dict(zip(["across", "down"], X.T, strict=True)))
        by_name = ColumnTransformer([("scaled", StandardScaler(), ["down", "across"])])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for model in (LinearRegression(), make_pipeline(by_name, LinearRegression())):
                image = render(model.fit(table, y), (5, 7))
                assert_allclose(image.ravel(), model.predict(table))

    def test_without_pandas_cannot_name_the_columns(self, monkeypatch):
        X, y = image_to_samples(random_image((5, 7)))
        model = LinearRegression().fit(pd.DataFrame(X, columns=["x", "y"]), y)
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(ImportError, match=r"fitted with named columns.*pip install pandas"):
            render(model, (5, 7))

    @pytest.mark.parametrize("model", [Ridge(), make_pipeline(StandardScaler(), Ridge())])
    def test_needs_a_fitted_estimator(self, model):
        with pytest.raises(NotFittedError):
            render(model, (3, 4))

    @pytest.mark.parametrize("n_columns", [1, 3])
    def test_refuses_other_than_two_columns(self, n_columns):
        model = make_pipeline(StandardScaler(), Ridge()).fit(np.eye(5, n_columns), np.arange(5))
        with pytest.raises(ValueError, match=f"two columns.*Pipeline was fitted with {n_columns}"):
            render(model, (3, 4))

    @pytest.mark.parametrize("shape", NO_SHAPES)
    def test_refuses_shapes_of_no_image(self, shape):
        with pytest.raises(ValueError, match="shape must be"):
            render(Recorder(), shape)

    @pytest.mark.parametrize("region", [None, (0, 0, 1, 1)])
    def test_refuses_unknown_aspects(self, region):
        with pytest.raises(ValueError, match="aspect='fit'"):
            render(Recorder(), (3, 4), region=region, aspect="fit")

    @pytest.mark.parametrize(
        "region",
        [
            (0, 0, 1), 1, "abcd", (1, 0, 0, 1), (0, 1, 1, 0), (0, 0, 0, 1), (0, np.nan, 1, 1),
            (0, 0, np.inf, 1), (0, 0, 1, None), (0, 0, 1j, 1),
        ],
    )  # fmt: skip
    def test_refuses_regions_that_enclose_nothing(self, region):
        with pytest.raises(ValueError, match=r"region must be \(left, top, right, bottom"):
            render(Recorder(), (3, 4), region=region)


class Boxed(Recorder):
    """An estimator with a domain, as FourierKernelRegressor has one."""

    def __init__(self, multiples=1, domain=None):
        super().__init__(multiples)
        self.domain = domain


class TestDomain:
    def test_of_another_aspect_warns(self):
        model = Boxed(domain=[[0, 1], [0, 0.5]])
        render(model, (40, 80), aspect="equal")
        with pytest.warns(UserWarning, match=r"y from 0 to 0\.975, beyond the domain") as caught:
            render(model, (40, 80))
        assert caught[0].filename == __file__

    @pytest.mark.parametrize(
        ("domain", "beyond"),
        [([[0, 0.5], [0, 1]], "x from 0 to 0.75"), ([[0.1, 1], [0.1, 1]], "x from .* and y from"),
         (np.array([[0, 0.5], [0, 0.5]]), "x from .* and y from")],
    )  # fmt: skip
    def test_names_the_columns(self, domain, beyond):
        with pytest.warns(UserWarning, match=f"has {beyond}"):
            render(Boxed(domain=domain), (4, 4))

    @pytest.mark.parametrize("domain", [None, [[0, 1], [0, 1]], [[-1, 2], [0, 0.75]], "all", 7])
    def test_within_is_silent(self, domain):
        render(Boxed(domain=domain), (4, 4))

    def test_a_region_may_lie_outside(self):
        render(Boxed(domain=[[0, 0.5], [0, 0.5]]), (4, 4), region=(0, 0, 2, 2))

    def test_of_the_closed_form(self):
        X, y = image_to_samples(random_image((8, 16)), aspect="equal")
        model = FourierKernelRegressor(3, domain=[[0, 1], [0, 0.5]]).fit(X, y)
        with pytest.warns(UserWarning, match="Pass the aspect that image_to_samples had"):
            render(model, (8, 16))


def test_a_pixel_is_its_upper_left_corner():
    # The docstring of render: doubled, a resize of centers is a quarter of a pixel away.
    ramp = np.arange(16.0) / 16
    twice = render(LinearRegression().fit(*image_to_samples(np.tile(ramp, (2, 1)))), (2, 32))[0]
    resized = Image.fromarray(np.float32(np.tile(ramp, (16, 1)))).resize((32, 16), Image.BILINEAR)
    differences = 16 * (twice - np.asarray(resized)[0])
    assert_allclose(differences[2:-2], 0.25, atol=1e-5)


class TestObjects:
    """What NumPy would turn into numbers that mean something else."""

    consumers = pytest.mark.parametrize(
        "consumer",
        [
            image_to_samples,
            lambda image: save_image("never.png", image),
            lambda image: video_to_samples([image, image]),
            lambda image: psnr(image, image),
            lambda image: psnr(np.zeros((8, 8, 3), np.uint8), image),
            lambda image: ssim([image], [image]),
            lambda image: samples_to_image(image, (8, 8)),
        ],
        ids=["samples", "save", "video", "psnr", "prediction", "ssim", "image"],
    )

    @consumers
    @pytest.mark.parametrize(
        "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "HSV", "LAB", "YCbCr", "F", "I;16"]
    )
    def test_pictures_of_pillow_are_refused(self, consumer, mode):
        picture = Image.new("RGB", (8, 8), (250, 10, 10))
        picture = Image.new(mode, (8, 8)) if mode == "I;16" else picture.convert(mode)
        with pytest.raises(
            ValueError, match=r"is a picture of Pillow.*load_image\(path\), or pass"
        ):
            consumer(picture)

    @consumers
    def test_opened_files_are_refused(self, consumer, tmp_path):
        save_image(tmp_path / "image.png", random_image((8, 8)))
        with (
            Image.open(tmp_path / "image.png") as picture,
            pytest.raises(ValueError, match="is a picture of Pillow"),
        ):
            consumer(picture)

    @consumers
    @pytest.mark.parametrize(
        "tensor",
        [torch.zeros(8, 8, device="meta"), torch.zeros(8, 8, requires_grad=True),
         torch.zeros(8, 8, dtype=torch.bfloat16)],
        ids=["elsewhere", "with gradients", "bfloat16"],
    )  # fmt: skip
    def test_tensors_that_numpy_cannot_read(self, consumer, tensor):
        with pytest.raises(
            ValueError, match=r"NumPy cannot read: .*\.detach\(\)\.cpu\(\)\.numpy\(\)"
        ):
            consumer(tensor)

    def test_tensors_that_numpy_reads(self):
        image = random_image((8, 8))
        assert_array_equal(image_to_samples(torch.tensor(image))[1], image.ravel() / 255)

    def test_masked_images_in_a_list_are_refused(self):
        with pytest.raises(ValueError, match="masked array"):
            video_to_samples([np.ma.masked_less(np.zeros((4, 8)), 1)])

    def test_arrays_of_pandas_have_no_mask(self):
        with pytest.raises(ValueError, match="NaN"):
            psnr(pd.array([1.0, None], dtype="Float64"), [1.0, 1.0])


def test_all_public_functions_have_an_example():
    assert all(">>>" in getattr(images, name).__doc__ for name in images.__all__)


def test_16_bit_color_of_a_ppm_warns_too(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 2**16, (4, 5, 3)).astype(">u2")
    path = tmp_path / "color.ppm"
    path.write_bytes(b"P6\n5 4\n65535\n" + pixels.tobytes())
    with pytest.warns(UserWarning, match="16 bits per channel"):
        image = load_image(path)
    np.testing.assert_allclose(image, pixels / 65535, atol=1 / 255)  # what 8 bits resolve


def test_saving_keeps_the_mode_of_the_file(tmp_path):
    path = tmp_path / "private.png"
    save_image(path, np.zeros((2, 2)))
    path.chmod(0o600)
    save_image(path, np.ones((2, 2)))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_pipe_is_no_image(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(OSError, match="is not a file"):
        load_image(tmp_path / "pipe.png")


def test_masked_images_are_refused():
    with pytest.raises(ValueError, match="masked array"):
        image_to_samples(np.ma.masked_less(np.zeros((4, 4)), 1))
