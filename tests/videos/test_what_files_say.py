"""What files say of their pictures, as a player shows them: kinds that bug reports have named."""

import struct

import av
import numpy as np
import pytest
from making_videos import encode
from numpy.testing import assert_allclose
from PIL import Image

from skfourier.videos import load_video

UNIT = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)


@pytest.fixture(scope="module")
def corner(tmp_path_factory):
    """Return an MP4 whose frames are white in one corner, top left."""
    frame = np.zeros((32, 48, 3), np.uint8)
    frame[:16, :16] = 255
    path = tmp_path_factory.mktemp("corner") / "plain.mp4"
    return encode(path, [frame] * 3, codec="libx264", pixel_format="yuv444p")


def turned(path, matrix, folder):
    """Write a copy whose display matrix is another; its second one is that of the track."""
    data = path.read_bytes()
    place = data.find(UNIT, data.find(UNIT) + 1)
    a, b, c, d = (round(65536 * x) for x in matrix)
    other = folder / "turned.mp4"
    entries = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    other.write_bytes(data[:place] + entries + data[place + 36 :])
    return other


# Where ffmpeg's own program shows the corner: shape, and the center of the white.
@pytest.mark.parametrize(
    ("matrix", "shape", "center"),
    [
        ((1, 0, 0, 1), (32, 48), (7.5, 7.5)),
        ((-1, 0, 0, 1), (32, 48), (7.5, 39.5)),
        ((1, 0, 0, -1), (32, 48), (23.5, 7.5)),
        ((-1, 0, 0, -1), (32, 48), (23.5, 39.5)),
        ((0, 1, 1, 0), (48, 32), (7.5, 7.5)),
        ((0, 1, -1, 0), (48, 32), (7.5, 23.5)),
        ((0, -1, 1, 0), (48, 32), (39.5, 7.5)),
        ((0, -1, -1, 0), (48, 32), (39.5, 23.5)),
        ((np.cos(0.02), np.sin(0.02), -np.sin(0.02), np.cos(0.02)), (32, 48), (7.5, 7.5)),
    ],
)
def test_all_orientations(corner, tmp_path, matrix, shape, center):
    white = load_video(turned(corner, matrix, tmp_path))[1, ..., 0] > 0.5
    assert white.shape == shape
    assert_allclose(np.argwhere(white).mean(axis=0), center)


def test_refuses_a_display_that_is_far_from_upright(corner, tmp_path):
    matrix = np.array([1, 1, -1, 1]) / np.sqrt(2)
    with pytest.raises(ValueError, match=r"more than 10 degrees from all quarter turns"):
        load_video(turned(corner, matrix, tmp_path))


def grays(n_frames):
    return [np.full((64, 64, 3), 20 * k, np.uint8) for k in range(n_frames)]


def test_pictures_that_are_never_shown_do_not_count(tmp_path):
    path = tmp_path / "hidden.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        packets = [p for f in grays(12) for p in stream.encode(av.VideoFrame.from_ndarray(f))]
        for k, packet in enumerate(packets + stream.encode()):
            data = bytearray(bytes(packet))
            if k == 5:
                data[0] &= 0xEF  # VP8: not shown, as are reference frames from the future
            copy = av.Packet(bytes(data))
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.duration, copy.stream = packet.duration, stream
            container.mux(copy)
    with pytest.warns(UserWarning, match="twice|2 times"):
        video = load_video(path)
    assert len(video) == 11


def test_a_last_picture_shown_long_is_one_picture(tmp_path):
    source = encode(tmp_path / "a.webm", grays(12), codec="libvpx-vp9", pixel_format="yuv420p")
    with av.open(str(source)) as old, av.open(str(tmp_path / "b.mkv"), "w") as new:
        copy = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = copy
                new.mux(packet)
    assert len(load_video(tmp_path / "b.mkv")) == 12


def test_a_format_without_a_decoder_is_not_called_cut_short(tmp_path):
    first, *others = (Image.new("RGB", (32, 32), (60 * k, 0, 0)) for k in range(4))
    path = tmp_path / "moving.webp"
    first.save(path, save_all=True, append_images=others, lossless=True)
    if "webp_anim" in av.codecs_available:  # since PyAV 19
        assert_allclose(load_video(path)[:, 0, 0, 0] * 255, [0, 60, 120, 180], rtol=1e-6)  # float32
        return
    for frames in (slice(None), slice(0), [0]):
        with pytest.raises(OSError, match=r"^No frame of .*animated WebP.*ffmpeg"):
            load_video(path, frames=frames)


def test_times_by_the_clock_of_the_file(tmp_path):
    path, ticks = tmp_path / "gaps.mkv", [0, 40, 80, 1200, 1240]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "bgr0"
        frames = [av.VideoFrame.from_ndarray(frame) for frame in grays(5)]
        packets = [p for frame in frames for p in stream.encode(frame)] + stream.encode()
        for packet, tick in zip(packets, ticks, strict=True):
            packet.pts = packet.dts = round(tick / 1000 / packet.time_base)
            container.mux(packet)
    with pytest.warns(UserWarning, match=r"28 times as long as others"):
        times = load_video(path, return_times=True)[1]
    assert_allclose(times, np.arange(5) / 5)
    times = load_video(path, return_times=True, times="pts")[1]
    assert_allclose(times, np.array(ticks) / 1280)


