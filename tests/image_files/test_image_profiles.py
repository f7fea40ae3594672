"""Colors by ICC profiles against lcms and formulas; and colors that only a warning tells of."""

import io
import struct

import numpy as np
import pytest
import tifffile
from making_image_files import (
    P3_COLORANTS,
    icc_profile,
    jpeg2000_with_profile,
    linear_to_srgb,
    picture_of,
    random_pixels,
    srgb_to_linear,
    write_png,
)
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageCms

from skfourier.images import load_image

SRGB = icc_profile(srgb_to_linear)
LINEAR = icc_profile(lambda value: value)
P3 = icc_profile(srgb_to_linear, P3_COLORANTS)
LINEAR_GRAY = icc_profile(lambda value: value, None)
# A level of 255: lcms rounds its curves, its matrix and its result.
LEVEL = 1.01 / 255


def by_lcms(picture, profile, mode="RGB"):
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    result = ImageCms.profileToProfile(picture, source, target, outputMode=mode)
    return np.float32(np.asarray(result) / 255)


class TestConversion:
    @pytest.mark.parametrize(
        ("suffix", "options"),
        [(".png", {}), (".tif", {}), (".tif", {"compression": "tiff_lzw"}),
         (".webp", {"lossless": True})],
    )  # fmt: skip
    @pytest.mark.parametrize("profile", [LINEAR, P3], ids=["linear", "P3"])
    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_is_that_of_lcms(self, tmp_path, suffix, options, profile, mode):
        picture = picture_of(random_pixels((20, 30, len(mode))), mode)
        path = tmp_path / f"image{suffix}"
        picture.save(path, icc_profile=profile, **options)
        with Image.open(path) as stored:  # WebP changes colors where alpha is 0
            expected = by_lcms(stored, profile, mode)
        assert_array_equal(load_image(path), expected)

    def test_of_linear_light_is_the_formula(self, tmp_path):
        pixels = random_pixels((20, 30, 3))
        Image.fromarray(pixels).save(tmp_path / "linear.png", icc_profile=LINEAR)
        assert_allclose(
            load_image(tmp_path / "linear.png"), linear_to_srgb(pixels / 255), rtol=0, atol=LEVEL
        )

    def test_of_p3_is_the_formula(self, tmp_path):
        # Colors of little saturation, as others of Display P3 are outside of sRGB.
        pixels = random_pixels((20, 30, 3)) // 4 + 96
        Image.fromarray(pixels).save(tmp_path / "p3.png", icc_profile=P3)
        srgb = np.array(
            [[0.4360, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]]
        )
        light = srgb_to_linear(pixels / 255) @ np.array(P3_COLORANTS) @ np.linalg.inv(srgb).T
        expected = linear_to_srgb(light)
        assert np.abs(expected - pixels / 255).max() > 5 / 255  # so that there is something to do
        assert_allclose(load_image(tmp_path / "p3.png"), expected, rtol=0, atol=LEVEL)

    @pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
    @pytest.mark.parametrize("profile", [LINEAR, LINEAR_GRAY], ids=["RGB", "gray"])
    def test_of_gray_stays_gray(self, tmp_path, suffix, profile):
        gray = np.full((16, 16), 128, np.uint8)
        Image.fromarray(gray).save(tmp_path / f"gray{suffix}", icc_profile=profile)
        loaded = load_image(tmp_path / f"gray{suffix}")
        assert_allclose(loaded, np.full((16, 16), linear_to_srgb(128 / 255)), atol=LEVEL)

    def test_of_a_palette_with_a_transparent_color(self, tmp_path):
        picture = Image.new("RGB", (4, 4), (200, 80, 60))
        palette = picture.convert("P", palette=Image.Palette.ADAPTIVE)
        palette.save(tmp_path / "palette.png", icc_profile=P3, transparency=0)
        expected = np.dstack([by_lcms(picture, P3), np.zeros((4, 4))])
        assert_array_equal(load_image(tmp_path / "palette.png"), expected)

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_of_a_turned_picture(self, tmp_path, orientation):
        picture = picture_of(random_pixels((3, 5, 3)), "RGB")
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture.save(tmp_path / "turned.png", icc_profile=P3, exif=exif)
        expected = by_lcms(picture, P3)
        expected = expected if orientation == 1 else np.rot90(expected, -1)
        assert_array_equal(load_image(tmp_path / "turned.png"), expected)

    def test_of_jpeg_2000(self, tmp_path):
        picture = picture_of(random_pixels((16, 16, 3)), "RGB")
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG2000", irreversible=False)
        (tmp_path / "p3.jp2").write_bytes(jpeg2000_with_profile(buffer.getvalue(), P3))
        assert_array_equal(load_image(tmp_path / "p3.jp2"), by_lcms(picture, P3))

    @pytest.mark.parametrize("suffix", [".tif", ".jpg"])
    def test_of_cmyk(self, tmp_path, suffix, cmyk_profile):
        picture = Image.new("CMYK", (16, 16), (10, 200, 30, 40))
        picture.save(tmp_path / f"ink{suffix}", icc_profile=cmyk_profile, quality=100)
        with Image.open(tmp_path / f"ink{suffix}") as stored:
            expected = by_lcms(stored, cmyk_profile)
        loaded = load_image(tmp_path / f"ink{suffix}")
        assert_array_equal(loaded, expected)
        assert np.abs(loaded - np.asarray(picture.convert("RGB")) / 255).max() > 0.1


