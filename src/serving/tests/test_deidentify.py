from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from processes import PAYLOAD, TINY_MODEL
from typing_extensions import NotRequired, TypedDict

from topology_bench_serving.classifier import Classifier
from topology_bench_serving.deidentify import deidentify
from topology_bench_serving.settings import read_classifier_settings

if TYPE_CHECKING:
    from collections.abc import Sequence


class Entry(TypedDict):
    text: str
    identifiers: bool
    deidentified: NotRequired[str]


ENTRIES: list[Entry] = json.loads(PAYLOAD.read_text(encoding="utf-8"))["texts"]
# The only identifier in it is a name without a telling word, which docs/de-identification.md says is not seen.
NOT_SEEN = (
    "The referral for Cornelius Babbage was lost between departments, and he waited eleven weeks with worsening pain."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pt John Q. Smith reports pain.", "Pt <NAME> reports pain."),
        ("Dr. O'Neil and Mrs. van der Berg", "Dr. <NAME> and Mrs. <NAME>"),
        ("Wife Anna-Maria present", "Wife <NAME> present"),
        ("Patient name: DeVries, Ann", "Patient name: <NAME>"),
        ("Signed by Mary Ann Jones, MD", "Signed by <NAME>"),
        ("MRN 12345678, MRN: 99-1234", "MRN <MRN>, MRN: <MRN>"),
        ("medical record number A1234567", "medical record number <MRN>"),
        ("DOB 03/12/1948, seen 2024-01-05 and 5/14", "DOB <DATE>, seen <DATE> and <DATE>"),
        ("on March 3rd, 2021 or 5 Jan 2020 or Sept 2019", "on <DATE> or <DATE> or <DATE>"),
        ("Phone (555) 123-4567, 555.123.4567 x12, +44 20 7946 0958", "Phone <PHONE>, <PHONE>, <PHONE>"),
        ("fax 5551234567", "fax <PHONE>"),
        ("SSN 123-45-6789 or SSN: 123456789", "SSN <SSN> or SSN: <SSN>"),
        ("write to ann.b+c@mail.example.org.", "write to <EMAIL>."),
        ("Springfield, IL 62704-1234", "<PLACE> <ZIP>"),
        ("zip 62704", "zip <ZIP>"),
        ("see https://x.example/a?b=c or www.example.org", "see <URL> or <URL>"),
        ("from 10.1.2.3 and 2001:db8::ff00:42:8329", "from <IP> and <IP>"),
        ("lives at 123 North Main Street Apt 4", "lives at <STREET>"),
        ("P.O. Box 1234", "<STREET>"),
        ("member ID ABC123456789, account no. 1234567890", "member ID <ID>, account no. <ID>"),
        ("License # A1234567, serial no. XK-998877", "License # <ID>, serial no. <ID>"),
        ("VIN 1HGCM82633A004352, plate ABC 1234", "VIN <ID>, plate <ID>"),
        ("age 93, a 101-year-old, 94 yo, 89 years old", "age <AGE>, a <AGE>-year-old, <AGE> yo, 89 years old"),
        ("call ann@x.org/555-123-4567", "call <EMAIL>/<PHONE>"),
        ("Dr. Ó Briain and Mr. Élodie Ångström-Øst", "Dr. <NAME> and Mr. <NAME>"),
        ("Mr. E\u0301lodie and wife Žofie, Ms. Ольга", "Mr. <NAME> and wife <NAME>, Ms. <NAME>"),
        ("Dr. A. B. van der Berg, Ms. Maria de la Cruz", "Dr. <NAME>, Ms. <NAME>"),
        ("patient Ms. Calliope Andrade, Dr. Ann Dr. Bob", "patient Ms. <NAME>, Dr. <NAME> Dr. <NAME>"),
        ("her niece Ana, his nephew Bo, carer Tilda Moss", "her niece <NAME>, his nephew <NAME>, carer <NAME>"),
        ("phone 555-0154, fax 555-0137, call 555 0142", "phone <PHONE>, fax <PHONE>, call <PHONE>"),
        ("phone 0161 496 0000; Fax: 020 7946 0958.", "phone <PHONE>; Fax: <PHONE>."),
        ("Tel. no.: (020) 7946 0958, pager 555.0142", "Tel. no.: <PHONE>, pager <PHONE>"),
        ("telephoned back on 0161-496-0000 (mobile 07700 900123)", "telephoned back on <PHONE> (mobile <PHONE>)"),
        ("phone 555-0154 3 times, faxed to 555-0154/555-0155", "phone <PHONE> 3 times, faxed to <PHONE>/<PHONE>"),
        ("daughter Ingrid, 555-0177 or 0161 496 0000", "daughter <NAME>, <PHONE> or <PHONE>"),
        ("reach her at 555-4321, her number is 555-0166", "reach her at <PHONE>, her number is <PHONE>"),
        ("homeless since 09/2031", "homeless since <DATE>"),
        ("next visit 2032-01-19, called on 05-16-2031", "next visit <DATE>, called on <DATE>"),
        ("see https://x.example/" + "a/www.b/" * 500 + " now", "see <URL> now"),
    ],
)
def test_identifiers_are_replaced(text: str, expected: str) -> None:
    assert deidentify(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BP 120/80, HR 72, SpO2 98%, temp 37.2, pain 8/10.",
        "metformin 500 mg BID, 0.5 mg/kg, WBC 12,500, pH 7.35",
        "a truly wonderful film that cost 20 million in 1999",
        "Feels well at 10:30; 2 of 5 tests done, age 45.",
        "I may go; the dull, lifeless mess ran 90 minutes",
        "patient denies chest pain",
        "BP 110-120 over 70-80, was 180/100-190/110, pulse 60-100, on 2030-2031 figures, sats 94-98%",
        "platelets 150-4000, WBC 4.5-11.0, BNP 450-1250, ferritin 300-1250 ng/mL, K 3.5-5.1, 200-1,200",
        "fluids at 500-1250 ml, insulin on 200-1250 units, walks 300-1250 steps, number 250-1500 cells",
        "white cell 120 130 140, red cell 450 460 470, cells 12.5 13.1 14.2, cell 12.50 13.10",
        "observations at 0600 1200 1800 2400, between 0800-1200",
        "called 3 times, call at 10:30, call 911 if pressure is 180-110, phone in 10-14 days, fax 2 of 3",
        "phone call 120/80 120/80, mobile 10-15 metres, telephone 24/7",
        "glucose 0.555-0142, 12.555-0142, $555-0142",
        "trisomy risk 1/2000, titre 1/1980",
    ],
)
def test_what_identifies_nobody_stays(text: str) -> None:
    result = deidentify(text)
    assert result.text == text
    assert not result.removed


