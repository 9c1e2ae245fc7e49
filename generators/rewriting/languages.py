"""Which language a text is in, guessed from its script and its smallest words, without any model.

Small words tell languages apart from about ten words on (Grefenstette, "Comparing Two Language Identification Schemes",
1995). Below that a guess is often none.
"""

import re
from collections import Counter
from functools import cache

from gristmill.errors import unknown

__all__ = ["LANGUAGES", "guess", "language"]

# The most frequent words of a language that say little else; those of several languages count less.
_SMALL = {
    "en": "the of and to in is that it for was on are with as his they at be this have from or had by but what some we can out other were all there when your how said an each she which do their if will about many then them would these has been you i my what's not does please her him more than its who me am our us should could may only into over after before whose a an am want need thanks thank hello hi get",
    "de": "der die das und ist in den von zu mit sich auf für nicht ein eine einen dem des im auch es an als nach wie bei oder aus war aber wird sind noch kann um so zum habe ich sie wir bitte mir was wenn dass einer ihr mein über vor bis wurde haben welche wie viele am",
    "fr": "le la les de des du un une et est en que qui dans pour pas sur au aux avec ce il elle sont plus par je vous ne se nous cette mais ou son sa ses comme été leur on si mon votre combien quel quelle est-ce y quels mes notre deux être a",
    "es": "el la los las de del un una y es en que por con para no se su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos cuántos cuál qué son mi fue puede usted",
    "it": "il lo la i gli le di del della dei delle un una e è in che per con non si da al alla sono come più ma anche nel nella questo ho ha mi ci se o su dal quanto qual quale quanti io mio era essere suo sua loro cosa per favore",
    "pt": "o a os as de do da dos das um uma e é em que por com para não se no na ao mais como mas foi são ele ela seu sua ou quando muito nos já eu também só pelo pela até isso qual quantos você meu está ter sem",
    "nl": "de het een en van is in op te dat die voor met zijn niet aan er om ook als dan maar bij uit naar hij wat ik je we zij door over kan nog wordt deze heeft mijn hoeveel welke worden was werd dit tot u hebben",
    "sv": "och att det som en på är av för med den till inte om ett han men var jag de så vi kan har när från du eller under hur efter nu vad skulle mycket min min sig vilken många ska blir finns också",
    "da": "og at det som en på er af for med den til ikke om et han men var jeg de så vi kan har når fra du eller under hvordan efter nu hvad skulle meget min sig hvilken mange skal bliver findes også hvor der",
    "no": "og at det som en på er av for med den til ikke om et han men var jeg de så vi kan har når fra du eller under hvordan etter nå hva skulle mye min seg hvilken mange skal blir finnes også hvor ble",
    "fi": "ja on ei se että oli hän mutta kun ovat joka mitä myös niin kuin tai jos vain sen ole minä sinä me tämä kuinka monta mikä nyt sitten mukaan ollut voi jo kanssa vielä joka ovat sekä",
    "pl": "i w nie na się z do to że jest o jak po co ale za od tak przez czy dla tego ma był być ile jaki jaka które który są go mnie już może ten ta tym jego oraz",
    "cs": "a se v na je že o s z do to i k jako by za ale po od pro jeho tak co aby jsem být které který kolik jaký jaká jsou byl mi už nebo při také má si ve ze",
    "tr": "ve bir bu da de için ile çok ne var mı mi kadar gibi daha o ben sen kaç hangi olan olarak sonra ama ya en şu olduğu değil nasıl biz her bana göre ise oldu",
    "ro": "și de la în a cu pe că nu este un o din pentru care se mai au fi ce ca sunt dar sau prin după lui ale cât câte cum eu ai fost acest această al până când",
    "hu": "a az és hogy nem is egy ez van de volt meg csak mint el már ha mi még ki azt vagy kell hány milyen melyik én te ő ezt én pedig sem lesz után között",
    "id": "yang dan di ini itu dengan untuk dari dalam tidak akan pada adalah ke karena juga ada oleh saya anda kami mereka berapa apa atau sudah bisa sebagai dapat lebih telah seperti",
}  # fmt: skip
_SCRIPTS = {
    "el": "Ͱ-Ͽ", "ru": "Ѐ-ӿ", "he": "֐-׿", "ar": "؀-ۿ", "hi": "ऀ-ॿ", "th": "฀-๿", "ja": "぀-ヿ", "ko": "가-힯", "zh": "一-鿿",
}  # fmt: skip
_NAMES = (
    "English German French Spanish Italian Portuguese Dutch Swedish Danish Norwegian Finnish Polish Czech Turkish Romanian "
    "Hungarian Indonesian Greek Russian Hebrew Arabic Hindi Thai Japanese Korean Chinese Ukrainian"
)
LANGUAGES = dict(zip([*_SMALL, *_SCRIPTS, "uk"], _NAMES.split(), strict=True))  # by their codes of ISO 639-1
# Words, but for the parts of addresses and of names of files.
_LETTERS = re.compile(r"(?<![\w@])(?<!\w\.)[^\W\d_]+(?:['’-][^\W\d_]+)*(?![\w@]|\.\w)")
_FEW = 5  # words of a text that one of them tells the language of
_LEAST, _AHEAD = 1.0, 1.15  # points that a language needs, and how far it has to be ahead of the next


def language(name: str) -> str:
    """Return the code of a language from its code or its English name.

    Raises:
        UsageError: when it is none that can be guessed, and so none whose use could be checked.
    """
    known = {one.casefold(): code for code, one in LANGUAGES.items()} | {code: code for code in LANGUAGES}
    if name.casefold() not in known:
        raise unknown("language", name, LANGUAGES.values())
    return known[name.casefold()]


def guess(text: str) -> str:
    """Return the code of the language that a text is in, empty where that cannot be told."""
    letters = sum(len(word) for word in _LETTERS.findall(text))
    for code, pattern in _scripts():
        # Names and terms in Latin letters stand in texts of all scripts; Japanese is full of Chinese characters.
        if letters and len(pattern.findall(text)) > letters * (0.1 if code == "ja" else 0.3):
            return "uk" if code == "ru" and re.search("[іїєґ]", text.casefold()) else code
    points: Counter[str] = Counter()
    written = _LETTERS.findall(text.casefold())
    for word in written:
        spoken = _small().get(word, ())
        for code in spoken:
            points[code] += 1 / len(spoken)  # type: ignore[assignment]  # points are fractions of words
    (first, most), (_, next_most) = [*points.most_common(2), ("", 0), ("", 0)][:2]
    told = {word for word in written if first in _small().get(word, ())}
    if len(told) < 2 and len(written) > _FEW:  # one word of a longer text, such as the per of km per second
        return ""
    return first if most >= _LEAST and most >= _AHEAD * next_most else ""


@cache
def _small() -> dict[str, tuple[str, ...]]:
    """Return the languages that have a small word, by word."""
    found: dict[str, tuple[str, ...]] = {}
    for code, words in _SMALL.items():
        for word in set(words.split()):
            found[word] = (*found.get(word, ()), code)
    return found


@cache
def _scripts() -> list[tuple[str, re.Pattern[str]]]:
    return [(code, re.compile(f"[{span}]")) for code, span in _SCRIPTS.items()]
