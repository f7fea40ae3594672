"""Small videos made on the fly: by PyAV, with what `save_video` does not write."""

import av
import numpy as np


def random_video(shape, dtype=np.uint8, seed=0):
    values = np.random.default_rng(seed).uniform(size=shape)
    if np.dtype(dtype).kind == "f":
        return values.astype(dtype)
    white = 1 if dtype is bool else np.iinfo(dtype).max
    return np.rint(values * white).astype(dtype)


def encode(path, frames, *, codec="ffv1", pixel_format="bgr0", given="rgb24", **options):
    """Write frames of the pixel format `given`; `options` are those of the codec or for PyAV.

    `rotation` turns the display, `container` are options of the container, `colorspace` and `title`
    are tags.
    """
    rotation, colorspace = options.pop("rotation", 0), options.pop("colorspace", None)
    title = options.pop("title", "")
    with av.open(str(path), "w", options=options.pop("container", {})) as container:
        container.metadata["title"] = title
        stream = container.add_stream(codec, rate=25, options=options)
        first = av.VideoFrame.from_ndarray(frames[0], format=given)
        stream.height, stream.width, stream.pix_fmt = first.height, first.width, pixel_format
        if rotation:
            stream.set_display_rotation(rotation)
        if colorspace is not None:
            stream.codec_context.colorspace = colorspace
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format=given)))
        container.mux(stream.encode())
    return path
