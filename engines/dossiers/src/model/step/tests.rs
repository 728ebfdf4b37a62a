use super::*;
use crate::definition::{scope, tests as declared};
use crate::model::Status;
use chrono::NaiveDate;
use kernel::from_local;
use serde_json::json;

/// Monday 2026-03-02, at the hour.
fn at(hour: u32) -> DateTime<Utc> {
    from_local(
        NaiveDate::from_ymd_opt(2026, 3, 2)
            .unwrap()
            .and_hms_opt(hour, 0, 0)
            .unwrap(),
    )
}

fn calendar() -> WorkingCalendar {
    serde_json::from_value(json!({ "known_until": "2027-12-31" })).unwrap()
}

/// A case with one paper handed in.
struct Case {
    state: State,
    leads: bool,
    fees: Vec<Fee>,
}

impl Case {
    fn new(state: State) -> Self {
        Self {
            state,
            leads: false,
            fees: Vec::new(),
        }
    }

    fn fee(mut self, collect: Collect, paid: bool) -> Self {
        let amount = Money::from_dong(8_000);
        self.fees.push(Fee {
            fee: format!("fee{}", self.fees.len()),
            amount,
            collect,
            paid_at: paid.then(|| at(8)),
        });
        self
    }

    fn act(&self, task: &str, outcomes: &[&str], act: &Act) -> Result<Step> {
        let (procedure, form) = (declared::procedure(), declared::form());
        let answers = scope(&form, &json!({ "copies": 1 }), at(9));
        let situation = Situation {
            state: self.state,
            task,
            outcomes: &outcomes.iter().map(|outcome| (*outcome).to_owned()).collect::<Vec<_>>(),
            leads: self.leads,
            procedure: &procedure,
            scope: &answers,
            fields: &form.fields().map(|field| field.field.clone()).collect(),
            files: &BTreeMap::from([("proof".to_owned(), 1)]),
            fees: &self.fees,
            refusal_reasons: &BTreeSet::from(["not_competent".to_owned()]),
        };
        decide_act(&situation, act, at(9), &calendar())
    }

    fn at_intake(&self, act: &Act) -> Result<Step> {
        self.act("receive", &["accept", "supplement", "refuse"], act)
    }
}

fn seen(fits: bool) -> Vec<PaperCheck> {
    vec![PaperCheck {
        paper: "proof".into(),
        fits,
    }]
}

fn accept() -> Act {
    Act {
        outcome: ACCEPT.into(),
        papers: seen(true),
        ..Act::default()
    }
}

fn supplement() -> Act {
    let item = SupplementItem {
        kind: SupplementKind::Paper,
        key: "proof".into(),
        what: "Ảnh mờ, chưa đọc được số".into(),
    };
    Act {
        outcome: SUPPLEMENT.into(),
        papers: seen(false),
        items: vec![item],
        ..Act::default()
    }
}

fn refuse() -> Act {
    Act {
        outcome: REFUSE.into(),
        refusal_reasons: vec!["not_competent".into()],
        ..Act::default()
    }
}

fn processing() -> State {
    Case::new(State::registered())
        .at_intake(&accept())
        .unwrap()
        .state
        .begin_processing()
        .unwrap()
}

fn code(result: Result<Step>) -> &'static str {
    result.unwrap_err().code
}

#[test]
fn reception_promises_a_day() {
    let step = Case::new(State::registered()).at_intake(&accept()).unwrap();
    assert_eq!(
        (step.kind, step.completes, step.sleeps),
        (StepKind::Receive, true, false)
    );
    assert_eq!(step.state.status, Status::Received);
    assert_eq!(step.state.due_at, Some(at(17) + chrono::TimeDelta::days(1)));
}

#[test]
fn what_is_not_looked_at_is_neither_accepted_nor_asked_for() {
    let case = Case::new(State::registered());
    for act in [accept(), supplement()] {
        let fault = case
            .at_intake(&Act {
                papers: Vec::new(),
                ..act
            })
            .unwrap_err();
        assert_eq!(fault.code, "dossiers.papers_unchecked");
        assert_eq!(fault.fields[0].field, "papers.proof");
    }
    assert_eq!(
        code(case.at_intake(&Act {
            papers: seen(false),
            ..accept()
        })),
        "dossiers.papers_unfit"
    );
}

#[test]
fn a_fee_at_intake_must_be_paid_before_work_begins() {
    let step = Case::new(State::registered())
        .fee(Collect::AtIntake, false)
        .at_intake(&accept())
        .unwrap();
    assert_eq!(
        (step.state.status, step.completes, step.sleeps),
        (Status::Payment, true, true)
    );
    assert_eq!(step.state.waiting_since, Some(at(9)));
    assert_eq!(
        step.by_way_of,
        Some(Status::Received),
        "1 to 6 is no lawful change of its own"
    );
    let paid = Case::new(State::registered())
        .fee(Collect::AtIntake, true)
        .fee(Collect::AtReturn, false);
    assert_eq!(paid.at_intake(&accept()).unwrap().state.status, Status::Received);
    assert_eq!(
        code(Case::new(step.state).act("check", &["propose"], &outcome("propose"))),
        "dossiers.payment_awaited"
    );
}

fn outcome(outcome: &str) -> Act {
    Act {
        outcome: outcome.into(),
        ..Act::default()
    }
}

