"""What partners refuse: files that are no workbook, imports that are not ready."""

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    UnsupportedMediaType,
    ValidationFailed,
    refuses_missing,
    refuses_value,
)


class NotAWorkbook(UnsupportedMediaType):
    """The file is something else than an ``.xlsx`` workbook without macros."""

    code = "not-a-workbook"
    title = Text("不是 .xlsx 工作簿", "Not an .xlsx workbook")
    remedy = Text(
        "请下载模板,或在表格软件中“另存为”Excel 工作簿(.xlsx);不支持 .xls、.xlsm、.csv 和 .ods。",
        "Use the template, or save the file as an Excel workbook (.xlsx);"
        " .xls, .xlsm, .csv and .ods are not read.",
    )


class WorkbookEncrypted(ValidationFailed):
    """The workbook asks for a password."""

    code = "workbook-encrypted"
    title = Text("工作簿设有密码", "The workbook is protected by a password")
    remedy = Text(
        "请在表格软件中取消打开密码,另存后重新上传。", "Remove the password, save and upload again."
    )


class WorkbookUnsafe(ValidationFailed):
    """Unpacked, the workbook would be far larger than a district's data."""

    code = "workbook-unsafe"
    title = Text(
        "工作簿解压后过大或结构异常", "The workbook is too large when unpacked, or oddly built"
    )
    remedy = Text(
        "请把数据复制到新下载的模板中再上传:每个工作表最多 199999 行、52 列,"
        "并删除数据区以外带格式的空行空列。",
        "Copy the data into a fresh template: at most 199,999 rows and 52 columns a sheet,"
        " without formatted empty rows or columns beyond the data.",
    )


class WorkbookDamaged(ValidationFailed):
    """The container of the workbook is broken."""

    code = "workbook-damaged"
    title = Text("工作簿已损坏", "The workbook is damaged")
    remedy = Text(
        "请用表格软件打开并另存为新的 .xlsx 文件后重新上传。",
        "Open it, save it as a new .xlsx file and upload that.",
    )


class ImportNotFound(NotFound):
    """No such import, or not the caller's to see."""

    code = "import-not-found"
    title = Text("未找到该导入", "No such import")


class ImportNotReady(Conflict):
    """The import is in a state from which it cannot be applied."""

    code = "import-not-ready"
    title = Text("该导入当前不能执行", "The import cannot be applied now")
    remedy = Text(
        "只有检查完成(checked)或执行失败(failed)的导入可以执行;请先查看其状态。",
        "Only an import that is checked or failed can be applied; read its state first.",
    )


class ImportHasProblems(Conflict):
    """The report names problems; nothing of the file is applied until they are gone."""

    code = "import-has-problems"
    title = Text("文件中仍有问题", "The file still has problems")
    remedy = Text(
        "请按报告修改文件后重新上传。", "Correct the file as the report says and upload it again."
    )


refuses_value(
    "ck_import_run_state", "/state", Text("不是导入的状态", "is not a state of an import")
)
refuses_missing("fk_import_file_run", "/import_id")
