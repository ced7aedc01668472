"""Lesson counts, allowances, service certificates: what taught and mentored time is worth.

Reads the programmes below and writes only its own rows.
"""
