"""What service certificates refuse, and the way out."""

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    refuses,
    refuses_missing,
    refuses_value,
)


class CertificateNotFound(NotFound):
    """No such certificate, or not visible; of a code, no certificate has it."""

    code = "certificate-not-found"
    title = Text("未找到该证明", "Certificate not found")
    remedy = Text(
        "请核对证明上的验证码或编号。", "Check the code or the number on the certificate."
    )


class CertificateOver(Conflict):
    """The certificate was revoked."""

    code = "certificate-over"
    title = Text("该证明已撤销", "The certificate was revoked")
    remedy = Text(
        "请查看其替代证明;如仍需证明,请重新开具。",
        "See the one that took its place, or issue another.",
    )


class NothingToCertify(Conflict):
    """Nothing of the teacher is confirmed in that time."""

    code = "nothing-to-certify"
    title = Text("该时段没有可证明的服务", "There is nothing to certify in that time")
    remedy = Text(
        "请先由受援校确认课时,或调整起止日期。",
        "Have the host schools confirm the lessons first, or choose another time.",
    )


class CertificateRace(Conflict):
    """Somebody else issued one at the same moment."""

    code = "certificate-race"
    title = Text("刚有另一份证明同时开具", "Another certificate was issued at the same moment")
    remedy = Text("请重试。", "Try again.")


refuses("uq_service_certificate_number", CertificateRace)
refuses("uq_service_certificate_code", CertificateRace)
refuses("uq_service_certificate_replaces", CertificateOver)
refuses("uq_certificate_item_place", CertificateRace)
refuses_missing("fk_service_certificate_teacher", "/teacher_id")
refuses_missing("fk_service_certificate_replaces", "/replaces_id")
refuses_missing("fk_certificate_item_certificate", "/certificate_id")
refuses_missing("fk_certificate_item_lesson", "/lesson_id")
refuses_value(
    "ck_service_certificate_state", "/state", Text("取值不在允许范围内", "is none of the values")
)
refuses_value("ck_service_certificate_period", "/until", Text("时段不能为空", "must not be empty"))
refuses_value("ck_service_certificate_revoked", "/reason", Text("撤销须有原因", "needs a reason"))
