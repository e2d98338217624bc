"""Writes src/TextualInversion/Models/Tokenizers/UnicodeNormalization.txt from Python's unicodedata: python3 make-unicode-normalization.py > FILE."""
import unicodedata as ucd

HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)  # composed by arithmetic

print(f"# Unicode {ucd.unidata_version}, made by scripts/make-unicode-normalization.py.")
print("# C=A B: composes and decomposes; C>A B: only decomposes; A..B:N: these have the combining class N.")

for point in range(0x110000):
    decomposition = ucd.decomposition(chr(point))
    if not decomposition or decomposition.startswith("<") or point in HANGUL_SYLLABLES:
        continue
    parts = [int(part, 16) for part in decomposition.split()]
    composes = len(parts) == 2 and ucd.normalize("NFC", "".join(map(chr, parts))) == chr(point)
    print(f"{point:X}{'=' if composes else '>'}{' '.join(f'{part:X}' for part in parts)}")

point = 0
while point < 0x110000:
    combining_class, first = ucd.combining(chr(point)), point
    while combining_class and ucd.combining(chr(point + 1)) == combining_class:
        point += 1
    if combining_class:
        print(f"{first:X}..{point:X}:{combining_class}")
    point += 1
