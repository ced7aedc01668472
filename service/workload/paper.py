"""A certificate on paper: one page of A4 as PDF, and as a page for the browser.

Both are made of the same words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from io import BytesIO
from pathlib import Path

import segno

from service.kit.paper import as_pdf as paper_as_pdf
from service.workload.rules.certificates import CertificateState, last_day, print_of
from service.workload.tables import ServiceCertificate

_TEMPLATE = Path(__file__).parent / "paper_files" / "certificate.typ"
_TITLE = "教师服务证明"
_SPLIT = 3
"""After how many groups of the code the line breaks."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on the paper."""

    title: str
    number: str
    opening: str
    facts: Sequence[tuple[str, str]]
    hosts: Sequence[tuple[str, str]]
    code: tuple[str, str]
    print: str
    issuer: str
    day: str
    watermark: str
    qr: str

    @classmethod
    def of(cls, row: ServiceCertificate, *, address: str, issued_on: date) -> "Paper":
        """The words of a certificate; ``address`` is where its code is verified."""
        first, until = row.period.lower or date.min, row.period.upper or date.max
        school = f"（{row.school_name}）" if row.school_name else ""
        groups = row.code.split("-")
        facts = row.facts
        return cls(
            title=_TITLE,
            number=row.number,
            opening=f"兹证明 {row.teacher_name} 老师{school}于{_day(first)}至"
            f"{_day(last_day(until))}期间，在教育集团内承担走教、帮扶等服务工作，"
            "经受援学校确认，情况如下：",
            facts=(
                ("走教课时", f"{facts['lessons']} 节"),
                ("走教天数", f"{facts['days']} 天"),
                ("服务月数", f"{facts['months']} 个月"),
                ("农村学校", f"{facts['rural_months']} 个月"),
                ("薄弱学校", f"{facts['weak_months']} 个月"),
                ("担任导师", f"{facts['mentor_months']} 个月"),
                ("指导结对", f"{facts['pairings']} 对"),
                ("服务学校", f"{len(facts['hosts'])} 所"),
            ),
            hosts=tuple((one["name"], f"{one['lessons']} 节") for one in facts["hosts"]),
            code=("-".join(groups[:_SPLIT]) + "-", "-".join(groups[_SPLIT:])),
            print=print_of(row.seal),
            issuer=row.issuer_name,
            day=_day(issued_on),
            watermark="已撤销" if row.state == CertificateState.REVOKED else "",
            qr=_qr(address),
        )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _qr(address: str) -> str:
    target = BytesIO()
    segno.make(address, error="m").save(
        target, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True
    )
    return target.getvalue().decode()


def as_pdf(paper: Paper) -> bytes:
    """The paper as PDF."""
    return paper_as_pdf(_TEMPLATE, {name: getattr(paper, name) for name in Paper.__slots__})


_STYLE = """
@page { size: A4; margin: 0 }
* { box-sizing: border-box }
body { margin: 0; background: #e8e8e8; color: #111; font-family: "Noto Serif CJK SC",
  "Source Han Serif SC", "Songti SC", SimSun, serif; font-size: 12.5pt; line-height: 2 }
main { position: relative; width: 210mm; height: 296mm; margin: 0 auto; padding: 26mm;
  background: #fff; display: flex; flex-direction: column }
main::before { content: ""; position: absolute; inset: 12mm; border: 1.6pt solid #8a1c1c;
  outline: .5pt solid #8a1c1c; outline-offset: -2mm; pointer-events: none }
h1 { margin: 12mm 0 0; text-align: center; color: #8a1c1c; font-size: 30pt; letter-spacing: 8pt }
.number { margin: 0 0 8mm; text-align: center; font-size: 11pt }
.text { margin: 0; text-indent: 2em; text-align: justify }
table { width: 100%; border-collapse: collapse; margin: 4mm 0 }
td, th { border: .6pt solid #111; padding: 4pt 6pt; text-align: center; font-weight: normal }
.facts td:nth-child(odd) { color: #444; font-size: 11pt }
.hosts td:first-child, .hosts th:first-child { text-align: left }
footer { margin-top: auto; display: flex; justify-content: space-between; align-items: flex-end }
.proof { display: flex; gap: 5mm; align-items: center; font-size: 8.5pt; line-height: 1.8 }
.proof svg { width: 30mm; height: 30mm }
.seal { text-align: center }
.mark { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center;
  font-size: 90pt; color: #d9d9d9; transform: rotate(-30deg); z-index: 0 }
@media print { body { background: none } }
"""


def as_page(paper: Paper) -> str:
    """The paper as a page that a browser shows and prints on A4."""
    cells = [f"<td>{escape(name)}</td><td>{escape(value)}</td>" for name, value in paper.facts]
    facts = "".join(f"<tr>{''.join(cells[at : at + 2])}</tr>" for at in range(0, len(cells), 2))
    hosts = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(lessons)}</td></tr>"
        for name, lessons in paper.hosts
    )
    listed = (
        f'<table class="hosts"><tr><th>服务学校</th><th>已确认课时</th></tr>{hosts}</table>'
        if hosts
        else ""
    )
    mark = f'<div class="mark">{escape(paper.watermark)}</div>' if paper.watermark else ""
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{paper.title} {paper.number}</title>
<style>{_STYLE}</style></head><body><main>{mark}
<h1>{paper.title}</h1><p class="number">编号：{escape(paper.number)}</p>
<p class="text">{escape(paper.opening)}</p>
<table class="facts">{facts}</table>{listed}
<p class="text">特此证明。</p>
<footer><div class="proof">{paper.qr}<div>扫码核验真伪<br>验证码：{escape(paper.code[0])}<br>
{escape(paper.code[1])}<br>校验指纹：{escape(paper.print)}</div></div>
<div class="seal">{escape(paper.issuer)}<br>（盖章）<br>{escape(paper.day)}</div></footer>
</main></body></html>"""


def verdict_page(lines: Sequence[tuple[str, str]], *, verdict: str, good: bool) -> str:
    """What somebody reads who scanned the code."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in lines
    )
    colour = "#1a6b2f" if good else "#a11"
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>证明核验</title>
<style>body{{font:16px/1.8 sans-serif;margin:0;padding:6vw;max-width:40em}}
h1{{color:{colour};font-size:1.4em}}table{{border-collapse:collapse;width:100%}}
td{{border-bottom:1px solid #ddd;padding:.4em .6em}}td:first-child{{color:#666;width:8em}}
</style></head><body><h1>{escape(verdict)}</h1><table>{rows}</table></body></html>"""
