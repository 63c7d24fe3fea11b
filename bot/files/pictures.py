"""Pictures, painted anew: what is kept is what was to be seen, and nothing else that was in the file."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin

from bot.files.errors import NotKept, Reason

# A picture as its reader sees it needs no more; a camera's own are several times as wide.
LONGEST_SIDE = 2048
# Of a file that claims more, nothing is unpacked: a thousand million pixels fit into a few kilobytes.
MOST_PIXELS = 50_000_000
_QUALITY = 85
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
# Pillow imports these three only when a file asks for them.
_LATE = (WebPImagePlugin, MpoImagePlugin, TiffImagePlugin)
_ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4


def prepare() -> None:
    """Have the decoders at hand: Pillow looks for them at its first picture, when no file can be opened any more."""
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours, and an error, not a warning


def repaint(data: bytes) -> bytes:
    """The first frame of a picture as a JPEG, upright, at most `LONGEST_SIDE` wide and high, without metadata.

    Raises NotKept, and whatever the decoder raises for a file that is broken.
    """
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise NotKept(Reason.TOO_LARGE)
        turned = image.getexif().get(_ORIENTATION, 1)
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        shown = _opaque(image)
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # A canvas of its own: the file's comments and profiles stay behind with the file.
    canvas = Image.new("RGB", shown.size)
    canvas.paste(shown)
    canvas.getexif()[_ORIENTATION] = turned
    painted = BytesIO()
    ImageOps.exif_transpose(canvas).save(painted, "JPEG", quality=_QUALITY, exif=b"")
    return painted.getvalue()


def _opaque(image: Image.Image) -> Image.Image:
    """The picture over white paper, in red, green and blue."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    over = image.convert("RGBA")
    paper = Image.new("RGB", over.size, "white")
    paper.paste(over, mask=over.getchannel("A"))
    return paper
