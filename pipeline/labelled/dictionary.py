"""What the variables of a table mean, as tables of their own: a row each, and a row each choice."""

from collections.abc import Iterator

from pipeline.labelled.variables import Table, Variable

VARIABLES = ("variabel", "label", "jenis", "kolom_asal", "buku_kode")
VALUES = ("variabel", "angka", "kode", "label", "tidak_menjawab")

KINDS = {
    "text": "teks",
    "number": "bilangan",
    "whole": "bilangan bulat",
    "moment": "waktu setempat",
    "date": "tanggal",
    "flag": "1 ya, 0 tidak",
    "code": "pilihan",
}


def codebook_link(table: Table, v: Variable) -> str:
    """Where the codebook page beside the folder of exports tells of the question."""
    return f"../codebook.html#{table.form}.{v.question}" if v.question and table.form else ""


def variable_rows(table: Table) -> Iterator[tuple[str, ...]]:
    """Rows with the columns `VARIABLES`."""
    for v in table.variables:
        yield v.name, v.label, KINDS[v.kind], v.column, codebook_link(table, v)


def value_rows(table: Table) -> Iterator[tuple[str, int, str, str, str]]:
    """Rows with the columns `VALUES`: the number of SPSS and Stata beside the code of the form."""
    for v in table.variables:
        for code, number in v.codes.items():
            missing = "ya" if number in v.missing else ""
            yield v.name, number, code, v.words[number], missing
