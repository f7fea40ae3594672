"""PyAV: imported when first used, opened with our errors, and its conversion of colours."""

from contextlib import contextmanager

from skfourier._extras import required


def pyav():
    """Import PyAV, or say how to install it."""
    return required("av", "PyAV", "Reading and writing videos", "video")


@contextmanager
def opened_video(path):
    """Open a file that holds a video.

    Raises
    ------
    OSError
        If it cannot be opened, or there is no video in it.
    """
    av = pyav()
    try:
        # An absolute path, as "name:" would be a protocol; titles may be in any encoding.
        container = av.open(str(path.absolute()), metadata_errors="replace")
    except av.FFmpegError as error:
        raise OSError(
            f"{path} could not be read as a video: {error.strerror}. Check that it is a video "
            "file, and whole, by opening it in a player."
        ) from error
    with container:
        kinds = {stream.type for stream in container.streams}
        if container.format.name == "tty":  # FFmpeg makes pictures of text
            kinds = {"text"}
        if "video" not in kinds:
            found = f", but {', '.join(sorted(kinds))}" if kinds else ""
            raise OSError(f"{path} holds no video{found}. Pass the path of a video file.")
        yield container


def converted(frame, pixel_format, **colours):
    """Convert the pixels of a frame, with all of the precision that FFmpeg's scaler has.

    Its defaults take chroma from the nearest sample and round down: from yuv420p to RGB photographs
    come out darker by one level of 255 or more, and 2 dB further from the original.
    """
    from av.video.reformatter import Interpolation  # noqa: PLC0415

    accurate = (
        Interpolation.BICUBIC
        | Interpolation.ACCURATE_RND
        | Interpolation.FULL_CHR_H_INT
        | Interpolation.FULL_CHR_H_INP
    )
    # One thread, as idle ones would stay with the process, and break its forks.
    return frame.reformat(format=pixel_format, interpolation=accurate, threads=1, **colours)
