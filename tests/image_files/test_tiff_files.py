"""TIFFs: what their tags say of the samples, against the samples, Pillow and formulas."""

import struct

import numpy as np
import PIL
import pytest
import tifffile
from making_image_files import change_tag, random_pixels, write_tiff
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from skfourier._image_files import _tiff
from skfourier.images import load_image

WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
PILLOW = int(PIL.__version__.split(".")[0])


def float32(values):
    return np.asarray(values, np.float32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.tif"


class TestDepth:
    @pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
    @pytest.mark.parametrize(("bits", "data"), [(1, b"\xb0"), (2, b"\x1b"), (4, b"\x0f\x84")])
    def test_of_few_bits(self, path, bits, data, photometric):
        write_tiff(path, data, 4, 1, bits=bits, photometric=photometric)
        digits = "".join(f"{byte:08b}" for byte in data)[: 4 * bits]
        values = [int(digits[k : k + bits], 2) / (2**bits - 1) for k in range(0, 4 * bits, bits)]
        expected = 1 - np.array(values) if photometric == WHITE_IS_ZERO else values
        assert_allclose(load_image(path), [expected], rtol=1e-6)

    def test_12_bits_have_their_own_white(self, path):
        write_tiff(path, b"\xff\xf8\x00\x12\x34\x56", 2, 2, bits=12)
        assert_array_equal(
            load_image(path), float32([[4095, 0x800], [0x123, 0x456]]) / np.float32(4095)
        )

    @pytest.mark.parametrize(("bits", "byteorder"), [(12, ">"), (10, "<"), (14, "<")])
    def test_packed_bits_that_nothing_here_reads(self, path, bits, byteorder):
        write_tiff(path, bytes(bits), 4, 2, bits=bits, byteorder=byteorder)
        with pytest.raises(OSError, match=f"{bits}-bit integers requires.*pip install imagecodecs"):
            load_image(path)

    @pytest.mark.parametrize("compression", [None, "zlib"])
    @pytest.mark.parametrize("byteorder", ["<", ">"])
    @pytest.mark.parametrize("planar", [False, True])
    @pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"tile": (16, 16)}])
    def test_color_of_16_bits(self, path, compression, byteorder, planar, options):
        pixels = random_pixels((20, 17, 3), np.uint16)
        tifffile.imwrite(
            path, np.moveaxis(pixels, -1, 0) if planar else pixels, photometric="rgb",
            planarconfig="separate" if planar else "contig", compression=compression,
            byteorder=byteorder, predictor=compression is not None, **options,
        )  # fmt: skip
        assert_array_equal(load_image(path), float32(pixels / 65535))

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_color_of_floats(self, path, dtype):
        pixels = np.random.default_rng(0).uniform(size=(5, 7, 3)).astype(dtype)
        tifffile.imwrite(path, pixels, photometric="rgb")
        assert_array_equal(load_image(path), float32(pixels))

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_bits_said_once_are_those_of_all_colors(self, path, dtype):
        # As some raw converters write them; TIFF 6.0 asks for three numbers.
        pixels, bits = random_pixels((5, 7, 3), dtype), 8 * np.dtype(dtype).itemsize
        write_tiff(path, pixels.tobytes(), 7, 5, bits=bits, photometric=2)
        change_tag(path, 277, 3)
        assert_array_equal(load_image(path), float32(pixels / (2**bits - 1)))

    def test_16_bit_color_that_takes_imagecodecs_warns(self, path):
        # tifffile does not write LZW by itself; Pillow writes it, of 8 bits.
        pixels = random_pixels((5, 8, 3))
        Image.fromarray(np.tile(pixels, (1, 2, 1))).save(path, compression="tiff_lzw")
        change_tag(path, 256, 8)
        data = path.read_bytes()
        path.write_bytes(data.replace(struct.pack("<3H", 8, 8, 8), struct.pack("<3H", 16, 16, 16)))
        with pytest.warns(UserWarning, match="has 16 bits per channel, of which Pillow reads 8"):
            load_image(path)


def test_a_thumbnail_before_the_image_is_told_of(path):
    # As raw files of cameras begin; Pillow and viewers show the first page too.
    with tifffile.TiffWriter(path) as file:
        file.write(np.zeros((8, 8), np.uint8), photometric="minisblack", subfiletype=1)
        file.write(np.full((32, 32), 255, np.uint8), photometric="minisblack")
    with pytest.warns(UserWarning, match="begins with a thumbnail, which is read"):
        assert load_image(path).shape == (8, 8)