#[test]
fn a_supplement_asks_for_everything_at_once() {
    let case = Case::new(State::registered());
    let step = case.at_intake(&supplement()).unwrap();
    assert_eq!(
        (step.kind, step.completes, step.sleeps),
        (StepKind::AskSupplement, false, true)
    );
    assert_eq!(step.state.status, Status::Supplement);
    assert_eq!(
        code(Case::new(step.state).at_intake(&accept())),
        "dossiers.supplement_awaited"
    );

    assert_eq!(
        code(case.at_intake(&Act {
            items: Vec::new(),
            ..supplement()
        })),
        "dossiers.supplement_empty"
    );
    let with = |change: fn(&mut SupplementItem)| {
        let mut act = supplement();
        act.items.iter_mut().for_each(change);
        case.at_intake(&act)
    };
    assert_eq!(code(with(|item| item.what = "  ".into())), "dossiers.supplement_empty");
    assert_eq!(
        code(with(|item| item.key = "letter".into())),
        "dossiers.supplement_unknown"
    );
    let other = with(|item| {
        item.kind = SupplementKind::Answer;
        item.key = "phone".into();
    });
    assert_eq!(code(other), "dossiers.supplement_incomplete");
}

#[test]
fn a_second_round_is_the_leader_s_and_has_a_reason() {
    let again = State {
        rounds: 1,
        ..processing()
    };
    let ask = |leads, reason: &str| {
        let act = Act {
            reason: reason.into(),
            ..supplement()
        };
        Case {
            leads,
            ..Case::new(again)
        }
        .act("check", &["supplement"], &act)
    };
    assert_eq!(code(ask(false, "Phát hiện thêm")), "dossiers.second_round");
    assert_eq!(code(ask(true, " ")), "dossiers.second_round_reason");
    assert_eq!(ask(true, "Phát hiện thêm").unwrap().state.rounds, 2);
}

#[test]
fn a_refusal_has_a_reason_from_the_list_or_in_words() {
    let case = Case::new(State::registered());
    let step = case.at_intake(&refuse()).unwrap();
    assert_eq!(
        (step.kind, step.completes, step.state.status),
        (StepKind::Refuse, true, Status::NotReceived)
    );
    let none = Act {
        refusal_reasons: Vec::new(),
        ..refuse()
    };
    assert_eq!(code(case.at_intake(&none)), "dossiers.refusal_reason");
    assert!(
        case.at_intake(&Act {
            note: "Không thuộc phạm vi".into(),
            ..none
        })
        .is_ok()
    );
    let invented = Act {
        refusal_reasons: vec!["bad_mood".into()],
        ..refuse()
    };
    assert_eq!(code(case.at_intake(&invented)), "dossiers.refusal_reason");
    let later = Case::new(processing()).act("check", &["refuse"], &refuse()).unwrap();
    assert_eq!(later.state.status, Status::Stopped);
}

#[test]
fn fees_block_the_hand_over_until_they_are_paid() {
    let done = processing().finish(at(9)).unwrap();
    let hand_over = |case: &Case| case.act("hand_over", &["handed_over"], &outcome("handed_over"));
    let fault = hand_over(
        &Case::new(done)
            .fee(Collect::AtReturn, false)
            .fee(Collect::AtReturn, true),
    )
    .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["amount"].as_str()),
        ("dossiers.fees_due", "8.000 đ")
    );
    let step = hand_over(&Case::new(done).fee(Collect::AtReturn, true)).unwrap();
    assert_eq!((step.kind, step.state.status), (StepKind::HandOver, Status::Returned));
    assert_eq!(code(hand_over(&Case::new(processing()))), "dossiers.no_result");
}

#[test]
fn any_other_step_begins_the_work() {
    let received = Case::new(State::registered()).at_intake(&accept()).unwrap().state;
    let step = Case::new(received)
        .act("check", &["propose", "supplement"], &outcome("propose"))
        .unwrap();
    assert_eq!((step.kind, step.state.status), (StepKind::Advance, Status::Processing));
    assert_eq!(
        code(Case::new(received).act("check", &["propose"], &outcome("approve"))),
        "dossiers.outcome_unknown"
    );
    // "accept" is the reception at the intake only.
    let step = Case::new(received).act("check", &[ACCEPT], &outcome(ACCEPT)).unwrap();
    assert_eq!(step.kind, StepKind::Advance);
}

#[test]
fn what_is_written_in_own_words_has_an_end() {
    let case = Case::new(State::registered());
    let long = "ữ".repeat(LONGEST_WORDS + 1);
    let mut wordy_item = supplement();
    wordy_item.items[0].what.clone_from(&long);
    let wordy_note = Act {
        note: long.clone(),
        ..refuse()
    };
    let wordy_reason = Act {
        reason: long,
        ..supplement()
    };
    for (act, field) in [
        (wordy_item, "items.proof"),
        (wordy_note, "note"),
        (wordy_reason, "reason"),
    ] {
        let fault = case.at_intake(&act).unwrap_err();
        assert_eq!(
            (fault.code, fault.fields[0].field.as_str()),
            ("dossiers.words_long", field)
        );
    }
    let just_fits = Act {
        note: "ữ".repeat(LONGEST_WORDS),
        ..refuse()
    };
    assert!(case.at_intake(&just_fits).is_ok());
    let mut many = supplement();
    many.items = vec![many.items[0].clone(); MOST_ITEMS + 1];
    assert_eq!(code(case.at_intake(&many)), "dossiers.items_many");
}
