"""PyAV: imported when first used, opened with our errors, and its conversion of colors."""

from contextlib import contextmanager

from skfourier._extras import required


def pyav():
    """Import PyAV, or say how to install it."""
    return required("av", "PyAV", "Reading and writing videos", "video")


@contextmanager
def opened_video(path):
    """Open a file that holds a video, and give the stream of the video.

    Raises
    ------
    OSError
        If it cannot be opened, there is no video in it, or none that PyAV decodes.
    """
    av = pyav()
    try:
        # An absolute path, as "name:" would be a protocol, and no pattern, as "%d" would be one of
        # many images.
        container = av.open(
            str(path.absolute()), options={"pattern_type": "none"}, **_any_encoding(av)
        )
    except av.FFmpegError as error:
        raise OSError(
            f"{path} could not be read as a video: {error.strerror}. Check that it is a video "
            "file, and whole, by opening it in a player."
        ) from error
    with container:
        stream = _film(container)
        if stream is None:
            raise OSError(f"{path} holds no video{_found(container)}. Pass the path of a video.")
        if stream.codec_context is None:
            raise OSError(
                f"{path} holds a video that PyAV has no decoder for. Check that the file is whole "
                "by opening it in a player, and convert it with one."
            )
        yield stream


def _any_encoding(av):
    """Return the option that opens files whose titles are not UTF-8: since PyAV 19 all are."""
    return {"metadata_errors": "replace"} if av.__version__.startswith("18.") else {}


def _film(container):
    """Return the first video stream marked as default, else the first; None if there is none."""
    from av.stream import Disposition  # noqa: PLC0415

    pictures = Disposition.attached_pic | Disposition.timed_thumbnails
    if container.format.name == "tty":  # FFmpeg makes pictures of text
        return None
    films = [stream for stream in container.streams.video if not stream.disposition & pictures]
    return max(films, key=lambda film: bool(film.disposition & Disposition.default), default=None)


def _found(container):
    """Name what a file holds that is no video."""
    kinds = sorted({stream.type for stream in container.streams} - {"video"})
    if container.format.name == "tty":
        kinds = ["text"]
    elif container.streams.video and not kinds:
        kinds = ["pictures attached to it"]
    return f", but {', '.join(kinds)}" if kinds else ""


def converted(frame, pixel_format, **colors):
    """Convert the pixels of a frame, with all of the precision that FFmpeg's scaler has.

    Its defaults take chroma from the nearest sample and round down: from yuv420p to RGB photographs
    come out darker by one level of 255 or more, and 2 dB further from the original.

    Raises
    ------
    ValueError
        If the scaler does not know the format of the frame.
    """
    from av.video.reformatter import Interpolation  # noqa: PLC0415

    accurate = (
        Interpolation.BICUBIC
        | Interpolation.ACCURATE_RND
        | Interpolation.FULL_CHR_H_INT
        | Interpolation.FULL_CHR_H_INP
    )
    try:
        # One thread, as idle ones would stay with the process, and break its forks.
        return frame.reformat(format=pixel_format, interpolation=accurate, threads=1, **colors)
    except pyav().FFmpegError as error:
        raise ValueError(
            f"Frames of the pixel format {frame.format.name} cannot be converted to {pixel_format} "
            f"({error.strerror}). Convert the file first: ffmpeg -i FILE -c:v ffv1 FILE.mkv."
        ) from error
