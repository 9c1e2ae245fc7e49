"""Texts from texts by a language model: asked for, checked, kept or dropped with a reason, and not asked for twice."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from gristmill.agents.chat import Connection, connect
from gristmill.agents.chat_client import Outage, Reply
from gristmill.agents.chat_types import Usage
from gristmill.digest import decoder, digest, fingerprint_file, indented
from gristmill.errors import UsageError, unknown
from gristmill.files import write_whole
from gristmill.generators import rewriting
from gristmill.generators.rewriting import Dropped, Item, Messages, Rewriting, Step, Unanswered, converse
from gristmill.generators.rewriting.languages import language
from gristmill.lines import numbered, read_text, write_lines
from gristmill.nested import texts
from gristmill.seeding import derive
from gristmill.specs import split, typed

__all__ = ["STEPS", "RewriteReport", "item_of", "rewrite"]

StepName = Literal["paraphrase", "translate", "reverse", "questions"]
Record = dict[str, Any]
# By step: where the text stands, in the order of preference.
STEPS: dict[str, tuple[str, ...]] = {
    "paraphrase": ("instruction", "text"), "translate": ("instruction", "text"), "reverse": ("response", "text"),
    "questions": ("text",),
}  # fmt: skip
_DOCUMENTS = (".txt", ".md")
_TOO_LONG = "context_length_exceeded"  # as OpenAI calls it
_LONGEST = 2_000  # characters of a reply that is shown where it is dropped
_SHORT = 3  # letters below which a value is no word that could be told from parts of others


class RewriteReport(msgspec.Struct, kw_only=True):
    """What was made, and what it took.

    Attributes:
        out: the file; beside it lie what was dropped, the report itself, and the replies.
        job: content hash of the source, the step and its settings.
        step: its name, and the `model`.
        items: texts, or parts of documents, that were to be worked on.
        kept: lines written.
        dropped: what was not taken, by reason.
        unanswered: items to which the endpoint gave no answer, by what it said; they are asked again by the same command.
        left: items that were not asked any more.
        requests: made by this command, attempts counted one by one; `cached` replies needed none.
        tokens_in: read by the model, and `tokens_out` written by it, where the endpoint tells.
    """

    out: str
    job: str
    step: str
    model: str
    items: int = 0
    kept: int = 0
    dropped: dict[str, int] = {}
    unanswered: dict[str, int] = {}
    left: int = 0
    requests: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


def rewrite(
    source: Path,
    step: StepName,
    model: str,
    out: Path,
    *,
    to: str = "",
    field: str = "",
    count: int = 3,
    tries: int = 2,
    limit: int | None = None,
    seed: int = 0,
    overwrite: bool = False,
    progress: Callable[[int, int, Mapping[str, int]], None] | None = None,
) -> RewriteReport:
    """Let a model at an endpoint work on texts, and write what passes its check as JSON lines.

    Replies are kept beside `out` by the content of the request. So the same command goes on where it was interrupted, or
    where the endpoint or a budget gave out, and asks nothing twice.

    Args:
        source: a file of JSON lines, or a text, or a folder of texts (.txt, .md).
        step: `paraphrase`, `translate`, `reverse` or `questions`.
        model: MODEL@URL, with parameters as for the seat `chat`, such as `?temperature=0.7&budget_requests=1000`.
        out: the file that is written.
        to: language to translate into.
        field: of a line in which the text stands; by default as in `STEPS`.
        count: questions about each part of a document.
        tries: how often a reply that does not pass is asked for.
        limit: most lines or documents to work on.
        seed: root seed of the seeds that go with requests.
        overwrite: whether a file that came of something else is replaced.
        progress: called with the items done and in all, and nothing else.

    Raises:
        UsageError: when something asked for does not exist, or `out` is there and came of something else.
    """
    if step not in STEPS:
        raise unknown("step", step, STEPS)
    if (step == "translate") != bool(to):
        raise UsageError(
            "Expected a language to translate into with the step translate, and with no other; see --to."
        )
    if tries < 1 or count < 1:
        raise UsageError(f"Expected at least one try and one question, got {tries} and {count}.")
    code = language(to) if to else ""
    _check_out(source, out)
    records = list(_records(source, field or "", STEPS[step]))[:limit]
    if not records:
        raise UsageError(f"Expected at least one text in {source}, got none.")
    there = _connected(model, out)
    settings = [step, code, field, count, tries, limit, seed, there.model, there.fields]
    report = RewriteReport(
        out=str(out), job=digest([*settings, _content(source)]), step=step, model=there.model
    )
    _claim(out, report.job, overwrite)
    items, twice = _items(records, step, field)
    make = _maker(step, code, count, tries)
    report.items = len(items)

    def tell(done: int) -> None:
        if progress is not None:
            progress(done, len(items), {})

    found = converse(
        {name: make(item) for name, (item, _) in items.items()},
        partial(_ask, there, seed, report),
        width=2 * there.width,
        tell=tell,
    )
    _write(out, report, items, found, twice)
    return report


def item_of(record: Mapping[str, Any], field: str, id: str = "") -> Item:
    """Return the text of a record, with the words in it that its values and its check hang on."""
    text = str(record[field])
    values = [one for one in _strings(record.get("values")) if one in text]
    judged = [one for one in _strings(record.get("check")) if one in text]
    return Item(id, text, keep=tuple(values), fixed=tuple(judged), literal=bool(record.get("literal")))


def _connected(model: str, out: Path) -> Connection:
    name, given = split(model)
    if "@" not in name and "url" not in given:
        raise UsageError(f"Expected MODEL@URL such as my-model@http://127.0.0.1:8000/v1, got {model!r}.")
    settings = {"cache": str(out.with_name(f"{out.name}.replies")), **given, "model": name}
    return connect(model, **typed(connect, settings, f"model {name!r}", skip=1))


def _records(source: Path, field: str, fields: Sequence[str]) -> Iterator[Record]:
    """Yield lines with the text in the first of `fields` that they have, and documents as such lines."""
    if source.is_dir() or source.suffix in _DOCUMENTS:
        files = _files(source)
        if not files:
            raise UsageError(f"Expected texts ({', '.join(_DOCUMENTS)}) in {source}, got none.")
        for file in files:
            yield {"id": digest([file.name, text := read_text(file)]), "document": file.name, "text": text}
        return
    wanted = (field,) if field else tuple(fields)
    for number, line in numbered(source):
        if not any(isinstance(line.get(one), str) for one in wanted):
            raise UsageError(
                f"{source}, line {number}: expected a text in {' or '.join(map(repr, wanted))}, got the fields "
                f"{', '.join(map(str, line)) or '(none)'}; see --field."
            )
        yield line


def _files(source: Path) -> list[Path]:
    """Return the texts in a folder, or the file that a source is."""
    if not source.is_dir():
        return [source]
    return [one for one in sorted(source.iterdir()) if one.suffix in _DOCUMENTS and one.is_file()]


def _content(source: Path) -> list[str]:
    """Return what tells a source from another, wherever it lies, and whatever lies beside it."""
    return [fingerprint_file(one) for one in _files(source)]


def _check_out(source: Path, out: Path) -> None:
    if out.suffix != ".jsonl" or out.is_dir():
        raise UsageError(f"Expected a file of JSON lines to write, *.jsonl, got {out}.")
    if out.resolve() == source.resolve():
        raise UsageError(f"Expected another file to write than the one that is read, got {out} for both.")


def _items(
    records: Sequence[Record], step: str, field: str
) -> tuple[dict[str, tuple[Item, Record]], list[tuple[str, Dropped]]]:
    """Return the items by name, each once, with where they come from; and what there is nothing to do about."""
    items: dict[str, tuple[Item, Record]] = {}
    twice: list[tuple[str, Dropped]] = []
    for record in records:
        place = field or next(one for one in STEPS[step] if isinstance(record.get(one), str))
        whole = item_of(record, place, str(record.get("id") or digest(record)))
        if not whole.text.strip():
            twice.append((whole.id, Dropped("nothing there", "an empty text", "")))
        for item in rewriting.chunks(whole) if step == "questions" else [whole] if whole.text.strip() else []:
            name = digest([step, item.id, item.start, item.text])
            if name in items:
                twice.append((whole.id, Dropped("there before", "the same text and id", item.text)))
            items.setdefault(name, (item, record))
    return items, twice


def _maker(step: str, code: str, count: int, tries: int) -> Callable[[Item], Step]:
    if step == "translate":
        return partial(rewriting.translate, to=code, tries=tries)
    if step == "questions":
        return partial(rewriting.questions, count=count, tries=tries)
    return partial(rewriting.reverse if step == "reverse" else rewriting.paraphrase, tries=tries)


def _ask(
    there: Connection, seed: int, report: RewriteReport, requests: Sequence[tuple[Messages, str, int]]
) -> list[str | Unanswered]:
    """Make requests, and count them."""
    made = []
    for messages, name, turn in requests:
        number = derive(seed, "rewrite", name, turn)
        # As a signed number of 64 bits, which is what the protocol has.
        signed = number - (1 << 64 if number >> 63 else 0)
        made.append({"model": there.model, **there.fields, "messages": messages, "seed": signed})
    return [_said(reply, report) for reply in there.client.ask(made)]


def _said(reply: Reply | Outage, report: RewriteReport) -> str | Unanswered:
    if isinstance(reply, Outage):
        report.requests += reply.attempts
        return Unanswered(str(reply), too_long=reply.code == _TOO_LONG)
    report.requests += reply.attempts
    report.cached += not reply.attempts
    usage = reply.body.usage or Usage()
    if reply.attempts:
        report.tokens_in += usage.prompt_tokens
        report.tokens_out += usage.completion_tokens
    first = reply.body.first
    # Half an answer is none.
    return "" if first.finish_reason in ("length", "content_filter") else first.message.content or ""


def _write(
    out: Path,
    report: RewriteReport,
    items: Mapping[str, tuple[Item, Record]],
    found: Mapping[str, Rewriting | Unanswered],
    twice: Sequence[tuple[str, Dropped]],
) -> None:
    """Write what was kept, what was dropped and the report, and count both."""
    kept: list[Record] = []
    dropped = list(twice)
    unanswered: Counter[str] = Counter()
    for name, (item, record) in items.items():
        result = found.get(name)
        if isinstance(result, Rewriting):
            kept += [_line(report, item, record, made) for made in result.kept]
            dropped += [(item.id, one) for one in result.dropped]
        elif result is not None and result.too_long:
            dropped.append((item.id, Dropped("too long for the model", str(result), item.text)))
        elif result is not None:
            unanswered[str(result)] += 1
    report.kept = write_lines(out, kept)
    write_lines(_beside(out, "dropped.jsonl"), ({"parent": parent, **_shown(one)} for parent, one in dropped))
    report.dropped = dict(Counter(one.reason for _, one in dropped).most_common())
    report.unanswered = dict(unanswered.most_common())
    report.left = len(items) - len(found)
    write_whole(_beside(out, "report.json"), indented(report))


def _shown(one: Dropped) -> dict[str, str]:
    """Return what was dropped as plain data, of a reply without end its beginning; the whole one is among the replies."""
    got = one.got if len(one.got) <= _LONGEST else f"{one.got[:_LONGEST]}…"
    return one._replace(got=got)._asdict()


def _line(report: RewriteReport, item: Item, record: Record, made: Record) -> Record:
    """Return what was made as a line, linked to what it was made from."""
    link = {"parent": item.id, "step": report.step, "model": report.model}
    if report.step in ("paraphrase", "translate"):
        field = next(one for one in record if record[one] == item.text)
        figures = {key: value for key, value in made.items() if key != "text"}
        rest = {
            key: value
            for key, value in record.items()
            if not (report.step == "translate" and key == "response")
        }
        line = {**rest, field: made["text"], "rewritten": {**link, **figures}}
    elif report.step == "reverse":
        line = {
            "instruction": made["text"],
            "response": item.text,
            "rewritten": {**link, "chrf": made["chrf"]},
        }
    else:
        place = {key: made[key] for key in ("start", "end", "evidence")}
        name = {"document": record["document"]} if "document" in record else {}
        line = {
            "instruction": made["question"],
            "response": made["answer"],
            **name,
            **place,
            "rewritten": link,
        }
    return {**line, "id": digest([report.job, item.id, line])}


def _claim(out: Path, job: str, overwrite: bool) -> None:
    """Check that a file that is there came of the same job, and is that of nobody else."""
    if not out.exists() or overwrite:
        return
    try:
        before = decoder(RewriteReport)(_beside(out, "report.json").read_bytes()).job
    except (OSError, msgspec.DecodeError):
        before = ""
    if before != job:
        raise UsageError(f"{out} exists and came of something else; expected another name, or --overwrite.")


def _beside(out: Path, name: str) -> Path:
    return out.with_name(f"{out.stem}.{name}")


def _strings(value: Any) -> list[str]:
    """Return the words in plain data, each once."""
    return list(dict.fromkeys(one for one in texts(value) if len(one) >= _SHORT))
