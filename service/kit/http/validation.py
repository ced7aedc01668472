"""What the model checker found, said to people: which field, what is wrong, what would be right."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.kit.clock import END_YEAR, FIRST_YEAR
from service.kit.problems import FieldError, Text

_MESSAGES: Mapping[str, Text] = {
    "missing": Text("必填", "is required"),
    "extra_forbidden": Text("不认识的字段,请删除", "is not known here; remove it"),
    "string_type": Text("应为文字", "must be a string"),
    "string_too_short": Text("至少 {min_length} 个字符", "needs at least {min_length} characters"),
    "string_too_long": Text("最多 {max_length} 个字符", "takes at most {max_length} characters"),
    "string_pattern_mismatch": Text("格式应符合 {pattern}", "must match {pattern}"),
    "enum": Text("只能取:{expected}", "must be one of {expected}"),
    "literal_error": Text("只能取:{expected}", "must be one of {expected}"),
    "uuid_parsing": Text("应为 UUID", "must be a UUID"),
    "uuid_type": Text("应为 UUID", "must be a UUID"),
    "int_parsing": Text("应为整数", "must be a whole number"),
    "int_type": Text("应为整数", "must be a whole number"),
    "int_from_float": Text("应为整数,不能带小数", "must be a whole number, without a fraction"),
    "int_parsing_size": Text("数值过大", "is too large"),
    "float_parsing": Text("应为数字", "must be a number"),
    "float_type": Text("应为数字", "must be a number"),
    "finite_number": Text("应为有限的数字", "must be a finite number"),
    "decimal_parsing": Text("应为数字", "must be a number"),
    "bool_parsing": Text("应为 true 或 false", "must be true or false"),
    "bool_type": Text("应为 true 或 false", "must be true or false"),
    "greater_than": Text("应大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": Text("应不小于 {ge}", "must be at least {ge}"),
    "less_than": Text("应小于 {lt}", "must be less than {lt}"),
    "less_than_equal": Text("应不大于 {le}", "must be at most {le}"),
    "date_type": Text("应为日期,如 2026-09-01", "must be a date such as 2026-09-01"),
    "date_parsing": Text("应为日期,如 2026-09-01", "must be a date such as 2026-09-01"),
    "date_from_datetime_parsing": Text(
        "应为日期,如 2026-09-01", "must be a date such as 2026-09-01"
    ),
    "date_from_datetime_inexact": Text("应为日期,不含时间", "must be a date without a time"),
    "time_type": Text("应为时刻,如 08:30", "must be a time such as 08:30"),
    "time_parsing": Text("应为时刻,如 08:30", "must be a time such as 08:30"),
    "datetime_type": Text("应为带时区的时间", "must be a time with an offset"),
    "datetime_parsing": Text(
        "应为带时区的时间,如 2026-09-01T08:30:00+08:00",
        "must be a time with an offset such as 2026-09-01T08:30:00+08:00",
    ),
    "datetime_from_date_parsing": Text(
        "应为带时区的时间,如 2026-09-01T08:30:00+08:00",
        "must be a time with an offset such as 2026-09-01T08:30:00+08:00",
    ),
    "timezone_aware": Text(
        "缺少时区,请写成 2026-09-01T08:30:00+08:00",
        "has no offset; write it as 2026-09-01T08:30:00+08:00",
    ),
    "list_type": Text("应为数组", "must be a list"),
    "dict_type": Text("应为对象", "must be an object"),
    "model_type": Text("应为对象", "must be an object"),
    "model_attributes_type": Text("应为对象", "must be an object"),
    "too_short": Text("至少 {min_length} 项", "needs at least {min_length} items"),
    "too_long": Text("最多 {max_length} 项", "takes at most {max_length} items"),
    "range_reversed": Text("结束日期必须晚于开始日期", "the end must be after the beginning"),
    "unknown_parameter": Text("不认识的查询参数,请删除", "is not a parameter of this operation"),
    "none_required": Text("必须为空", "must be null"),
    "out_of_range": Text(
        f"应在 {FIRST_YEAR} 年至 {END_YEAR - 1} 年之间",
        f"must lie in the years from {FIRST_YEAR} to {END_YEAR - 1}",
    ),
}
_OTHERWISE = Text("取值不符合要求({type})", "is not valid ({type})")


class _Blank(dict[str, Any]):
    """Leaves a placeholder empty rather than failing to tell what is wrong."""

    def __missing__(self, key: str) -> str:
        return ""


def message_for(kind: str, context: Mapping[str, Any]) -> Text:
    """The sentence for one kind of mistake.

    A model may raise its own kind with ``zh`` and ``en`` in the error's context.
    """
    if "zh" in context and "en" in context:
        return Text(str(context["zh"]), str(context["en"]))
    template = _MESSAGES.get(kind, _OTHERWISE)
    values = _Blank({**context, "type": kind})
    return Text(template.zh.format_map(values), template.en.format_map(values))


def pointer_of(location: Sequence[int | str]) -> str:
    """A JSON pointer into the body, or ``query/name``, ``path/name``, ``header/name``."""
    where, *path = location
    if where == "body":
        escaped = [str(part).replace("~", "~0").replace("/", "~1") for part in path]
        return "".join(f"/{part}" for part in escaped)
    return "/".join(str(part) for part in location)


def field_errors(found: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Every mistake of a request with its pointer, once: a body may be checked twice."""
    errors = (
        FieldError(
            pointer_of(item["loc"]),
            str(item["type"]).replace("_", "-"),
            message_for(str(item["type"]), item.get("ctx") or {}),
        )
        for item in found
    )
    return list(dict.fromkeys(errors))
