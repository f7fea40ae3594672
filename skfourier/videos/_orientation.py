"""The orientation of frames: quarter turns and mirroring, as their file says."""

import numpy as np

_MAX_DEGREES_OFF = 10


def upright(pixels, frame):
    """Return the pixels of a frame, turned and mirrored as its display matrix says.

    With the matrix's (a, b, c, d), pixel (column, row) is shown at (a column + c row, b column +
    d row), but for scales and a shift: one of the eight symmetries of the square, or near it.

    Raises
    ------
    ValueError
        If an axis is more than ten degrees from horizontal and vertical.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None or not (given := np.frombuffer(matrix, np.int32).reshape(3, 3)[:2, :2]).any():
        return pixels
    axes = given / np.maximum(np.linalg.norm(given, axis=1, keepdims=True), 1)
    (a, b), (c, d) = nearest = np.rint(axes).astype(int)
    off = np.sin(np.radians(_MAX_DEGREES_OFF))
    if np.abs(axes - nearest).max() > off or abs(a * d - b * c) != 1:
        raise ValueError(
            f"Frames are to be turned by the matrix {given.tolist()} / 65536, which is more than "
            f"{_MAX_DEGREES_OFF} degrees from all quarter turns and mirror images. Turn the "
            "frames themselves first: ffmpeg -i FILE -c:v ffv1 FILE.mkv."
        )
    return pixels[::d, ::a] if a else pixels.swapaxes(0, 1)[::b, ::c]
