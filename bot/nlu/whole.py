"""Messages that are nothing but one exact word or sign, politeness aside: STOP, yes, back, thanks, a thumb up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.nlu.features import Reading, bare
from bot.nlu.lexicon import Lexicon
from bot.nlu.normalise import fold
from bot.nlu.sound import key

# In the order of precedence where a word is in several lists ("cancel" in a dialog, STOP outside).
INTENTS = (
    "unsubscribe", "subscribe", "help", "affirm", "deny", "cancel", "go_back", "repeat", "talk_to_human",
    "greet", "thanks", "language", "help/menu", "help/link", "help/unlink", "both", "out_of_scope/upset",
)  # fmt: skip
_ANSWERS_FIRST = ("cancel", "affirm", "deny", "go_back", "repeat")
# What ends something is never guessed by sound: ເຊົາ (stop) sounds as ຊາວ (twenty).
_AS_WRITTEN = frozenset(("unsubscribe", "cancel", "go_back", "help/unlink"))
# No list entry is longer; what is longer is a sentence.
_LONGEST = 60
_SPELT_LONGER = 4
# So many letters of a word tell most words apart.
_BORDER = 2
# The polite words of a message are not longer than this, all together.
_POLITE = 16
# What changes only the look of a sign: variation selectors, tones of skin, joiners.
_LOOKS = re.compile("[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\\s]")
_TONE = re.compile("[\u0ec8-\u0ecb]")
_MARKS = re.compile(r"[^\w\s?\u0eb1-\u0ebc\u0ec8-\u0ecd₭]+")
_LATIN = re.compile("[a-z]+")
_ASKING = re.compile(r"(?<=\w)\?+")


class WholeMessages:
    """Knows the intent of a message that is in a word list of the pack as it stands.

    `spelt` are the intents of each word, in the order of precedence.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._sounds, sounding = lexicon.sounds, lexicon.sounding
        self.spelt: dict[str, list[str]] = {}
        # Of the words that count only as they are written: with their tones.
        self._written: dict[str, list[str]] = {}
        self._heard: dict[str, list[str]] = {}
        self._signs: dict[str, list[str]] = {}
        for intent in INTENTS:
            for language, word in lexicon.words(intent.rpartition("/")[2]):
                if not _plain(bare(word)):
                    self._signs.setdefault(_LOOKS.sub("", word), []).append(intent)
                    continue
                self._take(intent, word)
                if language in sounding and intent not in _AS_WRITTEN:
                    self._heard.setdefault(key(word, self._sounds), []).append(intent)
        for _, intent, word in lexicon.table("neighbours"):
            self._take(intent, word)
        # Spellings differ by some letters; what is much longer than every entry is none of them.
        self._longest = max(map(len, self.spelt), default=0) + _SPELT_LONGER
        self._particles = _Ends(lexicon, "particles")
        self._linking = _Ends(lexicon, "particles", "linking")
        self._denials = _Ends(lexicon, "deny")
        ends = self._linking.words | self._denials.words
        self._linking_latin = frozenset(each for word in ends for each in _LATIN.findall(word))

    def _take(self, intent: str, word: str) -> None:
        plain = _plain(bare(word))
        self.spelt.setdefault(plain, []).append(intent)
        if intent in _AS_WRITTEN:
            self._written.setdefault(plain, []).append(_run_on(word))

    def intent(self, reading: Reading, expects: str = "") -> str:
        """The intent, or the empty text; in a dialog answers to its question come first."""
        if len(reading.text) > _LONGEST:
            return ""
        if not _plain(reading.bare):
            return self._sign(reading.text, expects)
        forms = self.forms(reading)
        for form in forms:
            if form in self.spelt and not self._is_toned_otherwise(form, reading.text):
                return _first(self.spelt[form], expects)
        for form in forms:
            if len(form) <= self._longest and (heard := key(form, self._sounds)) in self._heard:
                return _first(self._heard[heard], expects)
        return ""

    def forms(self, reading: Reading) -> list[str]:
        """The words of a message, also without the polite ones at its ends; none where that is no word of a list."""
        plain = _plain(reading.bare)
        if len(reading.text) > _LONGEST or len(plain) > self._longest + _POLITE:
            return []
        return list(dict.fromkeys(self._forms(plain)))

    def _is_toned_otherwise(self, form: str, text: str) -> bool:
        """Whether a word that counts only as it is written has a tone that is not its own: ເຊົ້າ (morning) is not ເຊົາ (stop).

        Tones left out change nothing.
        """
        words, run = self._written.get(form), _run_on(text)
        if not words or not _TONE.search(run):
            return False
        toned = "".join(rf"{re.escape(letter)}{_TONE.pattern}*" for letter in form.replace(" ", ""))
        found = re.search(toned, run)
        return found is not None and not any(_is_part(found[0], word) for word in words)

    def _sign(self, text: str, expects: str) -> str:
        """What a message of signs alone says: the first of them that says something."""
        known = (self._signs[sign] for sign in _LOOKS.sub("", text) if sign in self._signs)
        intents = next(known, None)
        return _first(intents, expects) if intents else ""

    def says_nothing(self, rest: str) -> bool:
        """Whether what is left of a message beside its facts is only polite or linking words, perhaps after a "no"."""
        if rest.isascii() and self._says_more(rest):
            return False
        words = self._denials.without_first(_plain(bare(rest.replace("?", " "))))
        while words and words not in self._linking.words:
            shorter = self._linking.strip(words)
            if shorter == words:
                return False
            words = shorter
        return True

    def _says_more(self, rest: str) -> bool:
        """Whether there is a Latin word that is none of those: a quick look, which most messages end by."""
        known = self._linking_latin
        return any(fold(each) not in known for each in _LATIN.findall(rest.lower()) if each not in known)

    def _forms(self, plain: str) -> Iterator[str]:
        """The message, then what is left of it without polite words at its ends."""
        while plain:
            yield plain
            shorter = self._particles.strip(plain)
            if shorter == plain:
                return
            plain = shorter


