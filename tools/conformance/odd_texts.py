"""Texts that tokenizers stumble over, the same ones in every run."""
import random
import unicodedata

WORDS = ("the a of you won prize free claim now url user hello world Hello WORLD straße Straße naïve café CAFÉ résumé İstanbul ΟΔΟΣ οδός "
         "don't we're I'll it's 'tis rock'n'roll e-mail http://t.co/a?b=1&c a_b __init__ C++ #tag @user $5 100% 3.14 1,000,000 007 ½ ² Ⅷ ١٢٣ "
         "漢字 日本語テキスト カタカナ ｶﾀｶﾅ ひらがな ー 한국어 조선말 中文字 привет Привет мир שלום مرحبا ไทย हिन्दी नमस्ते ภาษา "
         "ﬁre ﬂow Ａｂｃ ＵＲＬ １２３ ℃ ™ ㎏ ½cup ﷺ ǆ Ǆ ŉ ẞ ς σ Σ ﾞ").split()
MARKS = ["e\u0301", "A\u030a", "n\u0303\u0327", "o\u0338", "\u0301", "क\u094d\u200dष", "Ａ\u0301", "\u1100\u1161\u11a8", "a\u20dd", "u\u0308\u0304"]
SYMBOLS = ["🙂", "👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "❤\ufe0f", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\ufffd", "\x7f", "\x01", "\x1b", "\u0085",
           "…", "“q”", "``q''", "''", "``", "—", "–", "«x»", "¡¿", "·", "†", "§", "\u2581", "\u2581a", "\ue000", "\U000f0000", "\u0378", "←", "∑", "£", "~^`|"]
SPACES = [" ", " ", " ", " ", " ", "", "", "  ", "   ", "\t", "\n", "\r\n", "\r", "\n\n", " \n ", "\u00a0", "\u3000", "\u2003", "\u2028", "\v", "\f", "\u1680"]
PUNCTUATION = list("!?.,;:'\"()[]{}<>/\\-_*&#@$%^+=|~`")
FIXED = ["", " ", "  ", "\n", "a", " a", "a ", "  a  ", "\u2581", " \u2581 ", ".", "...", "a.b", "x" * 99, "x" * 100, "x" * 101, "é" * 101, "ab" * 400, " " * 300, "!" * 200,
         "\u0301", "a" + "\u0301" * 50, "0" * 64, "word " * 300, "\r\n\r\n", "\t\t", "a\u00a0b", "12 345", "1a2b", "A" * 70, "ÀÉ" * 40]


def assigned(code):
    """A character; a question mark in place of one that Unicode 3.2 does not have."""
    return chr(code) if unicodedata.ucd_3_2_0.category(chr(code)) != "Cn" else "?"


def texts(count, extra=(), seed=1):
    """`count` texts; `extra` strings occur in many of them."""
    rng = random.Random(seed)
    extra = list(extra)
    made = list(FIXED) + extra + [f"a {text} b" for text in extra] + [f"a{text}b" for text in extra] + [f"{text}{text}" for text in extra]
    while len(made) < count:
        parts = []
        for _ in range(rng.choice((1, 2, 3, 5, 8, 20))):
            kind = rng.random()
            if extra and kind < 0.15:
                parts.append(rng.choice(extra))
            elif kind < 0.65:
                word = rng.choice(WORDS)
                parts.append(rng.choice((word, word, word, word.upper(), word.lower(), word[::-1], word[:2], word + word)))
            elif kind < 0.75:
                parts.append(rng.choice(PUNCTUATION) * rng.choice((1, 1, 2, 3)))
            elif kind < 0.82:
                parts.append(rng.choice(MARKS))
            elif kind < 0.92:
                parts.append(rng.choice(SYMBOLS))
            else:
                # Characters of newer versions of Unicode are in some tables and not in others.
                parts.append(assigned(rng.choice((rng.randint(32, 0x24f), rng.randint(0x250, 0x2fff), rng.randint(0x3000, 0xd7ff), rng.randint(0xf900, 0x1fbff)))))
            parts.append(rng.choice(SPACES))
        made.append("".join(parts))
    # Arguments of a program have no NUL; surrogates are no characters.
    return [text.replace("\0", "") for text in made[:count]]