class TestPolarity:
    @pytest.mark.parametrize(
        "dtype", [bool, np.uint8, np.uint16, np.float16, np.float32, np.float64]
    )
    @pytest.mark.parametrize("compression", [None, "zlib"])
    def test_white_is_zero(self, path, dtype, compression):
        values = np.random.default_rng(0).uniform(size=(9, 11))
        white = 1 if dtype is bool or np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
        samples = (np.rint(values) if dtype is bool else values * white).astype(dtype)
        for photometric, expected in (
            ("miniswhite", 1 - samples / np.float64(white)),
            ("minisblack", samples / np.float64(white)),
        ):
            tifffile.imwrite(path, samples, photometric=photometric, compression=compression)
            # float32's rounding of 1 - v is half an eps.
            assert_allclose(load_image(path), expected, rtol=0, atol=np.finfo(np.float32).eps / 2)

    @pytest.mark.parametrize("compression", ["tiff_lzw", "packbits"])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_white_is_zero_where_pillow_decodes(self, path, compression, dtype):
        samples = np.random.default_rng(0).uniform(size=(9, 11))
        samples = samples.astype(dtype) if dtype is np.float32 else random_pixels((9, 11), dtype)
        Image.fromarray(samples).save(path, compression=compression)
        change_tag(path, 262, WHITE_IS_ZERO)
        white = 1 if dtype is np.float32 else np.iinfo(dtype).max
        expected = 1 - samples / np.float64(white)
        assert_allclose(load_image(path), expected, rtol=0, atol=np.finfo(np.float32).eps / 2)


class TestUnknownWhite:
    @pytest.mark.parametrize(
        "dtype", [np.int8, np.int16, np.int32, np.uint32, np.complex64, np.complex128]
    )
    def test_is_refused(self, path, dtype):
        tifffile.imwrite(path, np.ones((3, 4), dtype), photometric="minisblack")
        with pytest.raises(ValueError, match=rf"file\.tif: The image is {np.dtype(dtype)}, and"):
            load_image(path)

    @pytest.mark.parametrize("sample_format", [2, 5])
    def test_is_refused_where_pillow_decodes(self, path, sample_format):
        write_tiff(path, bytes([251, 100]), 2, 1, bits=8, sample_format=sample_format)
        change_tag(path, 259, 32773)
        with pytest.raises(ValueError, match=r"The image is (int|complex)8"):
            load_image(path)

    def test_undefined_samples_are_unsigned(self, path):
        write_tiff(path, bytes([251, 100]), 2, 1, bits=8, sample_format=4)
        assert_array_equal(load_image(path), float32([[251, 100]]) / np.float32(255))


class TestAlpha:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize("n_colors", [1, 3])
    @pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
    def test_is_straight(self, path, dtype, n_colors, kind):
        samples = random_pixels((5, 7, n_colors + 1), dtype).astype(float)
        samples[0, 0, -1] = 0
        white = np.iinfo(dtype).max
        if kind == "assocalpha":
            samples[..., :-1] = np.floor(samples[..., :-1] * samples[..., -1:] / white)
        tifffile.imwrite(
            path, samples.astype(dtype), photometric="rgb" if n_colors == 3 else "minisblack",
            planarconfig="contig", extrasamples=[kind],
        )  # fmt: skip
        alpha = samples[..., -1:] / white
        colors = samples[..., :-1] / white
        if kind == "assocalpha":
            colors = np.divide(colors, alpha, where=alpha > 0, out=np.zeros_like(colors))
        expected = np.dstack([np.broadcast_to(colors, (5, 7, 3)), alpha])
        assert_allclose(load_image(path), expected, rtol=1e-6)

    def test_of_floats_may_round(self, path):
        alpha = np.random.default_rng(0).uniform(0.01, 1, (50, 50, 1)).astype(np.float32)
        samples = np.dstack([np.repeat(alpha, 3, axis=2), alpha])  # white, half transparent
        tifffile.imwrite(path, samples, photometric="rgb", extrasamples=["assocalpha"])
        assert_array_equal(load_image(path)[..., :3], np.ones((50, 50, 3)))

    def test_colors_beyond_alpha_are_white(self, path):
        samples = np.full((2, 2, 4), (200, 50, 100, 100), np.uint8)
        tifffile.imwrite(path, samples, photometric="rgb", extrasamples=["assocalpha"])
        assert_allclose(load_image(path)[0, 0], [1, 0.5, 1, 100 / 255], rtol=1e-6)

    def test_of_gray_by_pillow(self, path):
        if PILLOW < 13:
            pytest.skip("Pillow before 13 does not open such a file")
        picture = Image.frombytes("LA", (7, 5), random_pixels((5, 7, 2)).tobytes())
        picture.save(path, compression="tiff_lzw")
        change_tag(path, 338, 1)  # associated: Pillow's mode La
        with Image.open(path) as again:
            assert again.mode == "La"
            expected = np.asarray(again.convert("LA").convert("RGBA")) / 255
        assert_allclose(load_image(path), expected, rtol=1e-6)

    @pytest.mark.parametrize(
        ("shape", "photometric", "planar", "n_left_out"),
        [((5, 7, 4), "rgb", "contig", 1), ((5, 7, 6), "rgb", "contig", 3),
         ((5, 7, 2), "minisblack", "contig", 1), ((5, 6, 7), "minisblack", "separate", 4)],
    )  # fmt: skip
    def test_samples_of_no_kind_are_left_out_with_a_warning(
        self, path, shape, photometric, planar, n_left_out
    ):
        samples = random_pixels(shape)
        extras = [0] * n_left_out
        tifffile.imwrite(
            path, samples, photometric=photometric, planarconfig=planar, extrasamples=extras
        )
        with pytest.warns(UserWarning, match=f"of which {n_left_out} are neither") as caught:
            loaded = load_image(path)
        assert caught[0].filename == __file__
        colors = samples[0] if planar == "separate" else samples[..., : 3 if shape[2] > 3 else 1]
        assert_allclose(loaded.reshape(colors.shape), colors / 255, rtol=1e-6)

    def test_so_where_pillow_decodes(self, path):
        Image.frombytes("RGBX", (7, 5), bytes(140)).save(path, compression="tiff_lzw")
        with pytest.warns(UserWarning, match="of which 1 are neither"):
            assert load_image(path).shape == (5, 7, 3)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "RGBA", "LA", "CMYK", "YCbCr", "LAB"])
