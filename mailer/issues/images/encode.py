"""From bytes that claim to be a picture to a picture for mail: pixels only, upright, small, JPEG or PNG.

640 pixels is the column of a mail, and screens have two dots for each: more than 1,280 pixels nobody sees. Outlook on
Windows shows neither WebP nor AVIF, and of an animation only the first picture, so that one is what is kept. SVG is a
program's language, and is not read at all.
"""

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

READ = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
MOST_BYTES = 10 * 1024 * 1024
"""Of an upload."""
MOST_PIXELS = 40_000_000
"""Of an upload, width by height: what the cameras of phones take. Decoding one needs up to eight bytes each."""
WIDEST, TALLEST = 1280, 2560
GOAL = 300 * 1024
"""Bytes that a kept picture should not have more of: readers load it over the phone's network."""
_QUALITIES = (84, 76, 68, 60)
_SMALLER = 0.8
"""What a side is multiplied with at most, where no quality is enough."""
_SMALLEST = 64
"""Pixels of a side; what has fewer is kept as it is."""
_FEW_COLOURS = 256


class ImageError(Exception):
    """What was given is no picture that can be kept; the message says why and what to do.

    Codes: `empty`, `large`, `small`, `pixels`, `unknown`, `broken`, `storage`.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Encoded:
    """A picture as it is kept. Width and height are in pixels; the extension is `jpg` or `png`."""

    content: bytes
    extension: Literal["jpg", "png"]
    width: int
    height: int


def encode(content: bytes) -> Encoded:
    """Write a picture anew.

    Args:
        content: JPEG, PNG, GIF, WebP or AVIF, whatever its name says.
    Raises:
        ImageError: it is none of them, too large, or cannot be read.
    """
    if not content:
        raise ImageError("empty", "The file is empty. Choose another one.")
    if len(content) > MOST_BYTES:
        raise ImageError(
            "large", f"The picture is larger than {MOST_BYTES / 1024 / 1024:.0f} MB. Make it smaller first."
        )
    picture = _decode(content)
    picture.thumbnail((WIDEST, TALLEST), Image.Resampling.LANCZOS)
    while True:
        for kept in _tries(picture):
            if len(kept.content) <= GOAL:
                return kept
        if min(picture.size) < _SMALLEST:
            return kept
        # Bytes grow with the area.
        by = min(_SMALLER, sqrt(GOAL / len(kept.content)))
        picture = picture.resize(
            (max(1, int(picture.width * by)), max(1, int(picture.height * by))), Image.Resampling.LANCZOS
        )


def _decode(content: bytes) -> Image.Image:
    """The pixels, upright, as RGB or RGBA in the colours of the web."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own about size; ours is below
            with Image.open(io.BytesIO(content), formats=READ) as opened:
                width, height = opened.size
                if width * height > MOST_PIXELS:
                    raise ImageError(
                        "pixels",
                        f"The picture has {width:,} × {height:,} pixels, more than {MOST_PIXELS:,}. Make it smaller first.",
                    )
                # A JPEG is decoded at half, a quarter … of its size, as far as more than enough is left.
                opened.draft("RGB", (2 * WIDEST, 2 * TALLEST))
                opened.load()
                return _plain(opened)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ImageError(
            "unknown", "This is no picture that mail can show. Choose a JPEG, PNG, GIF, WebP or AVIF file."
        ) from error
    # What damage makes the decoders raise is of many kinds; AVIF’s is a RuntimeError.
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        IndexError,
        MemoryError,
        TypeError,
        RuntimeError,
    ) as error:
        raise ImageError(
            "broken", "The picture is damaged and cannot be read. Choose another one."
        ) from error


def _plain(picture: Image.Image) -> Image.Image:
    """The pixels in a new picture, to which no metadata come along."""
    profile = picture.info.get("icc_profile")
    see_through = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = picture.point(lambda value: value / 256).convert("L")  # 16 bits of grey
    elif picture.mode in ("1", "P", "PA"):
        picture = picture.convert("RGBA" if see_through else "RGB")
    picture.thumbnail((TALLEST, TALLEST), Image.Resampling.LANCZOS)  # before what needs a copy of it
    picture = ImageOps.exif_transpose(picture)
    if profile and picture.mode in ("RGB", "CMYK"):
        picture = _in_colours_of_the_web(picture, profile)
    converted = picture.convert("RGBA" if see_through else "RGB")
    if see_through and converted.getchannel("A").getextrema() == (255, 255):
        converted = converted.convert("RGB")
    plain = Image.new(converted.mode, converted.size)
    plain.paste(converted)
    return plain


def _in_colours_of_the_web(picture: Image.Image, profile: bytes) -> Image.Image:
    """Browsers take a picture without a profile for sRGB. A profile that cannot be read is passed over."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        web = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, source, web, outputMode="RGB") or picture
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture


def _tries(picture: Image.Image) -> Iterator[Encoded]:
    """The picture in every way that is tried at its size, the best first, the smallest last."""
    if picture.mode == "RGBA" or picture.getcolors(_FEW_COLOURS) is not None:
        yield _png(picture)
        yield _png(_reduced(picture))
    if picture.mode == "RGB":
        for quality in _QUALITIES:
            yield _jpeg(picture, quality)


def _reduced(picture: Image.Image) -> Image.Image:
    return picture.quantize(_FEW_COLOURS, method=Image.Quantize.FASTOCTREE)


def _png(picture: Image.Image) -> Encoded:
    return _written(picture, "png", format="PNG", optimize=True)


def _jpeg(picture: Image.Image, quality: int) -> Encoded:
    return _written(picture, "jpg", format="JPEG", quality=quality, optimize=True, progressive=True)


def _written(picture: Image.Image, extension: Literal["jpg", "png"], **how: object) -> Encoded:
    out = io.BytesIO()
    picture.save(out, **how)  # type: ignore[arg-type]
    return Encoded(out.getvalue(), extension, picture.width, picture.height)
