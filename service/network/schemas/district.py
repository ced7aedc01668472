"""The district and its settings, in and out."""

from collections.abc import Sequence
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from service.kit.http.schemas import In, Out
from service.network.rules import (
    DEFAULT_BACKDATING_DAYS,
    DEFAULT_RURAL_CODES,
)
from service.network.schemas.words import (
    Name,
    UrbanRuralCode,
    Zone,
)
from service.network.tables import (
    District,
)


class TravelSettings(In):
    """How a way is estimated where nobody has measured it; what is left out keeps its default."""

    detour: Annotated[float | None, Field(ge=1, le=5, description="绕行系数", examples=[1.6])] = (
        None
    )
    kilometres_per_hour: Annotated[
        float | None, Field(ge=5, le=120, description="平均车速(公里/小时)", examples=[30])
    ] = None
    buffer: Annotated[int | None, Field(ge=0, le=120, description="缓冲分钟", examples=[10])] = None
    unknown_minutes: Annotated[
        int | None, Field(ge=0, le=480, description="位置不明时按多少分钟", examples=[60])
    ] = None


class RotationSettings(In):
    """Who is due for rotation, and how many should move; what is left out keeps its default."""

    years_at_school: Annotated[
        int | None, Field(ge=1, le=20, description="在同一学校满多少年应轮岗", examples=[6])
    ] = None
    oldest: Annotated[
        int | None, Field(ge=30, le=65, description="轮岗年龄上限", examples=[50])
    ] = None
    retires_within_years: Annotated[
        int | None, Field(ge=0, le=15, description="距退休几年内不再轮岗", examples=[5])
    ] = None
    share_percent: Annotated[
        int | None, Field(ge=0, le=100, description="每学年轮岗比例(%)", examples=[20])
    ] = None


class DistrictPatch(In):
    """What a district decides for itself; ``null`` brings a default back."""

    name: Name = Field(default_factory=str)
    name_en: Annotated[str, Field(max_length=120)] = Field(default_factory=str)
    rural_codes: Annotated[
        list[UrbanRuralCode] | None,
        Field(
            min_length=1,
            max_length=20,
            description="视为农村学校的城乡类型代码;默认 210、220",
            examples=[["210", "220"]],
        ),
    ] = None
    membership_backdating_days: Annotated[
        int | None,
        Field(
            ge=0,
            le=366,
            description=f"运行中集团的成员变更最多可补录多少天;默认 {DEFAULT_BACKDATING_DAYS}",
        ),
    ] = None
    travel: Annotated[TravelSettings | None, Field(description="交通时间估算参数")] = None
    rotation: Annotated[RotationSettings | None, Field(description="交流轮岗参数")] = None


class DistrictOut(Out):
    """The district."""

    id: UUID
    version: int
    code: Annotated[str, Field(description="行政区划代码(GB/T 2260)", examples=["500109"])]
    name: str
    name_en: str
    zone: Zone
    rural_codes: Annotated[list[str], Field(description="视为农村学校的城乡类型代码")]
    membership_backdating_days: Annotated[int, Field(description="成员变更最多可补录的天数")]
    settings: Annotated[dict[str, Any], Field(description="本区已设定的全部参数;未设定的取默认值")]

    @classmethod
    def of(cls, row: District) -> Self:
        """The district as people see it."""
        return cls(
            id=row.id,
            version=row.version,
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            zone=row.zone,
            rural_codes=list(rural_codes_of(row.settings)),
            membership_backdating_days=backdating_days_of(row.settings),
            settings=row.settings,
        )


def rural_codes_of(settings: dict[str, Any]) -> Sequence[str]:
    """What counts as rural in a district."""
    found: Sequence[str] = settings.get("rural_codes") or DEFAULT_RURAL_CODES
    return found


def backdating_days_of(settings: dict[str, Any]) -> int:
    """How far back a change of members may be entered in a district."""
    return int(settings.get("membership_backdating_days", DEFAULT_BACKDATING_DAYS))
