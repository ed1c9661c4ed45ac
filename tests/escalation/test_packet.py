"""The packet: it says what it lacks, knows its codes, and tells a read-back from an echo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.packet import (
    LINES,
    PARTS,
    RISKS,
    SEVERITIES,
    completeness,
    missing,
    repeats,
    says_something,
    too_long,
    words,
    wrong_codes,
)

WHOLE = {
    "severity": "high",
    "risks": ["dog"],
    "summary": "Al weken muziek na middernacht; de buren slapen niet en de bewoner doet niet open.",
    "if_then": "Bij bedreiging: bel de wijkagent en ga samen terug.",
    "not_shared": "Niets over zijn gezondheid.",
    "ask_whom": "De coördinator in het wijkteam.",
    "told_person": "De bewoner kreeg een brief over deze overdracht.",
    "told_reporter": "De melder hoort vrijdag van ons.",
    "open_actions": [{"key": "case.next_step", "by": "2026-03-09"}],
}
ACTIONS = ["Is teruggemeld hoe het na de overdracht gaat?", "Is the help still of use, and wanted?"]
TEXTS = [*(part for part in WHOLE.values() if isinstance(part, str)), "hond", "dog", *ACTIONS]
COURTESIES = [
    "", "Ok.", "Oké, begrepen:", "Akkoord, ik neem het over:", "Bedankt! Ik neem dit graag op me:",
    "Prima, dat doe ik:", "Hierbij bevestig ik dat ik de overdracht heb gelezen:",
    "Ik heb begrepen dat", "Ok, I will take this over:", "Thank you, understood and agreed:",
    "I have read this handover and I accept the role:", "Ik neem deze zaak over:",
    "Beste collega, hartelijk dank,", "I take over this case:",
]  # fmt: skip


def test_a_whole_packet_lacks_nothing():
    assert missing(WHOLE) == ()
    assert completeness(WHOLE) == 1
    assert wrong_codes(WHOLE) == ()


def test_an_empty_packet_lacks_every_part_in_the_order_of_the_packet():
    assert missing({}) == tuple(PARTS)
    assert completeness({}) == 0


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("empty", [None, "", "  \n ", ()], ids=["none", "empty", "blank", "list"])
def test_a_part_that_says_nothing_is_missing(part, empty):
    assert missing(WHOLE | {part: empty}) == (part,)
    assert completeness(WHOLE | {part: empty}) == pytest.approx(7 / 8)


@pytest.mark.parametrize("part", [p for p in PARTS if p not in {"severity", "risks"}])
@pytest.mark.parametrize("nothing", ["x", "-", "...", "ok", "n.v.t.", "12345", "ja, ja: ja"])
def test_a_part_without_one_word_of_three_letters_says_nothing(part, nothing):
    assert missing(WHOLE | {part: nothing}) == (part,)


@pytest.mark.parametrize("part", ["if_then", "not_shared", "ask_whom", "told_person"])
def test_that_there_is_nothing_is_said_in_a_word(part):
    assert missing(WHOLE | {part: "niets"}) == ()


def test_a_summary_has_three_words():
    assert missing(WHOLE | {"summary": "Nachtelijk geluid."}) == ("summary",)
    assert missing(WHOLE | {"summary": "Geluid bij nacht."}) == ()


@pytest.mark.parametrize("risk", ["non", "nome", "geen", "None", "bekend", "known", "onbekend"])
def test_that_no_risk_is_known_is_never_suggested(risk):
    (said,) = wrong_codes({"risks": [risk]})
    assert "did you mean 'none'" not in said
    assert said.endswith(f"hoose from {', '.join(RISKS)}")


def test_open_actions_come_from_the_case_and_are_never_missing():
    assert "open_actions" not in PARTS
    assert missing({k: v for k, v in WHOLE.items() if k != "open_actions"}) == ()


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("risk", RISKS)
def test_every_code_is_known(severity, risk):
    assert wrong_codes({"severity": severity, "risks": [risk]}) == ()


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        ({"severity": "hihg"}, "'hihg' is no severity; did you mean 'high'?"),
        ({"severity": "?"}, "choose from low, medium, high, urgent"),
        ({"risks": ["dogs"]}, "'dogs' is no risk; did you mean 'dog'?"),
        ({"risks": ["agression"]}, "did you mean 'aggression'?"),
        ({"risks": ["dog", "zzz"]}, "'zzz' is no risk; choose from dog, other_animal"),
        ({"risks": ["hond"]}, "'hond' is no risk; did you mean 'dog'? Choose from dog, other_"),
        ({"risks": ["Wapen"]}, "did you mean 'weapons'?"),
        ({"risks": ["brand"]}, "did you mean 'fire'?"),
        ({"risks": ["koolmonoxide"]}, "did you mean 'gas'?"),
        ({"risks": ["kinderen"]}, "did you mean 'children'?"),
        ({"risks": ["none", "dog"]}, "'none' stands alone"),
    ],
)
def test_a_wrong_code_is_named_with_the_nearest(codes, says):
    assert says in "; ".join(wrong_codes(codes))


def test_a_draft_without_codes_has_no_wrong_ones():
    assert wrong_codes({}) == ()
    assert wrong_codes({"severity": "", "risks": ()}) == ()


def test_a_summary_has_ten_lines_at_most():
    assert not too_long({"summary": "\n".join("x" * LINES)})
    assert not too_long({"summary": "\n".join("x" * LINES) + "\n\n"})
    assert too_long({"summary": "\n".join("x" * (LINES + 1))})
    assert not too_long({})


@pytest.mark.parametrize(
    "read_back",
    [
        WHOLE["summary"],
        WHOLE["summary"].upper(),
        "  al WEKEN -- muziek, na... middernacht! ",
        "De buren slapen niet en de bewoner doet niet open; al weken muziek na middernacht",
        "Bel de wijkagent en ga samen terug",
        "bij bedreiging bel dan de wijkagent en ga samen terug",
        "Bij bedreiging bel ik de wijkagent en ga samen terug.",
        "Oké: al weken muziek na middernacht, de buren slapen niet.",
        "Al weken muziek na middernacht. Niets over zijn gezondheid.",
        "samen bel bij terug de en wijkagent ga bedreiging",
        "De melder hoort vrijdag van ons",
        "De coördinator in het wijkteam",
        "de coordinator in het wijkteam",
        "Is teruggemeld hoe het na de overdracht gaat?",
        "is the help still of use and wanted",
        "Ok, ik neem het over: de melder hoort vrijdag van ons.",
        "Akkoord. De bewoner kreeg een brief. De melder hoort van ons. Muziek na middernacht.",
        "Niets over zijn gezondheid, vraag de coördinator; de buren slapen niet, bel de wijkagent",
        "Ik heb het gelezen: hond, muziek, buren, brief, wijkagent, wijkteam, vrijdag, bedreiging",
        "Prima, morgen pak ik dit op: al weken muziek na middernacht, de buren slapen niet",
        "I accept the handover and take responsibility for all of this",
        "Ja hoor, dat is goed, ik neem het over",
        "1 2 3 4 5",
        "a b c d e",
    ],
)
def test_an_echo_of_the_packet_is_no_read_back(read_back):
    assert repeats(read_back, TEXTS)


@pytest.mark.parametrize(
    "read_back",
    [
        "Ik neem de leiding over en ga vrijdag met een collega langs; maandag meld ik terug.",
        "Donderdag bezoek ik hem samen met de wijkagent, en ik bel de melder voor het weekend.",
        "Ik begrijp dat er al weken muziek klinkt; morgen ga ik langs en uiterlijk 9 maart bel ik.",
        "I take over the lead and visit on Friday with a colleague.",
        "Ik ga morgen even langs",
        "Vrijdag ga ik langs bij de bewoner en bel ik de melder.",
        "Ik bel vandaag de wijkagent en spreek daarna de bewoner.",
        "Ik bel vandaag de wijkagent",
        "De buren slapen niet, dus plan ik voor vrijdag een gesprek met de bewoner.",
        "Ik lees dat de bewoner niet opendoet: dinsdag probeer ik het met de coördinator.",
        "Binnen een week heb ik beide kanten gesproken en laat ik weten hoe het verder gaat.",
        "Ik ga er om 9 uur heen",
        "Uiterlijk 9 maart hoort u hoe het huisbezoek verliep.",
        "I will call the neighbours today and report back by Friday.",
        "I visit him tomorrow, dog or no dog, and phone you before 9 March.",
        "Met de hond let ik op; ik kom donderdag samen met een collega.",
        "Ik neem de regie over en spreek de buurvrouw uiterlijk vrijdag.",
        "Bij bedreiging bel ik de wijkagent; verder bezoek ik hem elke dinsdag tot 1 april.",
        "Ik neem de zaak over.",
    ],
)
def test_ones_own_words_are_a_read_back(read_back):
    assert not repeats(read_back, TEXTS)
    assert says_something(read_back)


@given(
    st.sampled_from(COURTESIES),
    st.lists(st.sampled_from([t for t in TEXTS if len(words(t)) >= 3]), min_size=1, max_size=6),
    st.lists(st.sampled_from(TEXTS), max_size=3),
    st.sampled_from([str.upper, str.lower, str.title, str]),
    st.sampled_from([" ", "\n", " - ", "; "]),
)
def test_parts_of_the_packet_are_an_echo_in_any_order_whatever_courtesy_goes_before(
    courtesy, parts, more, cased, between
):
    assert repeats(cased(between.join([courtesy, *parts, *more])), TEXTS)


@given(
    st.sampled_from(COURTESIES[:11]), st.permutations(words(" ".join(TEXTS))), st.integers(1, 60)
)
def test_words_of_the_packet_are_an_echo_in_any_order(courtesy, shuffled, length):
    assert repeats(f"{courtesy} {' '.join(shuffled[:length])}", TEXTS)


@pytest.mark.parametrize(
    "nothing", ["1 2 3 4 5", "a b c d e", "- - -", "", "ja ok", "9-3 om 14:00"]
)
def test_numbers_and_single_letters_say_nothing(nothing):
    assert not says_something(nothing)


def test_nothing_repeats_an_empty_packet_and_nothing_said_repeats_nothing():
    assert not repeats("Ik ga morgen even langs", [])
    assert not repeats("Ik ga morgen even langs", ["", "  "])
    assert not repeats("", TEXTS)


WORD = st.sampled_from(["ik", "ga", "morgen", "langs", "bel", "vrijdag", "samen", "de", "melder"])


@given(st.lists(WORD, min_size=5, max_size=30), st.lists(WORD, max_size=20))
def test_a_copy_of_any_text_is_an_echo_however_it_is_written(copied, other):
    text = " ".join(copied)
    assert repeats(text.upper().replace(" ", ", ") + "!", [" ".join(other), text])


@given(st.text())
def test_any_text_has_words_or_none_and_never_fails(text):
    assert all(word.strip() for word in words(text))
    repeats(text, [text, "een tweede tekst"])


@pytest.mark.parametrize("code", ["meneer Voorbeeld heeft een hond", "x" * 200])
def test_what_was_typed_for_a_risk_is_not_repeated(code):
    (said,) = wrong_codes({"risks": [code]})
    assert "Voorbeeld" not in said
    assert "x" * 31 not in said
    assert all(risk in said for risk in RISKS)


def test_of_a_wrong_code_one_word_is_repeated():
    assert wrong_codes({"risks": ["wapens!"]})[0].startswith("'wapens!' is no risk;")
    assert wrong_codes({"severity": "heel erg"})[0].startswith("that severity is not known;")
