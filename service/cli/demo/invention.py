"""Names that nobody and no place has."""

_SURNAMES = "演示例样"
_GIVEN = "云溪松岭竹青江帆石泉荷风柳岸桃源梅坞枫林桂香兰舟菊圃茶烟麦浪月桥星渡雪径霜坪雨亭露台"
_COUNT = len(_SURNAMES) * len(_GIVEN) ** 2
_STRIDE = 2_741
"""Shares no factor with the count, so the first seven thousand people have different names."""

_BY_THE_RIVER = ("江沙柳荷渡滨苇汀浦岸桃梅芦鹭帆石", "湾桥滩洲埠塘")
_IN_THE_HILLS = ("云竹松石茶枫鹰雾梯栎", "岭坪坡岩垭沟")


def person(number: int) -> str:
    """The name of the person with a number."""
    rest = (number * _STRIDE) % _COUNT
    rest, surname = divmod(rest, len(_SURNAMES))
    first, second = divmod(rest, len(_GIVEN))
    return _SURNAMES[surname] + _GIVEN[first] + _GIVEN[second]


def place(number: int, *, hills: bool) -> str:
    """The name of the place with a number, by the river or in the hills."""
    firsts, seconds = _IN_THE_HILLS if hills else _BY_THE_RIVER
    round_, number = divmod(number, len(firsts) * len(seconds))
    second, first = divmod(number, len(firsts))
    return firsts[first] + seconds[second] + (str(round_ + 1) if round_ else "")