def test_removals_are_counted_by_type() -> None:
    result = deidentify("Pt Ann Lee, DOB 03/12/1948, seen 2024-01-05")
    assert dict(result.removed) == {"NAME": 1, "DATE": 2}


def test_overlapping_matches_leave_nothing() -> None:
    assert deidentify("see http://x.example/555-123-4567/ann@x.org now").text == "see <URL> now"


def test_of_the_payload_the_marked_texts_change_and_no_others() -> None:
    changed = [entry["text"] for entry in ENTRIES if deidentify(entry["text"]).text != entry["text"]]
    assert changed == [entry["text"] for entry in ENTRIES if entry["identifiers"] and entry["text"] != NOT_SEEN]
    assert len(changed) == 75


def test_no_number_of_the_payload_stays() -> None:
    numbers = [entry for entry in ENTRIES if "555-01" in entry["text"]]
    assert len(numbers) == 20
    assert not [entry for entry in numbers if "555-01" in deidentify(entry["text"]).text]


def test_the_shipped_deidentified_texts_are_the_gateways() -> None:
    shipped = [entry for entry in ENTRIES if "deidentified" in entry]
    assert len(shipped) == 4
    for entry in shipped:
        assert entry["identifiers"]
        assert entry["deidentified"] == deidentify(entry["text"]).text


