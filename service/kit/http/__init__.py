"""The edge: the only part of the kit that knows HTTP."""

from service.kit.http.deps import (
    Db,
    Identity,
    IfMatch,
    InDatabase,
    NewTag,
    Paging,
    ReadDb,
    Tag,
    database_of,
    needs,
    public,
)
from service.kit.http.files import a_file, send_file
from service.kit.http.routing import Route, english, make_router, may_fail
from service.kit.http.schemas import DayRange, In, Out, Page

__all__ = [
    "DayRange",
    "Db",
    "Identity",
    "IfMatch",
    "In",
    "InDatabase",
    "NewTag",
    "Out",
    "Page",
    "Paging",
    "ReadDb",
    "Route",
    "Tag",
    "a_file",
    "database_of",
    "english",
    "make_router",
    "may_fail",
    "needs",
    "public",
    "send_file",
]
