"""What the command line says, to people of two languages."""

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from service.kit.problems import Text as Words

PORT_TAKEN = (
    "端口 {port} 不可用({why})。请换一个端口,例如:HUANGGE_PORT=8001 make run\n"
    "Port {port} is not available. Choose another one: HUANGGE_PORT=8001 make run"
)

_PASSWORD = "huangge-demo"
_LOGINS = (
    ("district", "区教委管理员", "district office"),
    ("group", "集团管理员(牵头学校)", "group office at a lead school"),
    ("school", "农村成员校管理员", "a rural member school"),
    ("teacher", "走教教师", "an itinerant teacher"),
    ("mentor", "导师", "a mentor"),
    ("mentee", "青年教师", "a mentee"),
    ("auditor", "督查(只读)", "auditor, read only"),
)


def both(words: Words) -> str:
    """A sentence of the service in both languages."""
    return f"{words.zh} {words.en}"


def say(console: Console, chinese: str, english: str) -> None:
    """One sentence in both languages."""
    console.print(Text(chinese), Text(english, style="dim"))


def banner(address: str, *, logins: bool) -> RenderableType:
    """Where to click, and as whom."""
    where = Table.grid(padding=(0, 2))
    where.add_row("接口文档 API docs", f"[link={address}/docs]{address}/docs[/link]")
    where.add_row("运行状态 Health", f"{address}/readyz")
    parts: list[RenderableType] = [where]
    if logins:
        people = Table.grid(padding=(0, 2))
        for name, chinese, english in _LOGINS:
            people.add_row(f"[bold]{name}[/bold]", chinese, f"[dim]{english}[/dim]")
        partner = "合作系统 partner client: [bold]demo-partner[/bold] / huangge-demo-secret"
        parts += [
            "",
            f"演示账号,密码均为 Demo logins, password: [bold]{_PASSWORD}[/bold]",
            people,
            partner,
        ]
    parts += ["", "[dim]Ctrl-C 停止 stops everything[/dim]"]
    title = "黄葛已就绪 · Huangge is ready"
    return Panel(Group(*parts), title=title, title_align="left", expand=False)
