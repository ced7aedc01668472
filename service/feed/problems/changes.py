"""What the feed refuses."""

from service.kit.problems import Problem, Text


class SyncTokenExpired(Problem):
    """The feed cannot go on from this token without a gap, so it says where to begin anew."""

    code = "sync-token-expired"
    status = 410
    title = Text("同步令牌已失效,须重新同步", "The sync token has expired; sync anew")
    remedy = Text(
        "请按 resync 给出的地址不带令牌重新同步;快照之外的本地数据应删除。",
        "Start again at the address in `resync`, without a token, and drop what the snapshot "
        "does not bring.",
    )


AGED = Text(
    "令牌已超过 180 天。请按 resync 给出的地址重新同步。",
    "The token is older than 180 days. Start again at the address in `resync`.",
)
RESTORED = Text(
    "数据库曾从备份恢复,旧令牌不再可靠。请按 resync 给出的地址重新同步。",
    "The database was restored from a backup; tokens from before cannot be trusted. "
    "Start again at the address in `resync`.",
)
TRIMMED = Text(
    "令牌之后的部分变更记录已清理。请按 resync 给出的地址重新同步。",
    "Some of the changes after this token are kept no longer. "
    "Start again at the address in `resync`.",
)
PROFILE = Text(
    "可见的教师字段已调整,同样的数据将以不同的字段给出。请按 resync 给出的地址重新同步。",
    "What is told of persons was changed, so the same rows look different now. "
    "Start again at the address in `resync`.",
)
