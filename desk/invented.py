"""Cases no ruling tells of, invented for the demo: a call for help, and a handover nobody wants."""

from typing import Any

# A call for help; no ruling begins with one.
ACUTE: dict[str, Any] = {
    "id": "invented: an acute signal",
    "title": "A threat on the stairs, looked into within four hours and helped from there",
    "municipality": "arnhem",
    "source": {"grade": "invented", "where": "nowhere; made for the demo"},
    "outcome": {"result": "none", "said": "no court was asked"},
    "address": "Voorbeeldtrap 4, Arnhem",
    "steps": [
        {"date": "2026-03-02T10:00:00+01:00",
         "signal": {"nature": "threats", "channel": "police", "acute": True}},
        {"date": "2026-03-02T14:00:40+01:00",
         "act": {"kind": "site_visited", "by": "deputy", "facts": {"result": "rust hersteld"}}},
        {"date": "2026-03-02T14:01:10+01:00",
         "act": {"kind": "reporter_informed", "by": "deputy", "facts": {"channel": "phone"}}},
        {"date": "2026-03-02T14:01:40+01:00", "decide": {"exit": "take_up"}},
        {"date": "2026-03-02T14:02:20+01:00",
         "act": {"kind": "joint_analysis_signed",
                 "facts": {"domains": "zorg, veiligheid", "dissent": "geen"}}},
        {"date": "2026-03-02T14:02:50+01:00", "decide": {"exit": "help_first"}},
        {"date": "2026-03-02T14:03:20+01:00", "offer": {"role": "care_lead", "to": "care"}},
        {"date": "2026-03-02T14:04:20+01:00", "accept": {"role": "care_lead"}},
    ],
}  # fmt: skip

PACKET: dict[str, Any] = {
    "severity": "high",
    "risks": ["dog", "go_in_pairs"],
    "summary": "Sinds drie weken nachtelijk geschreeuw. De bewoner doet de deur niet open.",
    "if_then": "Bij gevaar belt u 112, daarna de regievoerder.",
    "not_shared": "Niets over eerdere behandeling.",
    "ask_whom": "De zorgcoördinator van het wijkteam.",
    "told_person": "Per brief verteld dat er hulp wordt gezocht.",
    "told_reporter": "Verteld dat een andere organisatie het oppakt.",
}
# Offered, refused, offered elsewhere, refused again, assigned with force, read back, reported back.
NOBODY_WANTS: dict[str, Any] = {
    "id": "invented: a handover nobody wants",
    "title": "Care refuses, the landlord refuses, and the process director decides",
    "municipality": "arnhem",
    "source": {"grade": "invented", "where": "nowhere; made for the demo"},
    "outcome": {"result": "none", "said": "no court was asked"},
    "address": "Voorbeeldplein 7, Arnhem",
    "people": {
        "landlord": {"key": "arnhem-corporatie", "function": "landlord",
                     "organisation": "landlord"},
    },
    "steps": [
        {"date": "2026-03-02T10:00:00+01:00",
         "signal": {"nature": "noise", "channel": "neighbours"}},
        {"date": "2026-03-02T11:00:00+01:00",
         "act": {"kind": "reporter_informed", "by": "deputy", "facts": {"channel": "phone"}}},
        {"date": "2026-03-02T12:00:00+01:00", "decide": {"exit": "take_up"}},
        {"date": "2026-03-03T10:00:00+01:00",
         "act": {"kind": "joint_analysis_signed",
                 "facts": {"domains": "zorg, wonen", "dissent": "geen"}}},
        {"date": "2026-03-03T10:30:00+01:00", "decide": {"exit": "help_first"}},
        {"date": "2026-03-03T11:00:00+01:00",
         "act": {"kind": "reporter_informed", "by": "deputy", "facts": {"channel": "phone"}}},
        {"date": "2026-03-03T14:00:50+01:00",
         "offer": {"role": "care_lead", "to": "care", "packet": PACKET}},
        {"date": "2026-03-03T14:01:20+01:00",
         "refuse": {"role": "care_lead", "reason": "Het team is deze maand vol."}},
        {"date": "2026-03-03T14:01:50+01:00",
         "offer": {"role": "care_lead", "to": "landlord", "packet": PACKET}},
        {"date": "2026-03-03T14:02:20+01:00",
         "refuse": {"role": "care_lead", "reason": "Wij verhuren; wij geven geen zorg."}},
        {"date": "2026-03-03T14:02:55+01:00",
         "assign": {"role": "care_lead", "to": "care",
                    "because": "Zorg is hier aan zet; de bewoner wacht al drie weken."}},
        {"date": "2026-03-03T14:03:30+01:00",
         "accept": {"role": "care_lead", "spoke": False, "read_back":
                    "Ik ga morgen met een collega langs en bel daarna hoe wij binnenkwamen."}},
        {"date": "2026-03-03T14:04:05+01:00", "contacted": {"role": "care_lead"}},
        {"date": "2026-03-03T14:04:40+01:00",
         "report": {"role": "care_lead", "report":
                    "Binnen geweest. Vrijdag een tweede gesprek; de buren merken het al."}},
    ],
}  # fmt: skip

INVENTED = {"acute": ACUTE, "nobody_wants": NOBODY_WANTS}