def test_a_cover_is_no_film(tmp_path):
    Image.new("RGB", (96, 96), (255, 0, 0)).save(tmp_path / "cover.jpg")
    jpeg = (tmp_path / "cover.jpg").read_bytes()
    block = struct.pack(">II", 3, 10) + b"image/jpeg" + struct.pack(">IIIII", 0, 96, 96, 24, 0)
    block += struct.pack(">I", len(jpeg)) + jpeg
    plain = tmp_path / "plain.flac"
    with av.open(str(plain), "w") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), "s16", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound) + stream.encode())
    data = plain.read_bytes()  # a picture block after the first one, which holds 34 bytes
    song = tmp_path / "song.flac"
    song.write_bytes(data[:42] + b"\x06" + len(block).to_bytes(3, "big") + block + data[42:])
    with pytest.raises(OSError, match="holds no video, but audio"):
        load_video(song)


def test_the_stream_marked_as_default_is_read(tmp_path):
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams = []
        for disposition in (0, av.stream.Disposition.default):
            stream = container.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 64, "bgr0"
            stream.disposition = disposition
            streams.append(stream)
        for stream, n_frames in zip(streams, (1, 12), strict=True):
            for frame in grays(n_frames):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame)))
            container.mux(stream.encode())
    assert len(load_video(path)) == 12


@pytest.mark.parametrize("height", [480, 576, 720, 1080])
def test_untagged_colors_are_those_that_players_show(tmp_path, height):
    rgb = np.array([200, 60, 40]) / 255
    kr, kb = (0.2126, 0.0722) if height >= 720 else (0.299, 0.114)
    luma = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2]
    chroma = (rgb[2] - luma) / (1 - kb), (rgb[0] - luma) / (1 - kr)
    values = 16 + 219 * luma, *(128 + 112 * c for c in chroma)
    rows = [height, height // 4, height // 4]  # planes one below the other
    planes = np.repeat(np.rint(values).astype(np.uint8), rows)[:, None].repeat(64, axis=1)
    path = encode(tmp_path / "hd.mkv", [planes], pixel_format="yuv420p", given="yuv420p")
    # Half a step of chroma is 0.9 of 255 of red or blue, that of luma 0.6; then RGB is rounded.
    assert_allclose(255 * load_video(path)[0, 30, 30], 255 * rgb, atol=2)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize(
    ("codec", "tag", "place"),
    [
        ("libx264", None, 0.0),  # H.264's own default: ITU-T H.264, chroma_sample_loc_type
        ("libx264", "left", 0.0),
        ("libx264", "center", 0.5),
        ("ffv1", "left", 0.0),
        ("ffv1", None, 0.5),
    ],
)
def test_chroma_lies_where_the_file_says(tmp_path, codec, tag, place, pixel_format):
    path, unit = tmp_path / "ramp.mkv", 4 if "10" in pixel_format else 1
    samples = 70 + 4 * np.arange(30)  # of blueness, at the columns 2 k + place
    frame = av.VideoFrame(60, 64, pixel_format)
    for plane, row in zip(frame.planes, ([128] * 60, samples, [128] * 30), strict=True):
        dtype = np.uint16 if unit > 1 else np.uint8
        values = np.zeros((plane.height, plane.line_size // np.dtype(dtype).itemsize), dtype)
        values[:, : len(row)] = np.multiply(row, unit)
        plane.update(values.tobytes())
    options = {"qp": "0"} if codec == "libx264" else {}
    with av.open(str(path), "w") as container:
        options |= {"chroma_sample_location": tag} if tag else {}
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 60, 64, pixel_format
        container.mux(stream.encode(frame) + stream.encode())
    columns = np.arange(8, 52)  # away from the ends, where there are no samples beyond
    blue = 255 * load_video(path)[0, 30, columns, 2]
    blueness = 128 + (blue - (128 - 16) * 255 / 219) * 224 / 255 / 1.772
    # Rounding of blue, and of the scaler's chroma, to one level each. A column is two of blueness.
    assert_allclose(blueness, 70 + 2 * (columns - place), atol=0.8)


@pytest.mark.parametrize(
    ("pixel_format", "luma", "chroma", "color_range"),
    [
        ("yuv420p10le", 940, 512, 1),
        ("yuv444p12le", 3760, 2048, 1),
        ("yuv420p16le", 60160, 32768, 1),
        ("yuv420p10le", 1023, 512, 2),
    ],
)
def test_white_is_one_at_any_depth(tmp_path, pixel_format, luma, chroma, color_range):
    path = tmp_path / "flat.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixel_format
        frame = av.VideoFrame(64, 64, pixel_format)
        for tagged in (stream.codec_context, frame):
            tagged.color_range, tagged.colorspace = color_range, 1
        for plane, value in zip(frame.planes, (luma, chroma, chroma), strict=True):
            plane.update(np.full(plane.buffer_size // 2, value, np.uint16).tobytes())
        container.mux(stream.encode(frame) + stream.encode())
    assert_allclose(load_video(path)[0, 30, 30], 1, atol=1e-6)  # float32


def test_transparency_is_read(tmp_path):
    frame = np.zeros((64, 64, 4), np.uint8)
    frame[:32], frame[32:] = (0, 0, 255, 255), (0, 255, 0, 0)  # red, and green that nobody sees
    path = encode(tmp_path / "alpha.mkv", [frame] * 2, pixel_format="bgra", given="bgra")
    assert load_video(path)[0, [2, 60], 2].tolist() == [[1, 0, 0, 1], [0, 1, 0, 0]]
