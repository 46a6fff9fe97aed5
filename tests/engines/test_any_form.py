"""A form with every kind of question agrees in both engines, though the study has no such form."""

import pytest
from pyxform.xls2xform import convert

from pipeline.javarosa import Form
from tests.engines.agreement import disagreements, filled_again
from tests.engines.chance import Experience, draw
from tests.engines.web_engine import web_engine

pytestmark = [pytest.mark.java, pytest.mark.node, pytest.mark.chromium]

FILLS = 50
EVERYTHING = """
| survey | | | | | | | | | | | | |
| | type | name | label::Indonesia (id) | label::English (en) | required | constraint | relevant | calculation | trigger | choice_filter | parameters | default |
| | start | start | | | | | | | | | | |
| | end | end | | | | | | | | | | |
| | today | today | | | | | | | | | | |
| | calculate | acak | | | | | | once(random()) | | | | |
| | calculate | belah | | | | | | if(${acak} < 0.5, 'a', 'b') | | | | |
| | calculate | biji | | | | | | round(${acak} * 1000000, 0) | | | | |
| | note | salam | Halo | Hello | | | | | | | | |
| | text | ruang | Ruang | Room | yes | regex(., '^[A-Z]-?[0-9]{1,3}$') | | | | | | |
| | integer | umur | Umur? | Age? | yes | . >= 18 and . <= 110 | | | | | | |
| | decimal | berat | Berat | Weight | | . > 0 and . < 300 | | | | | | |
| | date | tanggal | Tanggal | Date | yes | . <= today() | | | | | | |
| | time | pukul | Pukul | Time | | | | | | | | |
| | dateTime | saat | Saat | When | | | | | | | | |
| | geopoint | tempat | Tempat | Place | yes | | | | | | | |
| | calculate | jarak | | | | | | if(${tempat} = '', '', round(distance(${tempat}, '-3.98 122.52 0 0'), 0)) | | | | |
| | calculate | jauh | | | | | | if(${jarak} > 2000, 'ya', 'tidak') | | | | |
| | select_one yt | setuju | Setuju? | Agree? | yes | | | | | | randomize=true, seed=${biji} | |
| | calculate | t_setuju | | | | | | if(${t_setuju} = '', now(), ${t_setuju}) | ${setuju} | | | |
| | calculate | katanya | | | | | | jr:choice-name(${setuju}, '${setuju}') | | | | |
| | begin_group | isi | Isi | Content | | | ${setuju} = 'ya' or ${belah} = 'b' | | | | | |
| | select_one_from_file units.csv | unit | Unit | Unit | yes | | | | | | | |
| | calculate | nama_unit | | | | | | instance('units')/root/item[name=${unit}]/label | | | | |
| | select_multiple warna | warna | Warna | Colours | yes | count-selected(.) <= 2 and not(selected(., 'tiada') and count-selected(.) > 1) | | | | kelas = ${belah} or kelas = 'ab' | | |
| | calculate | ada_merah | | | | | | if(selected(${warna}, 'merah'), 1, 0) | | | | |
| | rank warna | urutan | Urutan | Order | | | | | | | | |
| | range | nilai | Nilai | Value | | | | | | | start=0 end=10 step=1 | |
| | acknowledge | selesai | Selesai | Done | yes | | | | | | | |
| | calculate | t_selesai | | | | | | now() | ${selesai} | | | |
| | calculate | menit | | | | | | round((decimal-date-time(string(${t_selesai})) - decimal-date-time(string(${t_setuju}))) * 1440, 1) | | | | |
| | end_group | | | | | | | | | | | |
| | begin_repeat | anak | Anak | Child | | | ${umur} < 60 | | | | | |
| | text | nama | Nama | Name | yes | string-length(.) > 1 | | | | | | |
| | integer | usia | Usia | Age | yes | . < ${umur} | | | | | | |
| | calculate | dewasa | | | | | | if(${usia} >= 18, 'ya', 'tidak') | | | | |
| | text | sekolah | Sekolah | School | | | ${usia} >= 7 and ${dewasa} = 'tidak' | | | | | |
| | end_repeat | | | | | | | | | | | |
| | calculate | banyak | | | | | | if(${umur} < 60, count(${anak}), 0) | | | | |
| | calculate | jumlah | | | | | | if(${umur} < 60, sum(${usia}), 0) | | | | |
| | calculate | pertama | | | | | | indexed-repeat(${nama}, ${anak}, 1) | | | | |
| | calculate | gabung | | | | | | concat(${ruang}, '-', coalesce(${berat}, '0'), '-', ${umur} div 2, '-', ${umur} mod 7) | | | | |
| | text | catatan | Catatan | Remark | | not(regex(., '.*[0-9]{6,}.*')) | ${banyak} > 0 | | | | | |
| choices |
| | list_name | name | label::Indonesia (id) | label::English (en) | kelas |
| | yt | ya | Ya | Yes | |
| | yt | tidak | Tidak | No | |
| | yt | tj | Tidak menjawab | No answer | |
| | warna | merah | Merah | Red | a |
| | warna | biru | Biru | Blue | b |
| | warna | hijau | Hijau | Green | ab |
| | warna | tiada | Tiada | None | ab |
| settings |
| | form_id | version | default_language |
| | apa_saja | 1 | Indonesia (id) |
"""  # noqa: E501 - a table reads by its columns


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("any")
    (found / "units.csv").write_text("name,label\na,Unit A\nb,Unit B\n", encoding="utf-8")
    text = str(convert(EVERYTHING, form_name="data").xform)
    (found / "apa_saja.xml").write_text(text, encoding="utf-8")
    return found


def test_a_form_with_every_kind_of_question_agrees_in_both_engines(fetched, folder):
    form, experience = Form(folder / "apa_saja.xml"), Experience()
    drawn = [draw(form, seed, experience) for seed in range(FILLS)]
    with web_engine(folder) as web:
        filled = filled_again(web, "apa_saja", drawn)
    assert disagreements(form, drawn, filled) == []
