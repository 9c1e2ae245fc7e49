r"""Replies without the marks of LaTeX and Markdown, so that `$\boxed{\frac{7}{3}}$` and `**7/3**` read alike."""

import re
import unicodedata

__all__ = ["BOX", "BOX_END", "plain"]

BOX, BOX_END = "⟦", "⟧"  # what stands for the braces of `\boxed{…}`

_SIGNS = {
    "times": "×", "cdot": "×", "div": "÷", "pm": "±", "neq": "≠", "ne": "≠", "geq": "≥", "ge": "≥", "leq": "≤", "le": "≤",
    "approx": "≈", "in": "∈", "cup": "∪", "lor": "∨", "quad": ", ", "qquad": ", ", "sqrt": "√", "to": "→",
    "rightarrow": "→", "pi": "π", "ast": "*", "mid": "|", "lt": "<", "gt": ">",
}  # fmt: skip
_LAYOUT = re.compile(  # names of commands that say nothing; any other one stays, for a logarithm is no number beside it
    r"(?:left|right|middle|[bB]igg?[lrm]?|(?:display|text|script)style|math\w+|text\w*|bold\w*|rm|bf|it|tt|label|tag|[hvm]?space"
    r"|underline|therefore|because|implies|iff|[lLR]\w*arrow|[cld]?dots|check\w*|square|blacksquare|qed|hline|not?indent|hfill"
    r"|limits|operatorname|circ|degree|large|Large|huge|color|sim|par|newline|item|quad)$"
)
_BOXED = re.compile(r"\\f?boxed\s*\{")
_COMMANDS = re.compile(r"\\([a-zA-Z]+|.)")
_MATH = (
    re.compile(  # and no price: as Pandoc has it, no space stands inside of the signs and no digit after them
        r"\$\$([^$]*)\$\$|\$(?!\s)([^$\n]*[\\=^_{}⟦][^$\n]*|-?[\d.,/ ]+)(?<!\s)\$(?!\d)"
    )
)


def plain(text: str) -> str:
    """Return a text without marks: fractions as `7/3`, minus signs as `-`, boxes in brackets of their own."""
    text = _boxes(text.replace("\\$", "＄"))
    while text != (
        fewer := re.sub(r"\\(?:text|mathrm|mathbf|textbf|operatorname)\s*\{([^{}]*)\}", r" \1", text)
    ):
        text = fewer
    text = text.replace("<answer>", "Answer: ").replace("</answer>", "\n")
    text = re.sub(r"</?[a-zA-Z]+\s*/?>", " ", text)
    text = re.sub(r"\\(?:begin|end)\s*\{\w+\}", " ", text).replace("\\\\", "\n").replace("{,}", ",")
    text = _fractions(_MATH.sub(lambda found: f" {found[1] or found[2] or ''} ", text))
    text = _COMMANDS.sub(_command, text)
    text = re.sub(r"(\d)([¼-¾⅐-⅞])", r"\1 \2", text).replace("²", "^2").replace("³", "^3")
    text = unicodedata.normalize("NFKC", text).translate({0x2044: "/", 0x2212: "-", 0x2013: "-", 0x2019: "'"})
    text = re.sub(r"^\s*-\s+(?=\*\*)", "", text, flags=re.MULTILINE)  # a bullet, and no sign of minus
    text = re.sub(r"\*\*|(?<![\w^])_+(?=\w)|(?<=\w)_+(?!\w|\{)|`", "", text)
    text = text.replace("!=", "≠").replace(">=", "≥").replace("<=", "≤")
    return re.sub(r"(\bminus|\bnegative|(?<==)\s*-)\s+(?=[\d.$€£])", " -", text, flags=re.IGNORECASE)


def _command(found: re.Match[str]) -> str:
    name = found[1]
    if name in _SIGNS:
        return _SIGNS[name]
    silent = not name.isalpha() or _LAYOUT.match(name)
    return "%" if name == "%" else " " if silent else f" {name} "


def _boxes(text: str) -> str:
    while found := _BOXED.search(text):
        depth, end = 1, found.end()
        while end < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        inner = text[found.end() : end - (not depth)]
        text = f"{text[: found.start()]}{BOX}{inner}{BOX_END}{text[end:]}"
    return text


def _fractions(text: str) -> str:
    r"""Write `\frac{7}{3}` and `\frac73` as `7/3`."""
    text = re.sub(r"(?<=\d)\s*(?=\\[dt]?frac)", " ", text)
    return re.sub(r"\\[dt]?frac\s*(?:\{(-?\d+)\}|(\d))\s*(?:\{(\d+)\}|(\d))", _over, text)


def _over(found: re.Match[str]) -> str:
    return f"{found[1] or found[2]}/{found[3] or found[4]} "
