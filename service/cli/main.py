"""The command ``huangge``; a subcommand imports what it needs and waits for nothing else."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.cli import quick
from service.cli.demo.part import Part
from service.cli.errors import CommandError

app = typer.Typer(
    name="huangge",
    help="黄葛:学区集团化办学的开放服务。The service on which a school district runs its groups.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False)
complaints = Console(stderr=True, style="red", highlight=False)


@contextmanager
def _explained() -> Iterator[None]:
    """What whoever typed the command can mend is a sentence, not a traceback.

    A polite kill unwinds like Ctrl-C, so that the database is stopped.
    """
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _interrupt)
    try:
        yield
    except CommandError as error:
        complaints.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@app.command()
def run() -> None:
    """启动全部:数据库、服务、后台任务,Ctrl-C 停止。Start everything; Ctrl-C stops it."""
    with _explained():
        with quick.loading():
            from service.cli import run as everything

        everything.run(console)


@app.command()
def migrate() -> None:
    """把数据库结构更新到当前版本。Bring the database schema up to date."""
    with _explained():
        from service.cli import ground, schema
        from service.cli.words import say

        ground.speak_to_people()
        with ground.database() as url:
            if schema.migrate(url):
                say(console, "数据库结构已更新。", "The schema has been updated.")
            else:
                say(console, "数据库结构已是最新。", "The schema is up to date.")


@app.command()
def serve(
    workers: Annotated[int, typer.Option(min=1, help="进程数。How many processes answer.")] = 1,
) -> None:
    """只运行接口服务(用于正式部署)。Run the API alone, for production."""
    with _explained():
        import uvicorn

        from service.cli import ground
        from service.kit.settings import settings

        with ground.database():
            chosen = settings()
            uvicorn.run(
                "service.cli.api:make_app",
                factory=True,
                host=chosen.host,
                port=chosen.port,
                workers=workers,
                loop="uvloop",
                http="httptools",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=30,
            )


@app.command()
def work(parent: Annotated[int | None, typer.Option(hidden=True)] = None) -> None:
    """只运行后台任务进程。Run a job worker alone."""
    with _explained():
        import uvloop

        from service import worker
        from service.cli import ground

        with (
            ground.database() as url,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(worker.serve(url, parent=parent))


@app.command()
def district(
    code: Annotated[str, typer.Argument(help="GB/T 2260 代码,6 位。Its six-digit code.")],
    name: Annotated[str, typer.Argument(help="名称。Its name.")],
    password: Annotated[
        str,
        typer.Option(
            prompt="管理员密码 Password", hide_input=True, confirmation_prompt="再输入一次 Again"
        ),
    ],
    admin: Annotated[str, typer.Option(help="管理员用户名。The first admin's name.")] = "district",
) -> None:
    """新建学区及其第一个管理员。Open a district with its first admin."""
    with _explained():
        from service.cli import districts, ground, schema
        from service.cli.words import say

        ground.speak_to_people()
        with ground.database() as url:
            schema.migrate(url)
            districts.open_with_admin(url, code=code, name=name, admin=admin, password=password)
            say(console, f"学区 {name} 已建立。", f"{name} is open; sign in as {admin}@{code}.")


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="工作簿(.xlsx)。The workbook.")
    ],
    district: Annotated[
        str | None, typer.Option(help="学区代码,如 500109。The district's code.")
    ] = None,
) -> None:
    """导入学区工作簿。Import a district's workbook."""
    with _explained():
        with quick.loading():
            from service.cli import ground, importing, schema

        ground.speak_to_people()
        with ground.database() as url:
            schema.migrate(url)
            with quick.loading():
                importing.load(url, file, district=district, console=console)


@app.command()
def demo(
    file: Annotated[
        Path | None, typer.Option(help="只写成工作簿。Write the workbook instead of loading it.")
    ] = None,
    scale: Annotated[
        float, typer.Option(min=0.05, max=20, help="规模,1 约 80 所学校。1 is about 80 schools.")
    ] = 1.0,
    part: Annotated[Part, typer.Option(hidden=True)] = Part.WHOLE,
) -> None:
    """生成并载入演示学区,或写成工作簿。Make the demo district, or a workbook of it."""
    with _explained():
        with quick.loading():
            from service.cli import ground, schema
            from service.cli.demo import loading
            from service.cli.words import say

        ground.speak_to_people()
        if file is not None:
            loading.write(file, loading.invented(scale))
            return
        with ground.database() as url:
            schema.migrate(url)
            with quick.loading():
                loading.load(url, loading.in_turns(scale, part), console=console, part=part)
        if part is not Part.BEGINNING:
            say(console, "演示学区已全部载入。", "The whole demo district is there.")


@app.command()
def openapi(
    file: Annotated[Path, typer.Argument(help="写入的文件。Where to write it.")] = Path(
        "openapi/openapi.json"
    ),
    *,
    check: Annotated[bool, typer.Option(help="只核对。Compare instead of writing.")] = False,
    base: Annotated[str, typer.Option(help="对比的版本。What may not be broken.")] = "origin/main",
) -> None:
    """生成或核对接口文档。Write or check the OpenAPI document."""
    with _explained():
        # The document does not depend on any installation.
        os.environ.setdefault("HUANGGE_SECRET", "the document is the same with every secret")
        with quick.loading():
            from service.cli import contract
            from service.main import create_app

            document = create_app().openapi()
        if check:
            contract.check(file, document, base=base)
        else:
            contract.write(file, document)


@app.command(hidden=True)
def draft_migration(message: str) -> None:
    """起草数据库迁移。Draft the migration from the last one to the tables as they are declared."""
    with _explained():
        from service.cli import schema

        console.print(str(schema.draft(message)))


if __name__ == "__main__":
    app()
