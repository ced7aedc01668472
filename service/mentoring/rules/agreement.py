"""The words of an agreement as the service has them from the start. Pure."""

from dataclasses import dataclass

BUILT_IN = 0
"""The number of the text that every district has before it writes its own."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A text of the agreement."""

    number: int
    title: str
    body: str


STANDARD = Wording(
    BUILT_IN,
    "师徒结对协议书",
    """为落实双导师帮扶制,促进青年教师专业成长,导师与徒弟双方自愿结对,并约定如下:
一、导师每学期指导徒弟撰写教案,深入课堂听评徒弟的课,并向徒弟开放自己的课堂;次数不少于本区规定的最低要求。
二、徒弟每学期制定个人成长目标,按时备课、上课、听课、反思,主动接受指导,上好汇报课。
三、双方如实填写结对记录,由对方确认;记录有误的,以新版本更正,不得涂改。
四、学期中进行中期考核,结对期满进行终期考核,考核结果分为优秀、良好、合格、不合格。
五、导师因调动、轮岗等原因不能继续指导的,由学校另行安排导师接任,中间不得间断。
六、本协议自双方签署并启动结对之日起生效,至结对结束之日终止。""",
)
