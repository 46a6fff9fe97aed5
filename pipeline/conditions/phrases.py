"""The words that conditions are told with, by language."""

from collections.abc import Mapping

PHRASES: Mapping[str, Mapping[str, str]] = {
    "id": {
        "and": "dan", "or": "atau",
        "any": "salah satu dari {} = {}", "all": "{} semuanya = {}",
        "=": "{} = {}", "!=": "{} bukan {}",
        "<": "{} kurang dari {}", "<=": "{} paling banyak {}",
        ">": "{} lebih dari {}", ">=": "{} paling sedikit {}",
        "filled": "{} diisi", "blank": "{} tidak diisi",
        "holds": "{} memuat {}", "lacks": "{} tidak memuat {}",
        "always": "selalu", "never": "tidak pernah",
        "here": "jawaban ini", "column": "kolom {}",
        "lookup": "{} menurut daftar {} untuk {}",
        "today": "hari ini", "now": "saat ini",
        "string-length": "panjang {}", "count-selected": "banyaknya pilihan pada {}",
        "round": "({}) dibulatkan", "int": "({}) dibulatkan ke bawah", "-": "−{}",
        "calculation": "hitungan {}", "if": "{} jika {}; selain itu {}", "empty": "kosong",
    },
    "en": {
        "and": "and", "or": "or",
        "any": "any of {} = {}", "all": "all of {} = {}",
        "=": "{} = {}", "!=": "{} is not {}",
        "<": "{} is less than {}", "<=": "{} is at most {}",
        ">": "{} is more than {}", ">=": "{} is at least {}",
        "filled": "{} is answered", "blank": "{} is blank",
        "holds": "{} includes {}", "lacks": "{} does not include {}",
        "always": "always", "never": "never",
        "here": "this answer", "column": "column {}",
        "lookup": "{} by the list {} for {}",
        "today": "today", "now": "now",
        "string-length": "the length of {}", "count-selected": "the number of choices at {}",
        "round": "({}) rounded", "int": "({}) rounded down", "-": "−{}",
        "calculation": "calculation {}", "if": "{} if {}; otherwise {}", "empty": "blank",
    },
}  # fmt: skip
