"""
Slow motion: eight times as many frames, from measured motion
=============================================================

The clip is drawn to look like one from a phone: the camera pans over a photograph, and a disc and a
square move across it. The frames are written to a file and read back.
`MotionCompensatedRegressor` measures how their pixels move, predicts seven frames between each
pair, and streams them to a second file.

There are no learned weights, and nothing is invented. What neither of two frames shows is not
predicted. Where no motion is found (too fast, too small, transparent) the two frames are blended,
as any player can do.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw
from sklearn.datasets import load_sample_image

from skfourier import MotionCompensatedRegressor
from skfourier.videos import load_video, render, save_video, video_to_samples

output = Path("output")
output.mkdir(parents=True, exist_ok=True)
N_FRAMES, HEIGHT, WIDTH, SLOWER = 12, 120, 160, 8

# %%
# The clip, drawn at four times the size and reduced, so that its edges are smooth.
photograph = Image.fromarray(load_sample_image("china.jpg")).resize((4 * 240, 4 * 160))


def drawn(time):
    """Draw the frame at a time, in frames."""
    left, top = round(4 * (10 + 3 * time)), round(4 * (20 + 0.5 * time))
    image = photograph.crop((left, top, left + 4 * WIDTH, top + 4 * HEIGHT))
    draw = ImageDraw.Draw(image)
    x, y = 4 * (20 + 6 * time), 4 * (80 - 2 * time)
    draw.ellipse((x, y, x + 80, y + 80), "orange", "black", 8)
    x, y = 4 * (130 - 5 * time), 4 * (20 + 3 * time)
    draw.rectangle((x, y, x + 60, y + 80), "royalblue", "white", 8)
    return np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


save_video(output / "phone.mp4", np.stack([drawn(time) for time in range(N_FRAMES)]), fps=25)

# %%
# Read it, learn it, and write it eight times slower, one frame in memory at a time.
video = load_video(output / "phone.mp4")
model = MotionCompensatedRegressor().fit(*video_to_samples(video))
times = np.arange(SLOWER * (N_FRAMES - 1) + 1) / (SLOWER * N_FRAMES)
shape = len(times), HEIGHT, WIDTH, 3
render(model, shape, output / "phone_slow.mp4", times=times, fps=25)

# %%
# Halfway between two frames: the scene drawn at that time, the blend of the two frames, and the
# prediction from motion.
frame = N_FRAMES // 2
blend = (video[frame] + video[frame + 1]) / 2
moved = render(model, (1, HEIGHT, WIDTH, 3), times=[(frame + 0.5) / N_FRAMES])[0].clip(0, 1)
scene = drawn(frame + 0.5) / 255
pictures = {"the scene": scene, "blend": blend, "motion": moved}
figure, axes = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
for ax, (name, picture) in zip(axes, pictures.items(), strict=True):
    error = np.sqrt(np.mean((picture - scene) ** 2))
    ax.imshow(picture)
    ax.set(title=f"{name}: RMSE {error:.3f}", xticks=[], yticks=[])
figure.savefig(output / "slow_motion.png", dpi=100)
plt.show()