@pytest.mark.parametrize(
    "compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "tiff_lzma", "zstd"]
)
def test_of_8_bits_is_as_pillow_reads_it(path, mode, compression):
    pixels = random_pixels((9, 11, 3))
    if mode == "LAB":
        picture = Image.frombytes("LAB", (11, 9), pixels.tobytes())
    else:
        picture = Image.fromarray(pixels).convert("RGBA" if mode == "LA" else mode).convert(mode)
    picture.save(path, compression=compression)
    if (mode, compression) == ("YCbCr", None) and PILLOW < 13:
        pytest.skip("Pillow before 13 does not read this file that it wrote")
    with Image.open(path) as again:
        shown = {"1": "L", "L": "L", "RGBA": "RGBA", "LA": "RGBA"}.get(mode, "RGB")
        expected = np.asarray(again.convert(shown))
    assert_array_equal(load_image(path), float32(expected / 255))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK"])
def test_of_jpeg_and_fax_is_as_pillow_reads_it(path, mode):
    picture = Image.fromarray(random_pixels((16, 16, 3))).convert(mode)
    picture.save(path, compression="group4" if mode == "1" else "jpeg")
    with Image.open(path) as again:
        expected = np.asarray(again.convert("RGB" if mode == "CMYK" else mode))
    assert_array_equal(load_image(path), float32(expected * (255 if mode == "1" else 1) / 255))


class TestDamage:
    @pytest.mark.parametrize("compression", [None, "zlib"])
    def test_cut_anywhere_is_an_error(self, path, compression):
        pixels = random_pixels((8, 9, 3), np.uint16)
        tifffile.imwrite(path, pixels, photometric="rgb", compression=compression, rowsperstrip=2)
        data = path.read_bytes()
        for length in [*range(0, len(data), 5), len(data) - 1]:
            path.write_bytes(data[:length])
            with pytest.raises(OSError, match="could not be read as an image"):
                read_without_pillows_warnings(path)

    @pytest.mark.parametrize("compression", ["tiff_lzw", "packbits"])
    def test_cut_anywhere_where_pillow_decodes(self, path, compression):
        Image.fromarray(random_pixels((8, 9, 3))).save(path, compression=compression)
        data = path.read_bytes()
        for length in [*range(0, len(data), 5), len(data) - 1]:
            path.write_bytes(data[:length])
            with pytest.raises(OSError, match="could not be read as an image"):
                read_without_pillows_warnings(path)

    def test_packed_bits_that_end_early(self, path):
        write_tiff(path, b"\x03abcd\x03abcd", 4, 4, bits=8)  # 8 pixels of 16
        change_tag(path, 259, 32773)
        with pytest.raises(OSError, match="could not be read as an image"):
            load_image(path)

    def test_a_strip_of_unknown_length_is_no_black(self, path):
        # The specification asks for it, libtiff does without: it reads on.
        pixels = random_pixels((8, 8))
        tifffile.imwrite(path, pixels, compression="zlib", rowsperstrip=8)
        change_tag(path, 279, 0)
        assert_array_equal(load_image(path), float32(pixels / 255))

    def test_a_strip_beyond_the_end_is_left_to_pillow(self):
        # Decoders of imagecodecs may not complain of what they do not get.
        page = {"ImageLength": 8, "ImageWidth": 8, "RowsPerStrip": 8, "compression": 5}
        page |= {"StripOffsets": (8,), "StripByteCounts": (50,)}
        assert _tiff._is_sure(page, 58)
        assert not _tiff._is_sure(page, 57)

    @pytest.mark.parametrize("tile", [None, (16, 16)])
    def test_missing_strips_and_tiles_are_no_black(self, path, tile):
        cut = {"tile": tile} if tile else {"rowsperstrip": 8}
        tifffile.imwrite(path, random_pixels((32, 32)), **cut)
        change_tag(path, 257, 64)
        with pytest.raises(OSError, match=r"of its (Strips|Tiles) are missing"):
            load_image(path)


@pytest.mark.filterwarnings("ignore")
def read_without_pillows_warnings(path):
    return load_image(path)