def test_the_model_tells_the_shipped_deidentified_texts_from_the_raw_ones() -> None:
    """Otherwise a hybrid that hands on raw texts would give the same answers."""
    classifier = Classifier(read_classifier_settings({"TOPOLOGY_BENCH_MODEL_DIRECTORY": str(TINY_MODEL)}))
    for entry in ENTRIES:
        if "deidentified" in entry:
            raw, clean = classifier.classify([entry["text"]]), classifier.classify([entry["deidentified"]])
            assert np.abs(raw.logits - clean.logits).max() > 0.02


def test_what_has_passed_passes_unchanged() -> None:
    for entry in ENTRIES:
        once = deidentify(entry["text"]).text
        again = deidentify(once)
        assert (again.text, dict(again.removed)) == (once, {})


PIECES = (
    *("Dr. Ann Lee", "Dr. ", "Mr.", "Ólaf", "Bob", "wife", "son ", "name: ", "Signed by ", "MD", ", MD", "<NAME>"),
    *("555-0142", "555-123-4567", "(555) 123-4567", "+44 20 7946 0958", "phone ", "fax", "0161 496 0000", "at "),
    *("03/12/1948", "5/14", "2031-05-16", "09/2031", "March 3rd, 2021", "5 Jan", "Jan.", "2020", "age 93", "94 yo"),
    *("ann@x.org", "www.x.org", "https://a.b/c", "10.1.2.3", "2001:db8::ff00:42:8329", "123-45-6789", "<DATE>"),
    *("12 Main Street", "St.", "Apt 4", "P.O. Box 12", "Springfield, IL", "62704", "plate ABC 123", "1", "12", "'s"),
    *("MRN ", "1234567", "MRN 1234567", "no. ", "#", "A1234567", "id ", "visit ", "account ", "on ", "number ", "x"),
)
SEPARATORS = (" ", " ", " ", ", ", ". ", "; ", ": ", "\n", "", "/", "-", ".", ",", ":", "+", "(", ")", " (", ") ")


def test_whatever_has_passed_passes_unchanged() -> None:
    """Takes identifiers, telling words and tags in any order, set apart, touching or broken."""
    generator = random.Random(1)  # noqa: S311 - the same texts in each run

    def draw(choices: Sequence[str]) -> str:
        return choices[generator.randrange(len(choices))]

    for _ in range(5_000):
        text = "".join(draw(PIECES) + draw(SEPARATORS) for _ in range(generator.randint(2, 7)))
        once = deidentify(text).text
        assert deidentify(once).text == once, text


ADVERSARIAL = [
    *"a1A-./ '@9é٣",
    *["1-", "1.", "1 ", "A ", "Aa ", "A.", "A'", "(1)", "+1", "1:", "a:", "a@a.", "www.", "http://", "Dr. A ", "MRN "],
    *[
        "Name A, ",
        "no. ",
        "ID ",
        "Jan ",
        "1 Jan ",
        "May 1 ",
        "12/",
        "1 A ",
        "Mc",
        "Son ",
        "99 y",
        "+1 (1) ",
        "A B C D, ",
    ],
    *["patient id number ", "1 A A A A ", "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ", "A-1-"],
    *["phone 1-", "phone (1) ", "fax 1.", "call back at 11 ", "0161 496 ", "020-", "at 555-", "555-0", "(020) 7946 "],
    *["É", "Dr. É", "Dr. É ", "E\u0301", "Ms. Mr. ", "wife Dr.", "09/20", "<NAME>", "<DATE>/", "www.a", "http://www."],
]


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_time_grows_linearly(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece)) + "!"
        started = time.process_time()
        deidentify(text)
        return time.process_time() - started

    short = min(seconds(2_500) for _ in range(3))
    # Eight times the text: linear is 8, quadratic is 64. What a pause falls into takes longer; not each of ten does.
    limit = 24 * max(short, 0.001)
    assert any(seconds(20_000) < limit for _ in range(10))