@pytest.fixture(scope="module")
def cmyk_profile():
    """A table of inks (ICC.1, 10.10): their Lab is that of cyan alone, from white to black."""
    corners = b"".join(  # of the hypercube of four inks, the last fastest; Lab in 16 bits
        struct.pack(">3H", 0 if cyan else 0xFF00, 0x8000, 0x8000)
        for cyan in (0, 1) for _ in range(8)
    )  # fmt: skip
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    ramp = struct.pack(">2H", 0, 65535)
    table = b"mft2" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + struct.pack(">2H", 2, 2)
    table += 4 * ramp + corners + 3 * ramp
    desc = b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(80)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"desc": desc, b"cprt": b"text" + bytes(8), b"wtpt": white, b"A2B0": table}
    directory, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        directory += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"none", 0x02100000, b"prtr", b"CMYK", b"Lab "
    )
    head = (head + bytes(12) + b"acsp").ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + directory + body


class TestSrgb:
    @pytest.mark.parametrize(
        "profile", [SRGB, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()],
        ids=["table", "of lcms"],
    )  # fmt: skip
    @pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
    @pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3), (20, 30, 4)])
    def test_changes_nothing(self, tmp_path, profile, suffix, shape):
        pixels = random_pixels(shape)
        pixels[..., -1] |= 1  # WebP has no colors where alpha is 0
        mode = {2: "L", 3: "RGB", 4: "RGBA"}[shape[2] if len(shape) == 3 else 2]
        path = tmp_path / f"image{suffix}"
        picture_of(pixels, mode).save(path, icc_profile=profile, lossless=True)
        loaded = load_image(path)
        if suffix == ".webp" and mode == "L":
            loaded = loaded[..., 0]
        assert_array_equal(loaded, np.float32(pixels / 255))

    def test_keeps_all_bits(self, tmp_path):
        pixels = random_pixels((5, 7, 3), np.uint16)
        tifffile.imwrite(tmp_path / "deep.tif", pixels, photometric="rgb", iccprofile=SRGB)
        assert_array_equal(load_image(tmp_path / "deep.tif"), np.float32(pixels / 65535))

    def test_no_profile_is_srgb(self, tmp_path):
        pixels = random_pixels((5, 7, 3))
        Image.fromarray(pixels).save(tmp_path / "plain.png")
        assert_array_equal(load_image(tmp_path / "plain.png"), np.float32(pixels / 255))


