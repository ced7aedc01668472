"""What goes out about imports: where they are, and their reports."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, Field
from typing_extensions import override

from service.kit.http.schemas import Out
from service.kit.language import say
from service.kit.problems import Text
from service.partners.rules import RunState
from service.partners.tables import ImportRun

PROBLEMS_IN_ANSWER = 200

_LABELS = {
    RunState.CHECKING: Text("检查中", "Being checked"),
    RunState.CHECKED: Text("已检查", "Checked"),
    RunState.APPLYING: Text("导入中", "Being applied"),
    RunState.APPLIED: Text("已导入", "Applied"),
    RunState.REFUSED: Text("未导入:与现有数据冲突", "Refused: in conflict with the district"),
    RunState.FAILED: Text("未导入:处理失败,可重试", "Failed; may be tried again"),
}


def said(text: dict[str, str] | None) -> str | None:
    """A stored sentence in the reader's language."""
    return None if text is None else say(Text(text["zh"], text["en"]))


class ReasonOut(Out):
    """Why an import was refused or failed."""

    code: Annotated[str, Field(description="原因代码", examples=["schedule-conflict"])]
    message: Annotated[str, Field(description="原因说明")]

    @classmethod
    def of(cls, reason: dict[str, str] | None) -> Self | None:
        """The stored reason in the reader's language."""
        return None if reason is None else cls(code=reason["code"], message=said(reason) or "")


class ImportOut(Out):
    """One workbook on its way into the district."""

    id: UUID
    version: int
    name: Annotated[str, Field(description="文件名", examples=["示例区.xlsx"])]
    sha256: Annotated[str, Field(description="文件的 SHA-256")]
    size_bytes: Annotated[int, Field(description="文件大小(字节)")]
    state: Annotated[RunState, Field(description="状态代码")]
    label: Annotated[str, Field(description="状态说明")]
    step: Annotated[str | None, Field(description="正在进行的步骤")]
    progress: Annotated[int, Field(ge=0, le=100, description="进度(百分比)")]
    problem_count: Annotated[int, Field(description="报告中的问题数;为 0 才能执行导入")]
    reason: Annotated[ReasonOut | None, Field(description="未导入的原因")]
    created_by: Annotated[str, Field(description="上传人")]
    created_at: AwareDatetime
    checked_at: AwareDatetime | None
    applied_at: AwareDatetime | None

    @classmethod
    def of(cls, run: ImportRun) -> Self:
        """An import as it is now."""
        return cls(**_shared(run))


def _shared(run: ImportRun) -> dict[str, Any]:
    state = RunState(run.state)
    return {
        "id": run.id,
        "version": run.version,
        "name": run.name,
        "sha256": run.sha256,
        "size_bytes": run.size_bytes,
        "state": state,
        "label": say(_LABELS[state]),
        "step": said(run.step),
        "progress": run.progress,
        "problem_count": run.problem_count,
        "reason": ReasonOut.of(run.reason),
        "created_by": run.created_by,
        "created_at": run.created_at,
        "checked_at": run.checked_at,
        "applied_at": run.applied_at,
    }


class ImportProblemOut(Out):
    """What is wrong in one place of the workbook."""

    sheet: Annotated[str, Field(description="工作表", examples=["教师"])]
    row: Annotated[int | None, Field(description="行号,从 1 起;为空表示整张表", examples=[7])]
    column: Annotated[str | None, Field(description="列名", examples=["工号"])]
    code: Annotated[str, Field(description="问题代码", examples=["lost-digits"])]
    message: Annotated[str, Field(description="问题", examples=["数字过长,已按科学计数法存储"])]
    remedy: Annotated[str, Field(description="修改办法", examples=["请将整列设为“文本”。"])]

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        """A stored problem in the reader's language."""
        return cls(
            sheet=stored["sheet"],
            row=stored["row"],
            column=stored["column"],
            code=stored["code"],
            message=say(Text(*stored["message"])),
            remedy=say(Text(*stored["remedy"])),
        )


class ImportSheetOut(Out):
    """What one sheet would do, or did."""

    sheet: Annotated[str, Field(description="工作表", examples=["教师"])]
    rows: Annotated[int, Field(description="读到的行数")]
    created: Annotated[int | None, Field(description="新增;尚未得出时为空")]
    changed: Annotated[int | None, Field(description="修改")]
    unchanged: Annotated[int | None, Field(description="不变")]


class ImpactOut(Out):
    """What happens to dated lessons."""

    lessons_laid: Annotated[int, Field(description="新排入的课")]
    lessons_moved: Annotated[int, Field(description="改变时间、地点或教师的课")]
    lessons_cancelled: Annotated[int, Field(description="取消的课")]


class ImportReportOut(ImportOut):
    """An import with its report."""

    sheets: Annotated[list[ImportSheetOut], Field(description="各工作表的情况")]
    impact: Annotated[ImpactOut | None, Field(description="对课表的影响;有问题时为空")]
    problems: Annotated[
        list[ImportProblemOut],
        Field(description=f"前 {PROBLEMS_IN_ANSWER} 个问题;全部问题见 report.xlsx"),
    ]

    @classmethod
    @override
    def of(cls, run: ImportRun) -> Self:
        """An import with the report of its last check."""
        report = run.report or {}
        impact = report.get("impact")
        return cls(
            **_shared(run),
            sheets=[ImportSheetOut(**sheet) for sheet in report.get("sheets", ())],
            impact=None if impact is None else ImpactOut(**impact),
            problems=[
                ImportProblemOut.of(problem)
                for problem in report.get("problems", ())[:PROBLEMS_IN_ANSWER]
            ],
        )
