"""Pictures as somebody might upload them, made by Pillow from a seed."""

import io
import random

from PIL import Image


def photo(width: int = 1600, height: int = 1200, *, seed: int = 7, blur: int = 24) -> Image.Image:
    """Something like a photo: soft colours, and no two pixels alike."""
    noise = random.Random(seed).randbytes(3 * (width // blur + 1) * (height // blur + 1))
    small = Image.frombytes("RGB", (width // blur + 1, height // blur + 1), noise)
    return small.resize((width, height), Image.Resampling.BICUBIC)


def grain(width: int, height: int, seed: int = 7) -> Image.Image:
    """What no program can make small."""
    return Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(3 * width * height))


def drawing(width: int = 400, height: int = 300, colour: tuple[int, ...] = (179, 38, 30)) -> Image.Image:
    """A few colours and sharp edges, on a ground that is see-through where the colour has four parts."""
    picture = Image.new("RGBA" if len(colour) == 4 else "RGB", (width, height), (0,) * len(colour))
    picture.paste(colour, (width // 4, height // 4, width // 2, height // 2))
    return picture


def written(picture: Image.Image, kind: str, **how: object) -> bytes:
    """The bytes of a file."""
    out = io.BytesIO()
    picture.save(out, format=kind, **how)
    return out.getvalue()
