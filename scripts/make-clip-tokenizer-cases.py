"""Writes tests/TextualInversion.Tests/Fixtures/clip-tokenizer-cases.json: awkward texts and the ids transformers gives them.

python3 scripts/make-clip-tokenizer-cases.py > FILE, in an environment with transformers.
"""
import json
import random
from pathlib import Path

import tokenizers
import transformers

TOKENIZER = "samples/demo-model/tokenizer"

by_hand = [
    # letters and digits beyond U+FFFF
    "𝒞𝒶𝓉 𝔇𝔬𝔤", "𝟘𝟙𝟚 𝟗", "𐐀𐐨", "𐐀𐐁 cat", "𠀀𠀁漢", "a𝟙b", "𝐚1𝐛", "🅰🅱", "𐄇𐄈", "𞤀𞤁", "𑓐𑓑", "cat𝟙dog",
    # combining marks, composition and its order
    "cafe\u0301", "café", "e\u0301\u0323", "e\u0323\u0301", "A\u030a", "\u212b", "\u2126", "\u1e9b\u0323", "q\u0307\u0323", "\u0344", "\u0958",
    "n\u0303o", "\u1100\u1161\u11a8", "\uac00\u11a8", "\u1100\u1161", "\u0f71\u0f72\u0f74", "\u2adc", "\ufb1d", "\uf900 \u2f800", "\U0002f800",
    "\u0301cat", "cat\u0301", "cat\u20dd", "a\u0327\u0301", "\u1e0d\u0307", "\u0d9a\u0dca\u200d\u0dbb", "\u0928\u093f", "\u0e01\u0e33", "ñ\u0303",
    "\u09c7\u09be", "\U000110a5\U000110ba", "\u0308\u0301a", "\ufeff\u0301", "ä\u0304", "a\u0304\u0308",
    # case
    "İstanbul", "I\u0307", "ıI", "ΣΑΣ", "ΟΔΥΣΣΕΥΣ ΚΑΙ", "ς", "ẞ ß SS", "ſ K Å", "ǅ ǈ ǋ ǲ", "Ǆungla", "ﬀ ﬁ ﬂ ﬃ ﬄ", "ⅧⅨ ⅷ", "ⒶⒷⓒ", "ＦＵＬＬ ｗｉｄｔｈ",
    "ΐ ΰ", "ᾈ ᾨ ᾳ", "Ა ა", "Ꭰ ꭰ", "Ⴀ ⴀ", "Ɐ Ɑ", "Ω Ω", "Θ ϴ", "CaT dOg", "İ́", "J̌ ǰ", "Ȿ", "Ⱥ Ⱦ", "ŉ",
    # emoji
    "👨‍👩‍👧‍👦", "👍🏽", "🇯🇵🇩🇪", "❤️ ❤", "🏳️‍🌈", "1️⃣ #️⃣", "☺☹", "🐱cat🐱", "a🐱b", "🫠", "🧑🏿‍🚀 photo", "✂️", "™ © ®",
    # scripts
    "你好，世界！", "日本語のテキスト", "ｶﾀｶﾅ カタカナ", "한국어 문장", "Привет, мир", "مرحبا بالعالم", "שלום", "हिन्दी में", "ไทยภาษา", "தமிழ்", "ქართული",
    "ԱԲ աբ", "አማርኛ", "ᏣᎳᎩ", "mixed中文english", "cat猫dog犬", "１２３ ٣٤٥ ५६ ๑๒", "½ ¼ ² ³ ① ⑩ ㊿ 〇 〡", "Ⅳ ⅳ ↂ", "ª º ʰ ˀ", "々 〆 ヶ", "ۇ ۀ", "ﷺ ﷲ",
    # white space and characters that look like it
    " cat  dog ", "cat\tdog\ncat\r\ndog", "cat\u00a0dog", "cat\u1680dog", "cat\u2000\u2001dog", "cat\u2028dog\u2029cat", "cat\u202fdog\u205fcat",
    "cat\u3000dog", "cat\u0085dog", "cat\u000bdog\u000ccat", "cat\u200bdog", "cat\u180edog", "cat\u2060dog", "cat\ufeffdog", "cat\u200cdog\u200dcat",
    "\u3000", "\n\n", "\u200b", "cat\u001cdog\u001dcat\u001edog\u001fcat", "\u2000cat", "  ", "! !", "!\u00a0!",
    # control and unassigned characters, private use, non-characters
    "\u0000", "\u0001\u0002cat", "cat\u007fdog", "cat\u0080dog\u009f", "\u00ad", "cat\u00addog", "\ufffd", "\ufffe", "\uffff", "\ue000", "\U0010ffff",
    "\U000e0041", "\u0378", "\u061c\u200e\u200f", "\U0001f1e6", "\ufffc", "\u2066cat\u2069", "\ufe0f", "\U000e0100",
    # apostrophes
    "cat's", "CAT'S", "isn't they're we've I'm you'll he'd", "'s", "'S'T'RE", "''s", "'''", "rock'n'roll", "cat’s", "cat`s", "'t'", "'ss", "'reed 'llama",
    "'vet 'met 'dot", "a'b", "'", "x'", "!'s", "'\u017f", "' s", "'s's's", "\"'s\"", "1's", "1980s '80s", "'m'm", "d'd'd", "猫's", "'é", "🐱's", "'ſt",
    # digits and punctuation
    "3.5x10", "1,234,567", "2026-11-24", "cat1dog2", "a1", "1a", "...", "!!!", "?!?!", "--", "---cat---", "a-b_c", "under_score", "(cat)", "((cat:1.2))",
    "[cat|dog]", "{cat}", "<cat>", "<<cat>>", "a<b>c", "#cat @dog", "$5 €6 £7", "50%", "c++ c#", "~`^", "\\n", "a/b\\c", "http://x.y/z?q=1&r=2#f", "e@x.org",
    "“cat” ‘dog’ «car»", "cat—dog – car", "…", "•cat", "¿qué?", "§ ¶ †", "× ÷ ±", "≠≤≥", "→←", "█▓", "a.b.c", "*cat*", "**", "***", "cat,dog;car:", "<3 :)",
    # special tokens
    "<|startoftext|>", "<|endoftext|>", "<|endoftext|>cat", "cat<|endoftext|>dog", "cat <|startoftext|> dog", "<|STARTOFTEXT|>", "<|EndOfText|>",
    "<|ENDOFTEXT|>!", "!<|ENDOFTEXT|>", "<|ENDOFTEXT|><|ENDOFTEXT|>", "< |endoftext|>", "<|endoftext|", "|endoftext|>", "<<|endoftext|>>", "endoftext",
    "<|endoftext|>'s", "'<|startoftext|>'", "<|endof text|>", "<|startoftext|><|endoftext|>", "<|ſtartoftext|>", "<|endoftext|>\u0301", "e<|endoftext|>\u0301",
    "<|startoftext|>\u0301", "x<|StartOfText|>y", "<|unk|>", "<pad>", "</w>", "cat</w>", "Ġcat", "##cat", "<|ENDOFTEXT|>cat!<|endoftext|>",
    # long ones
    "supercalifragilisticexpialidocious", "pneumonoultramicroscopicsilicovolcanoconiosis", "aaaaaaaaaaaaaaaaaaaaaaaa", "catcatcatcatcat", "ł" * 20,
]


def random_text(draw: random.Random) -> str:
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xD80), (0x1E00, 0x2100), (0x2100, 0x2800),
              (0x3000, 0x3100), (0xAC00, 0xAD00), (0x10400, 0x10450), (0x1D400, 0x1D800), (0x1F300, 0x1F700)]
    points = [draw.randrange(*draw.choice(blocks)) for _ in range(draw.randrange(3, 9))]
    return "".join(map(chr, points))


draw = random.Random(0)
texts = list(dict.fromkeys(by_hand + [random_text(draw) for _ in range(40)]))
tokenizer = transformers.CLIPTokenizer.from_pretrained(Path(__file__).parent.parent / TOKENIZER)
cases = [{"text": text, "ids": tokenizer(text, add_special_tokens=False)["input_ids"]} for text in texts]
print('{\n"madeBy": "scripts/make-clip-tokenizer-cases.py",')
print(f'"transformers": "{transformers.__version__}", "tokenizers": "{tokenizers.__version__}", "tokenizer": "{TOKENIZER}",\n"cases": [')
print(",\n".join(json.dumps(case) for case in cases))
print("]\n}")
