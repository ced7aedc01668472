"""Code lists, national and of the district."""

from typing import Annotated

from fastapi import Depends, Path

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    ReadDb,
    english,
    make_router,
    may_fail,
    needs,
)
from service.network import (
    codelists,
    queries,
)
from service.network.problems import (
    CodeListNotFound,
    CodeTaken,
    NationalCodeFixed,
)
from service.network.schemas import (
    CodeIn,
    CodeListOut,
    CodeListsOut,
    CodeOut,
    CodePatch,
)

router = make_router(tag="code-lists")

CodeReader = Annotated[Caller, needs(Permission.CODE_LIST_READ)]
CodeWriter = Annotated[Caller, needs(Permission.CODE_LIST_WRITE)]

ListName = Annotated[str, Path(max_length=40, description="代码表", examples=["group_category"])]


async def _code_place(
    *, name: ListName, code: Annotated[str, Path(max_length=40, examples=["a"])]
) -> tuple[str, str]:
    return name, code


@router.get(
    "/code-lists",
    operation_id="listCodeLists",
    summary="全部代码表",
    description="国家代码(办学类型、城乡类型、学段、学科等)与本区自定代码(集团类别、导师角色、地方课程)。",
    openapi_extra=english("All code lists", "National lists and the district's own."),
)
async def list_code_lists(*, db: ReadDb, caller: CodeReader) -> CodeListsOut:
    """List every code list."""
    return CodeListsOut(items=list(await queries.code_lists(db, district_id=caller.district_id)))


@router.get(
    "/code-lists/{name}",
    operation_id="getCodeList",
    summary="一个代码表",
    description="一个代码表的全部代码,含已停用的。",
    responses=may_fail(CodeListNotFound),
    openapi_extra=english("A code list", "All its codes, those no longer in use included."),
)
async def get_code_list(*, db: ReadDb, caller: CodeReader, name: ListName) -> CodeListOut:
    """Read a code list."""
    return await queries.code_list(db, district_id=caller.district_id, name=name)


@router.post(
    "/code-lists/{name}/items",
    status_code=201,
    operation_id="addCode",
    summary="新增本区代码",
    description="在本区自定的代码表中新增一项。国家代码不可增改。",
    responses=may_fail(CodeListNotFound, NationalCodeFixed, CodeTaken),
    openapi_extra=english("Add a code", "To one of the district's own lists."),
)
async def add_code(
    *, db: Db, caller: CodeWriter, tag: NewTag, name: ListName, body: CodeIn
) -> CodeOut:
    """Add a code."""
    item = await codelists.add_code(db, caller=caller, name=name, new=body)
    tag(item.version)
    return CodeOut.of(item)


@router.patch(
    "/code-lists/{name}/items/{code}",
    operation_id="changeCode",
    summary="修改本区代码",
    description="修改名称、排序或停用(JSON Merge Patch)。代码本身不改;"
    "`If-Match` 用该项的 version。",
    responses=may_fail(CodeListNotFound, NationalCodeFixed),
    openapi_extra=english(
        "Change a code", "Its words, rank, or whether it is in use. `If-Match` is its version."
    ),
)
async def change_code(
    *,
    db: Db,
    caller: CodeWriter,
    expected: IfMatch,
    tag: NewTag,
    place: Annotated[tuple[str, str], Depends(_code_place)],
    body: CodePatch,
) -> CodeOut:
    """Change a code."""
    item = await codelists.change_code(
        db,
        caller=caller,
        place=place,
        expected=expected,
        changes=body.model_dump(exclude_unset=True),
    )
    tag(item.version)
    return CodeOut.of(item)
