"""Chinese names in Latin letters, for people who sort and search by typing them."""


def pinyin_of(name: str) -> str:
    """The sounds of a Chinese name in small letters, without tones and without spaces."""
    # Its dictionaries take longer to load than any module of ours.
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(name)).lower().replace(" ", "")
