"""Uploads are written anew: pixels only, small, upright, JPEG or PNG."""

import io
import struct
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mailer.issues.images.encode import GOAL, MOST_BYTES, MOST_PIXELS, ImageError, encode
from tests.issues.images.pictures import drawing, grain, photo, written

SECRET = b"taken at home, 1.3521 N 103.8198 E"


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def refusal(content: bytes) -> ImageError:
    with pytest.raises(ImageError) as raised:
        encode(content)
    return raised.value


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_photo_becomes_a_jpeg_in_the_size_that_mail_needs(kind):
    kept = encode(written(photo(1600, 1200), kind, **({"compress_level": 1} if kind == "PNG" else {})))
    assert (kept.extension, kept.width, kept.height) == ("jpg", 1280, 960)
    assert len(kept.content) <= GOAL
    shown = opened(kept.content)
    assert (shown.format, shown.size) == ("JPEG", (1280, 960))


def test_what_is_small_keeps_its_size():
    kept = encode(written(photo(300, 200), "JPEG"))
    assert (kept.width, kept.height) == (300, 200)


def test_a_drawing_stays_sharp_as_a_png():
    kept = encode(written(drawing(), "PNG"))
    assert kept.extension == "png"
    assert opened(kept.content).convert("RGB").getpixel((110, 80)) == (179, 38, 30)


def test_what_is_see_through_stays_so():
    kept = encode(written(drawing(colour=(179, 38, 30, 255)), "WEBP", lossless=True))
    shown = opened(kept.content).convert("RGBA")
    assert (kept.extension, shown.getpixel((0, 0))[3], shown.getpixel((110, 80))) == (
        "png",
        0,
        (179, 38, 30, 255),
    )


def test_a_photo_with_nothing_see_through_in_it_is_no_png():
    assert encode(written(photo().convert("RGBA"), "PNG")).extension == "jpg"


def test_what_no_quality_makes_small_gets_fewer_pixels():
    kept = encode(written(grain(1280, 900), "PNG"))
    assert len(kept.content) <= GOAL
    assert kept.width < 1280
    assert kept.width / kept.height == pytest.approx(1280 / 900, rel=0.02)


def test_what_is_see_through_and_cannot_be_made_small_gets_fewer_pixels():
    picture = grain(900, 700).convert("RGBA")
    picture.putalpha(grain(900, 700, seed=8).convert("L"))
    kept = encode(written(picture, "PNG", compress_level=1))
    assert (kept.extension, len(kept.content) <= GOAL) == ("png", True)


def test_of_an_animation_the_first_picture_is_kept():
    frames = [drawing(colour=colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]
    kept = encode(written(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    shown = opened(kept.content)
    assert getattr(shown, "n_frames", 1) == 1
    assert shown.convert("RGB").getpixel((110, 80)) == (200, 0, 0)


def test_a_photo_that_was_taken_sideways_stands_upright_and_says_nothing_of_where():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010E] = SECRET.decode()
    content = written(photo(400, 200), "JPEG", exif=exif, comment=SECRET)
    assert SECRET in content
    kept = encode(content)
    assert (kept.width, kept.height) == (200, 400)
    assert SECRET not in kept.content
    assert not opened(kept.content).getexif()


def test_texts_in_a_png_do_not_come_along():
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Comment", SECRET.decode())
    content = written(drawing(), "PNG", pnginfo=texts) + b"<script>alert(1)</script>"
    assert SECRET in content
    kept = encode(content)
    assert SECRET not in kept.content
    assert b"<script>" not in kept.content


def test_colours_of_print_and_wide_screens_become_those_of_the_web():
    assert opened(encode(written(photo(300, 200).convert("CMYK"), "JPEG")).content).mode == "RGB"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    kept = opened(encode(written(photo(300, 200), "JPEG", icc_profile=profile)).content)
    assert "icc_profile" not in kept.info
    encode(written(photo(300, 200), "JPEG", icc_profile=b"no profile"))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
def test_every_way_to_store_pixels_is_read(mode):
    picture = (
        photo(60, 40).convert("L").convert("I").convert("I;16")
        if mode == "I;16"
        else photo(60, 40).convert(mode)
    )
    assert encode(written(picture, "PNG")).width == 60


def _png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (MOST_PIXELS, 2), (8_000, 5_001)])
def test_a_small_file_with_huge_pictures_in_it_is_refused_before_it_is_decoded(width, height):
    error = refusal(_png_that_claims(width, height))
    assert error.code in ("pixels", "unknown")


def test_what_is_too_large_is_refused_with_the_limit():
    error = refusal(b"x" * (MOST_BYTES + 1))
    assert (error.code, "10 MB" in str(error)) == ("large", True)


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.7",
        b"BM" + bytes(60),
        b"II*\0" + bytes(60),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"GIF89a",
        b"hello",
    ],
)
def test_what_is_no_picture_for_mail_is_refused(content):
    assert refusal(content).code in ("unknown", "broken")
    assert "Choose" in str(refusal(content))


def test_an_empty_file_is_told_so():
    assert refusal(b"").code == "empty"


def test_half_a_picture_is_damaged():
    content = written(photo(400, 300), "JPEG")
    assert refusal(content[: len(content) // 2]).code == "broken"


@pytest.mark.parametrize("box", [b"iloc", b"pitm"])
def test_an_avif_whose_parts_are_not_found_is_damaged(box):
    assert refusal(written(photo(120, 90), "AVIF").replace(box, b"free")).code == "broken"


_FILES = [written(photo(40, 30), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP")]


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(_FILES), st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(file, data):
    damaged = bytearray(file)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        kept = encode(bytes(damaged))
    except ImageError:
        return
    assert opened(kept.content).size == (kept.width, kept.height)
