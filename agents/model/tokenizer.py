"""Text to token ids and back, so that what must be copied looks the same wherever it stands.

Byte-pair encoding (Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", 2016) over bytes,
behind a splitter with three habits:

- every digit is a piece of its own, so an id or an amount is copied digit by digit and never merged irregularly;
- a JSON key with the punctuation around it (`{"order_id":"`) is one piece, which a frequent key turns into one token;
- a word keeps the space before it. The template writes that space before *every* text, inside JSON strings too, so
  the name, id or e-mail address a customer types and the one in a tool's result have the same tokens.

Special tokens are ids that no text can spell: a message that contains `<end>` is only text.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import islice

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from gristmill.errors import UsageError

__all__ = ["SPECIALS", "TextTokenizer"]

SPECIALS = ("<pad>", "<end>", "<call>", "<raw>", "<error>", "<cut>", "<brief>", "<other>")

_PIECES = (
    # a JSON key with what surrounds it, but not the quote that opens the next key
    r'"?[\]}]*,?[{\[]*"[\p{L}_][\p{L}\p{N}_]*":[\[{]*(?:"(?![\p{L}_][\p{L}\p{N}_]*":))?',
    r'"?[\]},:\[{]+"?',  # other JSON punctuation, with the quote it touches
    r"@\p{L}+(?:\.\p{L}+)+",  # the domain of an e-mail address
    r"'\p{L}{1,2}(?!\p{L})",  # an English contraction or possessive
    r" ?\p{L}+(?:_\p{L}+)*",  # a word or a snake_case name
    r"\p{N}",
    r" ?[^\s\p{L}\p{N}]",
    r"\s",
)
PIECES = "|".join(_PIECES)


class TextTokenizer:
    """A vocabulary: the fixed special tokens, one token per speaker, then byte-pair pieces.

    Attributes:
        vocab: number of ids.
        specials: names of the ids 0, 1, …, speakers (`<customer>`) included.
        pad, end: the two ids every user needs.
    """

    def __init__(self, specials: Sequence[str], pieces: Tokenizer) -> None:
        self.specials = tuple(specials)
        self._ids = {name: index for index, name in enumerate(self.specials)}
        self._pieces = pieces
        self._shift = len(self.specials)
        self.vocab = self._shift + pieces.get_vocab_size()
        self.pad, self.end = self._ids["<pad>"], self._ids["<end>"]

    @classmethod
    def train(cls, texts: Iterable[str], *, speakers: Iterable[str], vocab: int = 1024) -> "TextTokenizer":
        """Return a tokenizer of at most `vocab` ids learnt from `texts`.

        Args:
            texts: what is to be written often.
            vocab: at most so many ids.
            speakers: every `from` of the data; each becomes a special token.

        Raises:
            UsageError: when `vocab` has no room for the 256 bytes and the special tokens.
        """
        specials = [*SPECIALS, *(f"<{name}>" for name in sorted(set(speakers)))]
        room = vocab - len(specials)
        if room < 256:
            raise UsageError(f"Expected a vocabulary of at least {256 + len(specials)} ids, got {vocab}.")
        pieces = Tokenizer(models.BPE())
        split = pre_tokenizers.Split(Regex(PIECES), "isolated")
        pieces.pre_tokenizer = pre_tokenizers.Sequence(
            [split, pre_tokenizers.ByteLevel(False, use_regex=False)]
        )
        pieces.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=room, initial_alphabet=sorted(alphabet), show_progress=False, min_frequency=2
        )
        pieces.train_from_iterator(texts, trainer)
        return cls(specials, pieces)

    @property
    def speakers(self) -> list[str]:
        """Everybody who spoke in what it was learnt from: seats, `tool`, `world`."""
        return [name.strip("<>") for name in self.specials[len(SPECIALS) :]]

    def special(self, name: str) -> int | None:
        """Return the id of a special token such as `<call>`, or None if there is none of that name."""
        return self._ids.get(name)

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; never a special one."""
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, encoded in parallel."""
        # Lone surrogates have no bytes; they become question marks, as everywhere in Python's "replace".
        clean = [text.encode(errors="replace").decode() for text in texts]
        return [
            [index + self._shift for index in found.ids] for found in self._pieces.encode_batch_fast(clean)
        ]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`; special tokens are spelt by name, bytes that are not UTF-8 become U+FFFD."""
        parts: list[str] = []
        plain: list[int] = []
        for index in [*ids, -1]:
            if index >= self._shift:
                plain.append(index - self._shift)
                continue
            if plain:
                parts.append(self._pieces.decode(plain))
                plain = []
            if index >= 0:
                parts.append(self.specials[index])
        return "".join(parts)

    def is_text(self, index: int) -> bool:
        """Return whether the id stands for text rather than a special token."""
        return index >= self._shift

    def to_json(self) -> str:
        """Return everything as JSON."""
        return json.dumps({"specials": self.specials, "pieces": json.loads(self._pieces.to_str())})

    @classmethod
    def from_json(cls, text: str | bytes) -> "TextTokenizer":
        """Return the tokenizer that `to_json` wrote.

        Raises:
            UsageError: when the text is not one.
        """
        try:
            values = json.loads(text)
            specials = values["specials"]
            pieces = Tokenizer.from_str(json.dumps(values["pieces"]))
        except Exception as error:  # tokenizers raises bare Exception
            raise UsageError(
                f"Expected a tokenizer written by TextTokenizer.to_json, got: {error}."
            ) from error
        if tuple(islice(specials, len(SPECIALS))) != SPECIALS:
            raise UsageError(
                f"Expected special tokens that start with {SPECIALS}, got {specials[: len(SPECIALS)]}."
            )
        return cls(specials, pieces)
