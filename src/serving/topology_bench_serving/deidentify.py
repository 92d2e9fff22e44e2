"""Replaces identifiers in clinical English by tags such as `<NAME>`, with patterns of our own.

It can't see names without a title or a telling word before them, and more: docs/de-identification.md lists what is
known. It lowers the risk; it is no guarantee, and no ground for calling a text anonymous.

Every pattern is bounded in each repetition that something must follow, so that time grows linearly with the text
whatever the text is.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:(?:19|20)\d{2}|'?\d{2})"
# Python's expressions have no class for capital letters; the alphabets that have any lie below this code point.
_CAPITAL = f"[{''.join(letter for letter in map(chr, range(0x3000)) if letter.isupper())}]"
# An accent may be a character of its own after its letter.
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f])"
# In "patient Mr. Lee" and "wife Dr. Lee" the name begins after the second cue.
_NO_TITLE = r"(?!(?:Dr|Mr|Mrs|Ms|Mx|Prof|Rev|Fr|Pt|PT)\.)"
_NAME_WORD = rf"(?:{_NO_TITLE}{_CAPITAL}(?:{_LETTER}|['’-](?={_LETTER})){{0,40}})"
_INITIAL = rf"{_CAPITAL}\."
_PARTICLE = r"(?:van|von|de|del|della|der|den|la|bin)"
_NAME_PART = rf"(?:(?:{_PARTICLE}[ \t]){{0,2}}(?:{_INITIAL}|{_NAME_WORD}))"
_NAME = rf"(?:{_NAME_PART}(?:[ \t]{{1,3}}{_NAME_PART}){{0,3}})"
_TITLE = r"(?:Dr|Doctor|Mr|Mrs|Ms|Miss|Mx|Prof|Professor|Nurse|Pt|PT|Patient|patient|Rev|Sr|Sister|Fr|Father)"
_RELATIVE = (
    r"(?:[Ww]ife|[Hh]usband|[Ss]pouse|[Pp]artner|[Mm]other|[Ff]ather|[Ss]on|[Dd]aughter|[Bb]rother|[Ss]ister|[Ff]riend"
    r"|[Nn]eighbou?r|[Gg]uardian|[Cc]aregiver|[Cc]arer|[Aa]unt|[Uu]ncle|[Nn]iece|[Nn]ephew|[Cc]ousin"
    r"|[Gg]rand(?:mother|father|son|daughter))"
)
_NAME_FIELD = r"(?:(?:[Pp]atient |[Ff]ull |[Ll]ast |[Ff]irst |[Mm]aiden )?[Nn]ame|NAME|[Ss]igned(?: by)?|[Aa]ttending)"
_ID_FIELD = (
    r"(?:(?:member|patient|policy|insurance|subscriber|group|employee|visit|encounter|beneficiary|plan|claim)"
    r"(?: id| no\.?| number)?|account|acct\.?|licen[cs]e|certificate|serial|vin|plate|passport|device|medicare|medicaid"
    r"|id|dea|npi)(?: (?:id|no\.?|number|nr\.?))?"
)
_STREET_KIND = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Circle|Cir|Way|Place|Pl|Terrace|Ter"
    r"|Parkway|Pkwy|Highway|Hwy|Square|Sq|Trail|Trl|Loop|Run|Alley|Plaza|Crescent|Close)"
)
_PHONE_CUE = (
    r"\b(?:(?:tele|cell)?phoned?|tel|mobile|(?<!red )(?<!white )(?<!blood )cell|fax(?:ed)?|pager|voicemail|call(?:ed)?)"
    r"\.?(?: (?:number|no\.?|nr\.?))?(?: ?\([a-z]{1,12}\))?(?: back)?(?: (?:is|was|at|on|to))?\s?[:#(]?\s{0,3}"
)
# Seven digits or more; groups of one digit, and groups parted by now a point and now a space, are rather values.
_PHONE_DIGITS = (
    r"(?:\+?\d{7,15}|\+?(?=(?:\.?\d){7})\d{1,5}(?:\.\d{2,8}){1,5}"
    r"|\+?(?=(?:[- ()]{0,3}\d){7})(?:\d{1,5}|\(\d{1,5}\))(?:[- ]{1,2}(?:\d{2,8}|\(\d{2,8}\))){1,5})(?!\w|[.,]\d)"
)
# What follows an amount, so that "500-1250 ml" is no telephone number.
_UNIT = (
    r"(?:%|(?:[kmunpµ]?g|mcg|[mdµ]?l|cc|[cm]?m|i?u|units?|k?cal|kj|meq|[mnµ]mol|cells?|copies|steps|met(?:re|er)s?"
    r"|hours?|hrs?|days?|weeks?|years?|times|per|to|x)\b)"
)

# A pattern marks its named group `hide` where it has one, and its whole match elsewhere. Of two that mark the same, the
# first gives the type.
_RECOGNIZERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("URL", re.compile(r"\b(?:https?|ftp)://[^\s<>\"]+|\bwww\.[^\s<>\"]+", re.IGNORECASE)),
    ("EMAIL", re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[A-Za-z\d](?:[A-Za-z\d-]{0,62}\.){1,8}[A-Za-z]{2,24}\b")),
    ("DATE", re.compile(rf"(?<![\w/.-])(?:19|20)\d{{2}}([-/.]){_MONTH_NUMBER}\1{_DAY}(?![\d/])")),
    ("DATE", re.compile(rf"(?<![\w/.-]){_MONTH_NUMBER}([-/.]){_DAY}\1{_YEAR}(?![\w/-])")),
    ("DATE", re.compile(rf"(?<![\w/.-]){_DAY}([-/.]){_MONTH_NUMBER}\1{_YEAR}(?![\w/-])")),
    (
        "DATE",
        re.compile(
            r"(?<![\w/.-])(?<!\bpain )(?<!\bscore )(?<!\brated )"
            rf"{_MONTH_NUMBER}/{_DAY}(?![\w/]|\.\d)(?! ?(?:mg|mm|pain))"
        ),
    ),
    ("DATE", re.compile(rf"\b{_MONTH}\.?\s{{1,3}}{_DAY}(?:st|nd|rd|th)?\b(?:,?\s{{1,3}}{_YEAR}\b)?", re.IGNORECASE)),
    (
        "DATE",
        re.compile(rf"\b{_DAY}(?:st|nd|rd|th)?\s{{1,3}}(?:of )?{_MONTH}\b\.?(?:,?\s{{1,3}}{_YEAR}\b)?", re.IGNORECASE),
    ),
    ("DATE", re.compile(rf"\b{_MONTH}\.?,?\s{{1,3}}(?:of )?(?:19|20)\d{{2}}\b", re.IGNORECASE)),
    (
        "DATE",
        re.compile(
            r"(?<![\w/.-])(?<!risk )(?<!risk of )(?<!ratio )(?<!titre )(?<!titer )"
            rf"{_MONTH_NUMBER}/(?:19|20)\d{{2}}(?![\w/-]|\.\d)"
        ),
    ),
    ("IP", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]?\d)")),
    ("IP", re.compile(r"(?<![\w:])(?:[A-Fa-f\d]{1,4}:){7}[A-Fa-f\d]{1,4}(?![\w:])")),
    ("IP", re.compile(r"(?<![\w:])(?:[A-Fa-f\d]{1,4}:){1,6}(?::[A-Fa-f\d]{1,4}){1,6}(?![\w:])")),
    ("SSN", re.compile(r"(?<![\w-])\d{3}([- ])\d{2}\1\d{4}(?![\w-])")),
    ("SSN", re.compile(r"\b(?:SSN|social security(?: number| no\.?)?)[:#]?\s{0,3}(?P<hide>\d{9})\b", re.IGNORECASE)),
    (
        "PHONE",
        re.compile(
            r"(?<![\w.-])(?:\+?1[-. ]{0,2})?(?:\(\d{3}\)[-. ]{0,2}|\d{3}[-. ])\d{3}[-. ]\d{4}"
            r"(?:[ ,]{0,2}(?:x|ext\.?|extension)[ ]{0,2}\d{1,6})?(?![\w-])",
            re.IGNORECASE,
        ),
    ),
    ("PHONE", re.compile(r"(?<![\w.])\+\d{1,3}(?:[-. ]?\(?\d{1,4}\)?){2,5}(?!\w)")),
    ("PHONE", re.compile(rf"{_PHONE_CUE}(?P<hide>{_PHONE_DIGITS})", re.IGNORECASE)),
    # British numbers, whose leading zero no amount has; groups of four alone would be hours such as 0600 1200 1800.
    (
        "PHONE",
        re.compile(
            r"(?<![\w.,/-])(?:(?:0\d\d|\(0\d\d\))[- ]\d{4}[- ]\d{4}|(?:0\d{3}|\(0\d{3}\))[- ]\d{3}[- ]\d{4}"
            r"|(?:0\d{4}|\(0\d{4}\))[- ]\d{3}[- ]?\d{3})(?![\w/-]|[.,]\d)"
        ),
    ),
    (
        "MRN",
        re.compile(
            r"\b(?:MRN?|medical record|chart|hospital)(?: (?:number|no\.?|nr\.?|id))?\s{0,2}[:#]?\s{0,3}#?"
            r"(?P<hide>(?=[A-Z-]{0,4}\d)[A-Z\d-]{4,15})\b",
            re.IGNORECASE,
        ),
    ),
    ("ID", re.compile(r"\b(?=[A-HJ-NPR-Z\d]{0,16}\d)[A-HJ-NPR-Z\d]{17}\b")),
    (
        "ID",
        re.compile(
            rf"\b{_ID_FIELD}\s{{0,2}}[:#]?\s{{0,3}}#?(?P<hide>(?=[A-Z-]{{0,8}}\d)[A-Z\d-]{{4,24}})\b", re.IGNORECASE
        ),
    ),
    ("ID", re.compile(r"\bplate[:#]?\s{1,3}(?P<hide>[A-Z\d]{1,4}[- ]?[A-Z\d]{2,5})\b")),
    ("ID", re.compile(r"(?:\b(?:no|nr|No|Nr)\.|#)\s{0,2}(?P<hide>(?=[A-Z-]{0,8}\d)[A-Z\d-]{4,24})\b")),
    ("ID", re.compile(r"(?<![\w.,/-])\d{8,20}(?![\w/-]|[.,]\d)")),
    # A local number looks like a range of amounts, unless its last part begins with 0 or a telling word precedes it.
    ("PHONE", re.compile(r"(?<![\w.$£€-])[2-9]\d{2}-0\d{3}(?![\w-]|[.,]\d)")),
    (
        "PHONE",
        re.compile(
            r"\b(?:at|on|number|contact)(?: is)?:?\s{1,3}(?P<hide>[2-9]\d{2}-\d{4})"
            rf"(?![\w/-]|[.,]\d)(?!\s?{_UNIT})",
            re.IGNORECASE,
        ),
    ),
    (
        "STREET",
        re.compile(
            rf"(?<![\w.])\d{{1,6}}[A-Z]?\s(?:[NSEW]\.?\s)?(?:[A-Z\d][\w.'’-]{{0,30}}\s){{1,4}}{_STREET_KIND}\b\.?"
            r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Floor|#)\.?\s?[\w-]{1,6})?"
        ),
    ),
    ("STREET", re.compile(r"\bP\.?\s?O\.?\s?Box\s\d{1,8}\b", re.IGNORECASE)),
    (
        "PLACE",
        re.compile(r"\b(?:[A-Z][a-z'.-]{1,30}\s){0,2}[A-Z][a-z'.-]{1,30},\s[A-Z]{2}(?=\s\d{5}\b)"),
    ),
    ("ZIP", re.compile(r"(?<![\w.,/-])\d{5}(?:-\d{4})?(?![\w/-]|[.,]\d)(?!\s?(?:mg|ml|mcg|units?|cells|/)\b)")),
    ("AGE", re.compile(r"\b(?:age|aged)[: ]\s{0,2}(?P<hide>9\d|1[0-3]\d)\b(?![./]\d)", re.IGNORECASE)),
    (
        "AGE",
        re.compile(
            r"(?<![\w./])(?P<hide>9\d|1[0-3]\d)(?=[- ]{0,2}(?:years?[- ]{0,2}old|y/?o\b|yrs?\b|years? of age))",
            re.IGNORECASE,
        ),
    ),
    ("NAME", re.compile(rf"\b{_TITLE}(?:\.\s{{0,2}}|\s{{1,3}})(?P<hide>{_NAME})")),
    ("NAME", re.compile(rf"\b{_RELATIVE}(?:,?\s{{1,3}}|\s?\()(?P<hide>{_NAME})")),
    ("NAME", re.compile(rf"\b{_NAME_FIELD}(?: is)?\s?:?\s{{1,3}}(?P<hide>{_NAME}(?:,\s{_NAME})?)")),
    (
        "NAME",
        re.compile(rf"(?<![\w'’-])(?P<hide>{_NAME_WORD}(?:\s{_NAME_WORD}){{0,2}}),\s(?:MD|M\.D\.|DO|RN|NP|PA-C|PhD)\b"),
    ),
)

_TAGS = tuple(sorted({f"<{kind}>" for kind, _ in _RECOGNIZERS}))
_TAG_AFTER = re.compile(rf"[.,/]?(?:{'|'.join(_TAGS)})")


@dataclass(frozen=True)
class Deidentified:
    """A text with its identifiers replaced, and how many of each type were."""

    text: str
    removed: Counter[str]


def deidentify(text: str) -> Deidentified:
    """Replace each identifier that a pattern finds by its type in angle brackets.

    Matches that overlap are replaced together, under the type of the one that begins first, so that no part of
    either is left. A text that has passed once passes again unchanged.
    """
    spans = sorted(_find(text), key=lambda span: (span[0], -span[1]))
    if not spans:
        return Deidentified(text, Counter())
    merged: list[tuple[int, int, str]] = []
    for start, end, kind in spans:
        if merged and start < merged[-1][1]:
            first, last, first_kind = merged[-1]
            merged[-1] = (first, max(last, end), first_kind)
        else:
            merged.append((start, end, kind))
    parts: list[str] = []
    position = 0
    for start, end, kind in merged:
        parts += (text[position:start], f"<{kind}>")
        position = end
    parts.append(text[position:])
    return Deidentified("".join(parts), Counter(kind for _, _, kind in merged))


def _find(text: str) -> list[tuple[int, int, str]]:
    """Return start, end and type of every match in characters of text.

    What touches a tag is left: it was no match beside what the tag replaced, and a text that passed must not change.
    Most patterns look at the character before and at two after.
    """
    return [
        (start, end, kind)
        for kind, pattern in _RECOGNIZERS
        for match in pattern.finditer(text)
        for start, end in (match.span("hide" if "hide" in pattern.groupindex else 0),)
        if not (text.endswith(_TAGS, 0, match.start()) or _TAG_AFTER.match(text, end))
    ]