class _Ends:
    """Words to take off either end of a message; a Latin word only as a whole."""

    def __init__(self, lexicon: Lexicon, *entries: str) -> None:
        self.words = {_plain(bare(word)) for entry in entries for _, word in lexicon.words(entry)}
        self._lengths = sorted(set(map(len, self.words)) - {0}, reverse=True)
        # What no word begins or ends with is not tried.
        self._heads = frozenset(word[:_BORDER] for word in self.words)
        self._tails = frozenset(word[-_BORDER:] for word in self.words)

    def without_first(self, plain: str) -> str:
        """The message without the longest such word that it begins with; at its end it may ask."""
        for length in self._lengths:
            first, after = plain[:length], plain[length : length + 1]
            if first in self.words and (after in ("", " ") or not first.isascii()):
                return plain[length:].lstrip()
        return plain

    def strip(self, plain: str) -> str:
        """The message without the longest such word, at the end first; unchanged if there is none."""
        ends = plain[-_BORDER:] in self._tails or plain[-1:] in self.words
        if not (ends or plain[:_BORDER] in self._heads or plain[:1] in self.words):
            return plain
        for length in self._lengths:
            if length < len(plain):
                last, first = plain[-length:], plain[:length]
                if last in self.words and (plain[-length - 1] == " " or not last.isascii()):
                    return plain[:-length].rstrip()
                if first in self.words and (plain[length] == " " or not first.isascii()):
                    return plain[length:].lstrip()
        return plain


def _first(intents: list[str], expects: str) -> str:
    if expects:
        for intent in _ANSWERS_FIRST:
            if intent in intents:
                return intent
    return intents[0]


def _run_on(text: str) -> str:
    """The words with their tones, without spaces."""
    return "".join(_plain(fold(text)).split())


def _is_part(letters: str, word: str) -> bool:
    """Whether these are letters of the word in their order."""
    left = iter(word)
    return all(letter in left for letter in letters)


def _plain(text: str) -> str:
    text = _MARKS.sub(" ", text)
    return " ".join((_ASKING.sub(" ", text) if "?" in text else text).split())