class TestWarnings:
    @pytest.mark.parametrize("profile", [b"junk", SRGB[:200], SRGB[:100]])
    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    @pytest.mark.parametrize("suffix", [".tif", ".jpg"])
    def test_of_a_damaged_profile(self, tmp_path, profile, mode, suffix):
        picture = Image.new(mode, (16, 16), 0)
        path = tmp_path / f"image{suffix}"
        picture.save(path, icc_profile=profile)
        with pytest.warns(UserWarning, match="has an ICC profile that is damaged") as caught:
            loaded = load_image(path)
        assert caught[0].filename == __file__
        shown = picture if mode == "L" else picture.convert("RGB")
        assert_allclose(loaded, np.asarray(shown) / 255, atol=LEVEL)

    @pytest.mark.parametrize(("mode", "profile"), [("RGB", LINEAR_GRAY), ("CMYK", SRGB)])
    def test_of_a_profile_for_other_colors(self, tmp_path, mode, profile):
        Image.new(mode, (4, 4)).save(tmp_path / "image.tif", icc_profile=profile)
        with pytest.warns(UserWarning, match=f"that is for (GRAY|RGB), and the pixels are {mode}"):
            load_image(tmp_path / "image.tif")

    @pytest.mark.parametrize("dtype", [np.uint16, np.float32])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_of_bits_that_lcms_does_not_take(self, tmp_path, dtype, channels):
        values = np.linspace(0, 1, 300).reshape(10, 10, 3)[..., :channels]
        samples = (values * (65535 if dtype is np.uint16 else 1)).astype(dtype)
        photometric = "rgb" if channels == 3 else "minisblack"
        tifffile.imwrite(
            tmp_path / "deep.tif", samples.squeeze(), photometric=photometric, iccprofile=LINEAR
        )
        with pytest.warns(UserWarning, match="is applied to 8 of them"):
            loaded = load_image(tmp_path / "deep.tif")
        # Half a level of light is at most 12.92 times that in sRGB.
        expected = linear_to_srgb(values).squeeze()
        assert_allclose(loaded, expected, rtol=0, atol=12.92 * 0.5 / 255 + LEVEL)

    @pytest.mark.parametrize(
        ("chunks", "named"),
        [
            ([(b"gAMA", struct.pack(">I", 100000))], "gamma 1"),
            ([(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))],
             "chromaticity"),
            ([(b"cICP", bytes([9, 16, 0, 1]))], "primaries 9 and transfer curve 16"),
        ],
        ids=["gamma", "primaries", "coded"],
    )  # fmt: skip
    def test_of_a_png_with_other_colors(self, tmp_path, chunks, named):
        path = tmp_path / "strange.png"
        write_png(path, 2, 8, 0, [bytes([3, 200])], further=chunks)
        with pytest.warns(UserWarning, match=f"not those of sRGB .*{named}"):
            assert_array_equal(load_image(path), np.float32([[3, 200]]) / np.float32(255))

    @pytest.mark.parametrize(
        "chunks",
        [
            [(b"gAMA", struct.pack(">I", 45455))],
            [(b"gAMA", struct.pack(">I", 45000))],
            [(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))],
            [(b"cICP", bytes([1, 13, 0, 1]))],
            [(b"gAMA", struct.pack(">I", 100000)), (b"sRGB", b"\0")],
        ],
    )
    def test_not_of_a_png_with_those_of_srgb(self, tmp_path, chunks):
        write_png(tmp_path / "plain.png", 2, 8, 0, [bytes([3, 200])], further=chunks)
        assert_array_equal(
            load_image(tmp_path / "plain.png"), np.float32([[3, 200]]) / np.float32(255)
        )

    def test_of_an_avif_with_other_colors(self, tmp_path):
        Image.new("RGB", (16, 16)).save(tmp_path / "plain.avif")
        data = (tmp_path / "plain.avif").read_bytes()
        at = data.index(b"colrnclx") + 8
        (tmp_path / "hdr.avif").write_bytes(data[:at] + bytes([0, 9, 0, 16]) + data[at + 4 :])
        load_image(tmp_path / "plain.avif")
        with pytest.warns(UserWarning, match="primaries 9 and transfer curve 16 of ITU-T H.273"):
            load_image(tmp_path / "hdr.avif")


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_without_a_profile_is_converted_as_pillow_does(tmp_path, suffix):
    picture = picture_of(np.repeat(random_pixels((4, 4, 4)), 8, axis=0).repeat(8, axis=1), "CMYK")
    picture.save(tmp_path / f"ink{suffix}", quality=100, subsampling=0)
    loaded = load_image(tmp_path / f"ink{suffix}")
    # Light that passes one ink and black: no ink, no loss. JPEG's own loss is some levels.
    inks = np.asarray(picture) / 255
    assert_allclose(loaded, (1 - inks[..., :3]) * (1 - inks[..., 3:]), atol=4 / 255)
