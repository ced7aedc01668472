"""What several lists of the network can be asked for."""

from datetime import date
from typing import Annotated

from fastapi import Query

AsOf = Annotated[
    date | None, Query(description="按这一天的情况查询,默认今天", examples=["2026-09-01"])
]
NameFilter = Annotated[
    str | None, Query(max_length=80, description="名称或拼音的一部分", examples=["江湾"])
]
