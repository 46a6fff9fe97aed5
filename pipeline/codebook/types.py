"""Types of questions in words."""

_TYPES = {
    "select_one": "pilih satu", "select_multiple": "boleh memilih beberapa",
    "select_one_from_file": "pilih satu dari berkas daftar",
    "select_multiple_from_file": "boleh memilih beberapa dari berkas daftar",
    "select_one_external": "pilih satu dari daftar luar", "rank": "urutkan",
    "integer": "bilangan bulat", "decimal": "bilangan desimal", "range": "skala bilangan",
    "text": "teks", "date": "tanggal", "time": "jam", "dateTime": "tanggal dan jam",
    "acknowledge": "tanda sudah dibaca", "geopoint": "titik lokasi", "geotrace": "garis lokasi",
    "geoshape": "bidang lokasi", "image": "foto", "audio": "rekaman suara", "video": "video",
    "file": "berkas", "barcode": "kode batang", "calculate": "dihitung ponsel",
    "hidden": "tersembunyi", "start": "waktu formulir dibuka", "end": "waktu formulir ditutup",
    "today": "tanggal hari ini", "deviceid": "kode ponsel", "audit": "jejak pengisian",
    "username": "nama akun", "phonenumber": "nomor telepon ponsel", "email": "alamat surel akun",
    "start-geopoint": "titik lokasi saat dibuka", "background-audio": "rekaman suara latar",
}  # fmt: skip


def type_words(kind: str) -> str:
    """Words for an XLSForm type; the type itself where it is an unusual one."""
    return _TYPES.get(kind, kind)
