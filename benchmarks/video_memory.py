"""Memory of learning a video file frame by frame and rendering it to a file.

    python benchmarks/video_memory.py bigbuckbunny.mp4

Frames are read, learned by `partial_fit` and forgotten; then as many are predicted and written. For
a quarter of the frames, for all of them, and for all of them held in memory, each in a process of
its own, whose peak counts. A network learns each frame for one epoch and then forgets it, so that
its pictures are poor; the memory does not depend on that. Six minutes on two cores.
"""

import itertools
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from harness import memory, note, row, run

from skfourier import CoordinateMLPRegressor, FourierFeatures, FourierKernelRegressor
from skfourier.metrics import psnr
from skfourier.videos import iterate_video, render, video_to_samples

SIZE = (90, 160)
SIGMA = (10, 10, 1)


def network():
    features = FourierFeatures(SIGMA, n_frequencies=128, random_state=0)
    return CoordinateMLPRegressor(embedding=features, random_state=0)


def kernel():
    return FourierKernelRegressor(SIGMA, solver="nufft", domain=[(0, 1)] * 3, alpha=1e-2, tol=1e-3)


# With so many frames at once, as a block costs the kernel regressor the transform of all its modes.
MODELS = {"CoordinateMLPRegressor": (network, 1), "FourierKernelRegressor": (kernel, 12)}


def blocks(pairs, n_frames):
    """Gather frames that come with their times, so many at once."""
    while block := list(itertools.islice(pairs, n_frames)):
        times, frames = zip(*block, strict=True)
        yield times, np.stack(frames)


def learn_and_render(path, name, n_frames, whole):
    """Learn the first frames of a file and render them; return the peak in MB and what it took."""
    build, at_once = MODELS[name]
    model, times, start = build(), [], time.perf_counter()
    pairs = iterate_video(path, SIZE, slice(n_frames))
    for block_times, video in blocks(pairs, None if whole else at_once):
        model.partial_fit(*video_to_samples(video, times=block_times))
        times.extend(block_times)
    learned = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        rendered = Path(folder) / "rendered.mkv"
        shape = (len(times), *SIZE)
        if whole:
            render(model, shape, times=times)
        else:
            render(model, shape, rendered, times=times)
        ended, peak = time.perf_counter(), memory("VmHWM")
        quality = np.nan if whole else compare(path, rendered)
    return peak, len(times), learned - start, ended - learned, quality


def compare(path, rendered):
    """Return the PSNR of a rendered file, frame by frame: another mean than over the whole."""
    pairs = zip(iterate_video(rendered), iterate_video(path, SIZE), strict=False)
    return np.mean([psnr(true, ours) for (_, ours), (_, true) in pairs])


def in_a_process_of_its_own(*arguments):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(learn_and_render, *arguments).result()


def compare_memory(options):
    """Print the peaks of a quarter and of all frames streamed, and of all in memory."""
    for name in options.only:
        _, n_frames, *_ = whole = in_a_process_of_its_own(options.video, name, None, True)
        quarter = in_a_process_of_its_own(options.video, name, n_frames // 4, False)
        streamed = in_a_process_of_its_own(options.video, name, None, False)
        report(name, {"a quarter, streamed": quarter, "streamed": streamed, "in memory": whole})


def report(name, runs):
    quarter, streamed, whole = runs.values()
    n_frames = whole[1]
    samples = n_frames * SIZE[0] * SIZE[1] * (3 * 8 + 3 * 4) / 1e6
    print(f"{name}, {n_frames} frames of {SIZE[1]} x {SIZE[0]}; samples: {samples:.0f} MB")
    for what, (peak, count, learning, rendering, quality) in runs.items():
        reached = "" if np.isnan(quality) else f", {quality:.1f} dB"
        times = f"learned in {learning:.0f} s, rendered in {rendering:.0f} s"
        note(f"{what}: {count} frames, {times}, peak {peak:.0f} MB{reached}")
    what = "four times as many frames, streamed: growth of the peak, MB"
    row(what, streamed[0] - quarter[0], 0.1 * samples, at_most=True)
    row("peak with all in memory less that of streaming, MB", whole[0] - streamed[0])


if __name__ == "__main__":
    run(__doc__, compare_memory, "video", only=list(MODELS))
