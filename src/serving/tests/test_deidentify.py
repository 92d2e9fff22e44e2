from __future__ import annotations

import time

import pytest

from topology_bench_serving.deidentify import deidentify


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


def test_tags_are_not_identifiers() -> None:
    once = deidentify("Dr. Ann Lee, MRN 1234567, 03/12/1948, Springfield, IL 62704, ann@x.org, age 93").text
    assert deidentify(once).text == once


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
]


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_time_grows_linearly(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece)) + "!"
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            deidentify(text)
            best = min(best, time.process_time() - started)
        return best

    short, long = seconds(2_500), seconds(20_000)
    # Eight times the text: linear is 8, quadratic is 64.
    assert long < 24 * max(short, 0.001)
