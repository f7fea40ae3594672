"""Videos as regression problems: pixels to rows of coordinates and targets, and back.

The coordinates are columns (x, y, t) in [0, 1), the end point left out, rows frame by frame and
each frame row by row. The time t of a frame is its index in the whole video divided by the number
of frames there, also where only some of the frames are taken: a model that learns every tenth
frame at other times is late or early everywhere else.
"""

from skfourier.videos._reading import iterate_video, load_video
from skfourier.videos._rendering import render
from skfourier.videos._samples import samples_to_video, video_grid, video_to_samples
from skfourier.videos._writing import save_video

__all__ = [
    "iterate_video",
    "load_video",
    "render",
    "samples_to_video",
    "save_video",
    "video_grid",
    "video_to_samples",
]
