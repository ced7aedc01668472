"""Rows of workload, a file per noun."""

from service.workload.tables.certificates import CertificateItem, ServiceCertificate
from service.workload.tables.rates import AllowanceRate, LessonCoefficient
from service.workload.tables.statements import Statement, StatementLine

__all__ = [
    "AllowanceRate",
    "CertificateItem",
    "LessonCoefficient",
    "ServiceCertificate",
    "Statement",
    "StatementLine",
]
