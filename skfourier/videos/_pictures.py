"""The pictures of a video file as they decode, and what a pass over all of them tells."""

from dataclasses import dataclass, field
from fractions import Fraction

from skfourier.videos._colors import has_alpha, is_opaque
from skfourier.videos._endings import ends_early
from skfourier.videos._pyav import opened_video, pyav

# Decoders of the streams whose alpha FFmpeg's own leave out.
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
# Formats whose last packet FFmpeg does not mark when it is cut short.
_HIDING_CUTS = {"gif", "mpegts"}


class DamageError(OSError):
    """A file that is cut short or damaged after the pictures that could be read."""


@dataclass
class Survey:
    """The pictures of a file, as decoding them once has shown."""

    ticks: list = field(default_factory=list)  # when each is shown; None where the file is silent
    last_duration: int = 0  # of the last picture, in ticks; 0 if unknown
    opaque: bool = True
    transfer: int = 0  # FFmpeg's number of the transfer function
    interlaced: bool = False
    pixel_aspect: Fraction = Fraction(1)  # width / height of a pixel
    damage: DamageError | None = None  # that follows the last picture


def survey(path, n_frames=None):
    """Decode the pictures of a file once, or the first so many of one without alpha.

    What the container announces is not asked: it counts pictures that are never shown, that an
    editor has cut off, or that it expected and did not get.

    Raises
    ------
    OSError
        If it holds no picture that decodes.
    """
    seen = Survey()
    with opened_video(path) as stream:
        seen.pixel_aspect = stream.sample_aspect_ratio or Fraction(1)
        try:
            for frame in pictures(path, stream):
                seen.ticks.append(frame.pts)
                seen.last_duration = frame.duration
                seen.transfer = frame.color_trc
                seen.interlaced = seen.interlaced or frame.interlaced_frame
                seen.opaque = seen.opaque and is_opaque(frame)
                if len(seen.ticks) == n_frames and not has_alpha(frame.format):
                    break
        except DamageError as damage:
            if not seen.ticks:
                raise
            seen.damage = damage
    if not seen.ticks:
        raise OSError(f"{path} is a video without frames.")
    return seen


def pictures(path, stream):
    """Yield the frames of a stream as they decode, in the order in which they are shown.

    Raises
    ------
    DamageError
        Where the file ends early, or its decoder reports damage.
    """
    av = pyav()
    decode = _decoder(stream)
    n_frames, has_begun = 0, False
    try:
        for packet in _packets(path, stream):
            # What depends on pictures before the first key frame is for nobody to see.
            has_begun = has_begun or packet is None or packet.is_keyframe or n_frames > 0
            try:
                frames = decode(packet)
            except av.FFmpegError:
                if has_begun:
                    raise
                continue
            for frame in frames:
                if frame.is_corrupt:
                    raise EOFError("the decoder reports a corrupt picture")
                yield frame
                n_frames += 1
    except (av.FFmpegError, EOFError) as error:
        raise _damage(path, n_frames, error) from error


def _decoder(stream):
    """Return a function that decodes a packet to a list of frames."""
    name = _ALPHA_DECODERS.get(stream.codec_context.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return stream.codec_context.decode
    return pyav().CodecContext.create(name, "r").decode


def _packets(path, stream):
    """Yield the packets of a stream, and at its end None, on which a decoder gives the rest.

    At a cut it keeps the rest, as other pictures would have come in between.

    Raises
    ------
    EOFError
        If the file ends early.
    """
    is_cut = ends_early(path)
    hides_cut = is_cut and stream.container.format.name in _HIDING_CUTS
    held: list = []
    for packet in stream.container.demux(stream):
        if not packet.size:  # it repeats a picture, and decoders would take it for the end
            continue
        if not packet.is_corrupt:  # so that what was wrong with those held was no cut
            yield from held
            held.clear()
        held.append(packet)
        if not (packet.is_corrupt or hides_cut):
            yield held.pop()
    if held or is_cut:
        raise EOFError("the file ends early")
    yield None


def _damage(path, n_frames, cause):
    if n_frames == 0:
        reason = getattr(cause, "strerror", None) or cause
        return DamageError(
            f"No frame of {path} can be decoded ({reason}): it is cut short or damaged, or PyAV's "
            "FFmpeg does not know its format (animated WebP). Check it by opening it in a player; "
            "if it plays, convert it with another FFmpeg: ffmpeg -i FILE -c:v ffv1 FILE.mkv."
        )
    return DamageError(
        f"{path} is cut short or damaged: {n_frames} frames could be read. "
        f"frames=slice({n_frames}) reads those."
    )
