#!/usr/bin/env python3
"""Small image files of many kinds, and what Pillow makes of them, for the tests of the decoder.

    make-image-cases.py OUT.safetensors

Needs Pillow 13, NumPy and safetensors. OUT is tests/TextualInversion.Tests/Fixtures/images-pillow.safetensors.

`NAME.file` is a file. `cases` in the metadata names the files, with `kind`, which decides the tolerance, and `rgb`, the name of the tensor
(H, W, 3) that ImageOps.exif_transpose(image).convert("RGB") makes of the file. Gray of 16 bits is expected rounded to 8, since Pillow cuts it off at 255.

The content is `smooth`, like a photo, `edges`, saturated squares of 3 pixels, or `tinted`, squares of one hue. No side is a multiple of 8.
"""
import io
import json
import struct
import sys
import zlib

import numpy as np
import PIL
from PIL import Image, ImageCms, ImageOps
from safetensors.numpy import save_file

WIDTH, HEIGHT = 33, 25
random = np.random.default_rng(5)
x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
smooth = np.stack([128 + 90 * np.sin(x / 9 + y / 14), 40 + 5 * x + random.normal(0, 2, x.shape), 220 - 6 * y + 20 * np.cos(x / 5)], -1)
smooth = np.clip(smooth, 0, 255).astype(np.uint8)
colors = random.integers(0, 2, (HEIGHT // 3 + 1, WIDTH // 3 + 1, 3)) * 255
edges = colors[y // 3, x // 3].astype(np.uint8)
tinted = (np.array([70, 20, 110]) + random.integers(0, 130, colors.shape[:2])[y // 3, x // 3][..., None]).astype(np.uint8)
alpha = np.clip(x * 8, 0, 255).astype(np.uint8)[..., None]
deep = random.integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(">u2")

photo, squares, hue = (Image.fromarray(content) for content in (smooth, edges, tinted))
gray, palette = photo.convert("L"), photo.quantize(16)
see_through = Image.fromarray(np.concatenate([smooth, alpha], -1))
srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
files, kinds, expected = {}, {}, {}


def add(name, kind, data):
    files[name], kinds[name] = data, kind


def save(name, kind, image, **options):
    buffer = io.BytesIO()
    image.save(buffer, format={"jpg": "JPEG", "tif": "TIFF"}.get(name.split(".")[1], name.split(".")[1]), **options)
    add(name, kind, buffer.getvalue())


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, kind, color, depth, samples, interlaced, *extra):
    """samples (H, W, channels); those of less than 8 bits are packed."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)] if interlaced else [(0, 0, 1, 1)]
    body = b""
    for left, top, columns, rows in passes:
        for row in samples[top::rows, left::columns]:
            if depth >= 8:
                packed = np.ascontiguousarray(row).tobytes()
            else:
                bits = (row[:, 0, None] >> np.arange(depth - 1, -1, -1)) & 1
                packed = np.packbits(bits.reshape(-1).astype(np.uint8)).tobytes()
            body += b"\0" + packed
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, color, 0, 0, int(interlaced))
    parts = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(body)), chunk(b"IEND", b"")]
    add(name, kind, b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def bmp(name, bits, rows, compression=0, table=b"", height=HEIGHT, masks=b""):
    offset = 14 + 40 + len(masks) + len(table)
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, compression, len(rows), 2835, 2835, len(table) // 4, 0)
    add(name, "exact", b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + header + masks + table + rows)


def run_lengths(indexes):
    """Bitmap rows from the bottom, as (count, index) pairs of RLE8."""
    out = b""
    for row in indexes[::-1]:
        at = 0
        while at < WIDTH:
            end = at
            while end < WIDTH and row[end] == row[at]:
                end += 1
            out += bytes([end - at, row[at]])
            at = end
        out += b"\0\0"
    return out + b"\0\1"


# JPEG. 4:4:4 has the colors of all pixels, 4:2:2 of every second and 4:2:0 of every fourth. Between them Pillow interpolates, and the decoder
# repeats, so the two agree only where the hue does not change.
for sampling, number in (("444", 0), ("422", 1), ("420", 2)):
    for end, progressive in ((".jpg", False), ("-progressive.jpg", True)):
        options = {"quality": 92, "subsampling": number, "progressive": progressive}
        save(f"smooth-{sampling}{end}", "jpeg-subsampled" if number else "jpeg", photo, **options)
        save(f"tinted-{sampling}{end}", "jpeg", hue, **options)
        if not number:
            save(f"edges-{sampling}{end}", "jpeg", squares, **options)
save("low-quality.jpg", "jpeg", photo, quality=20, subsampling=0)
save("optimized.jpg", "jpeg", photo, quality=92, subsampling=0, optimize=True)
save("restarts.jpg", "jpeg", photo, quality=92, subsampling=0, restart_marker_blocks=3)
save("restarts-progressive.jpg", "jpeg", photo, quality=92, subsampling=0, restart_marker_rows=1, progressive=True)
save("rgb-components.jpg", "jpeg", photo, quality=92, keep_rgb=True)
save("gray.jpg", "jpeg", gray, quality=92)
save("gray-progressive.jpg", "jpeg", gray, quality=92, progressive=True)
save("cmyk.jpg", "jpeg", photo.convert("CMYK"), quality=92, subsampling=0)
save("cmyk-progressive.jpg", "jpeg", photo.convert("CMYK"), quality=92, subsampling=0, progressive=True)
save("profile.jpg", "jpeg", photo, quality=92, subsampling=0, icc_profile=srgb)
save("comment.jpg", "jpeg", photo, quality=92, subsampling=0, comment=b"\xff\xd9" * 40)

# PNG
indexes = np.array(palette)[..., None]
table = chunk(b"PLTE", bytes(palette.getpalette()[:48]))
for interlaced in (False, True):
    end = "-interlaced.png" if interlaced else ".png"
    png("rgb" + end, "exact", 2, 8, smooth, interlaced)
    png("rgba" + end, "exact", 6, 8, np.concatenate([smooth, alpha], -1), interlaced)
    png("gray-alpha" + end, "exact", 4, 8, np.concatenate([smooth[..., :1], alpha], -1), interlaced)
    png("rgb16" + end, "rounded", 2, 16, deep[..., :3], interlaced)
    png("rgba16" + end, "rounded", 6, 16, deep, interlaced)
    png("gray-alpha16" + end, "rounded", 4, 16, deep[..., :2], interlaced)
    png("gray16" + end, "exact", 0, 16, deep[..., :1], interlaced)
    expected["gray16" + end] = np.repeat((deep[..., :1].astype(np.int64) + 128) // 257, 3, -1).astype(np.uint8)
    for depth in (1, 2, 4):
        png(f"gray{depth}" + end, "exact", 0, depth, smooth[..., :1] >> 8 - depth, interlaced)
        png(f"palette{depth}" + end, "exact", 3, depth, indexes & (1 << depth) - 1, interlaced, table)
    png("palette8" + end, "exact", 3, 8, indexes.astype(np.uint8), interlaced, table, chunk(b"tRNS", bytes([0, 128])))

# WebP
save("lossy.webp", "exact", photo, quality=90)
save("lossy-edges.webp", "exact", squares, quality=90)
save("lossy-low-quality.webp", "exact", photo, quality=10, method=6)
save("lossy-alpha.webp", "exact", see_through, quality=90, exact=True)
save("lossy-animated.webp", "exact", photo, quality=90, save_all=True, append_images=[squares])
exif = Image.Exif()
exif[0x112] = 1
save("claims-alpha.webp", "exact", photo, quality=90, exif=exif)
claims = bytearray(files["claims-alpha.webp"])
claims[20] |= 0x10  # the flags of VP8X
files["claims-alpha.webp"] = bytes(claims)
save("lossless.webp", "exact", photo, lossless=True, icc_profile=srgb)
save("lossless-edges.webp", "exact", squares, lossless=True)
save("lossless-palette.webp", "exact", palette.convert("RGB"), lossless=True, method=6)
save("lossless-gray.webp", "exact", gray, lossless=True)
save("lossless-alpha.webp", "exact", see_through, lossless=True, exact=True)
save("lossless-animated.webp", "exact", photo, lossless=True, save_all=True, append_images=[squares])

# GIF
save("plain.gif", "exact", palette, interlace=0)
save("interlaced.gif", "exact", palette, interlace=1)
save("colors256.gif", "exact", photo.quantize(256))
save("one-bit.gif", "exact", gray.convert("1"))
save("animated.gif", "exact", palette, save_all=True, append_images=[squares.quantize(8), gray], duration=40, loop=0, disposal=2)

# BMP
save("rgb.bmp", "exact", photo)
save("gray.bmp", "exact", gray)
save("one-bit.bmp", "exact", gray.convert("1"))
save("rgba.bmp", "exact", see_through)
bottom_up = smooth[::-1, :, ::-1]
bmp("top-down.bmp", 24, b"".join(row.tobytes() + bytes(-len(row.tobytes()) % 4) for row in smooth[..., ::-1]), height=-HEIGHT)
bmp("rgbx.bmp", 32, np.concatenate([bottom_up, np.zeros_like(alpha)], -1).tobytes())
colors = np.array(palette.getpalette()[:48], np.uint8).reshape(16, 3)[:, ::-1]
colors = np.concatenate([colors, np.zeros((16, 1), np.uint8)], -1).tobytes()
bmp("run-lengths.bmp", 8, run_lengths(indexes[..., 0].astype(np.uint8)), compression=1, table=colors)
nibbles = np.concatenate([indexes[::-1, :, 0], np.zeros((HEIGHT, 7), np.uint8)], -1).astype(np.uint8)
bmp("palette4.bmp", 4, (nibbles[:, ::2] << 4 | nibbles[:, 1::2]).tobytes(), table=colors)

# TIFF
for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
    save(f"{compression.removeprefix('tiff_').replace('_', '-')}.tif", "exact", photo, compression=None if compression == "raw" else compression)
save("gray.tif", "exact", gray)
save("palette.tif", "rounded", palette)
save("one-bit.tif", "exact", gray.convert("1"), compression="tiff_lzw")
save("fax.tif", "exact", gray.convert("1"), compression="group4", tiffinfo={262: 0})
save("fax-black-is-zero.tif", "unsupported", gray.convert("1"), compression="group4")
save("one-bit-by-default.tif", "unsupported", gray.convert("1"))
save("float.tif", "unsupported", gray.convert("F"))
save("lab.tif", "unsupported", photo.convert("LAB"))
save("zstd.tif", "unsupported", photo, compression="zstd")
save("rgba.tif", "exact", see_through)
save("gray16.tif", "exact", Image.fromarray(np.ascontiguousarray(deep[..., 0]).astype(np.uint16)))
save("gray16-big-endian.tif", "exact", Image.frombytes("I;16B", (WIDTH, HEIGHT), np.ascontiguousarray(deep[..., 0]).tobytes()))
expected["gray16.tif"] = expected["gray16-big-endian.tif"] = expected["gray16.png"]
save("jpeg.tif", "jpeg", photo, compression="jpeg", quality=92)
save("predictor.tif", "exact", photo, compression="tiff_lzw", tiffinfo={317: 2})
save("pages.tif", "exact", photo, save_all=True, append_images=[squares])

# EXIF orientation
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x112] = orientation
    save(f"orientation{orientation}.jpg", "jpeg", photo, quality=92, subsampling=0, exif=exif)
    save(f"orientation{orientation}.png", "exact", photo, exif=exif)
    save(f"orientation{orientation}.webp", "exact", photo, lossless=True, exif=exif)
    save(f"orientation{orientation}.tif", "exact", photo, compression="tiff_adobe_deflate", exif=exif)

tensors, cases, names = {}, [], {}
for name, data in files.items():
    rgb = expected.get(name)
    if rgb is None:
        rgb = np.array(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    same = names.setdefault((rgb.shape, rgb.tobytes()), name)
    tensors[name + ".file"] = np.frombuffer(data, np.uint8)
    tensors[same + ".rgb"] = np.ascontiguousarray(rgb)
    cases.append({"name": name, "kind": kinds[name], "rgb": same + ".rgb"})
save_file(tensors, sys.argv[1], {"script": "scripts/make-image-cases.py", "versions": json.dumps({"Pillow": PIL.__version__}), "cases": json.dumps(cases)})
