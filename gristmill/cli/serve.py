"""`gristmill serve`."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.shared import Json, answer, console


def command(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="Folder of a job, checkpoint or model.")
    ],
    host: Annotated[
        str, typer.Option(help="Address to listen at; any but this machine's own needs --public.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 takes any that is free.")] = 8000,
    name: Annotated[
        str, typer.Option(help="Name of the model in requests; by default that of the folder.")
    ] = "",
    seat: Annotated[
        str, typer.Option(help="The seat that it has; by default the one it was trained for.")
    ] = "",
    other: Annotated[
        str, typer.Option(help="The seat that user messages are from; by default the only other one.")
    ] = "",
    temperature: Annotated[float, typer.Option(help="Of requests that ask for none.")] = 0.0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Most tokens of a reply.")] = 96,
    lanes: Annotated[int, typer.Option(min=1, max=4096, help="Conversations decoded together.")] = 32,
    public: Annotated[
        bool, typer.Option("--public", help="Let other machines ask; there is no key and no encryption.")
    ] = False,
    json: Json = False,
) -> None:
    """Answer OpenAI's chat completions with a model trained here, as it would answer in its own seat.

    Stop it with Ctrl-C. A seat is given to it by chat:NAME@URL, and any other client or harness can talk to it.

    Example: gristmill serve models/tuned --port 8000
    """
    from gristmill.agents.model.cache import use_compilation_cache
    from gristmill.agents.model.store import load_model
    from gristmill.agents.serve.app import LOOPBACK, application, listen, server
    from gristmill.agents.serve.speaker import Speaker
    from gristmill.errors import UsageError

    if host not in LOOPBACK and not public:
        raise UsageError(
            f"Expected an address of this machine alone ({', '.join(LOOPBACK)}), got {host}: whoever reaches it could use "
            "the model, without a key and without encryption; say --public if that is meant."
        )
    model = load_model(checkpoint)
    use_compilation_cache()
    called = name or checkpoint.resolve().name
    speaker = Speaker(
        model, name=called, seat=seat or _trained(checkpoint), other=other, temperature=temperature,
        max_tokens=max_tokens, lanes=lanes,
    )  # fmt: skip
    socket = listen(host, port)
    app = application(speaker, hosts=("*",)) if public else application(speaker)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{socket.getsockname()[1]}/v1"
    out = console()
    if json:
        answer(
            {
                "url": url,
                "model": called,
                "digest": model.digest,
                "seat": speaker.seat,
                "other": speaker.other,
            }
        )
    else:
        out.print(f"{called} ({model.digest[:12]}) answers at {url} as {speaker.seat}, to {speaker.other}")
        out.print(f"gristmill run WORLD --seat '{speaker.seat}=chat:{called}@{url}' --out runs/chat")
    sys.stdout.flush()  # who reads a pipe waits for it
    if host not in LOOPBACK:
        console(aside=True).print(
            "Whoever reaches this address can use the model: no key, no encryption.", style="yellow"
        )
    with suppress(KeyboardInterrupt):  # which is not raised where the shell has it ignored, as behind an `&`
        server(app).run(sockets=[socket])
    console(aside=True).print("stopped")


def _trained(checkpoint: Path) -> str:
    """Return the seat that a model was trained for, as far as a lesson beside it tells; nothing where it were several."""
    from gristmill.digest import decode
    from gristmill.workflows.lineage import LESSON

    for folder in (checkpoint, *checkpoint.resolve().parents[:2]):
        if (lesson := folder / LESSON).is_file():
            seats = {str(source.get("seat", "")) for source in decode(lesson.read_bytes()).get("sources", [])}
            return seats.pop() if len(seats) == 1 else ""
    return ""
