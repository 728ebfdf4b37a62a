//! What officials enter for the result: asked at the step, checked as answers are, seen by the leader, printed.

use dossiers::Supply;
use dossiers::model::{Act, Status, SupplementKind};
use kernel::DossierId;
use serde_json::{Value, json};

use crate::office::{EXTRACT, Office, ask, outcome, propose, raw};

/// A copy that was received and waits for the specialist.
async fn received(office: &Office) -> DossierId {
    let id = office.submitted().await.id;
    office.act(&office.people.clerk, id, "receive", outcome("accept")).await;
    id
}

async fn stored(office: &Office, id: DossierId) -> Value {
    office.sealed(id).await["result_data"].clone()
}

fn with(facts: Value, outcome: &str) -> Act {
    Act {
        outcome: outcome.to_owned(),
        facts: facts.as_object().cloned().unwrap(),
        ..Act::default()
    }
}

// shows: R082
#[tokio::test]
async fn a_step_asks_for_the_facts_of_the_result_and_takes_no_gaps() {
    let office = Office::open().await;
    let people = &office.people;
    let id = received(&office).await;
    let task = office.task(id, "check").await;

    let mut op = office.op(&people.specialist).await;
    let desk = office.dossiers.work(&mut op, task).await.unwrap();
    op.commit().await.unwrap();
    let facts = desk.facts.unwrap();
    let pages: Vec<&str> = facts.pages.iter().map(|page| page.page.as_str()).collect();
    assert_eq!(pages, ["entry", "person", "birth"], "those of this sort of paper");
    assert_eq!(facts.outcomes, ["propose"]);
    let field = |name: &str| {
        let fields = facts.pages.iter().flat_map(|page| &page.fields);
        fields.clone().find(|field| field.field == name).unwrap().clone()
    };
    let number = field("register_number");
    assert_eq!(
        (number.value.as_str(), number.prefilled),
        (Some("12"), true),
        "what was declared is a beginning"
    );
    assert_eq!(field("register_name").value, "Nguyễn Thị Lan");
    assert_eq!(field("register_book").value, Value::Null);

    // Everything that is wrong at once, by the rules of answers.
    let gaps = json!({ "register_number": "12/1990", "register_date": "2031-01-01", "register_sex": "other", "wife_name": 5, "x": 1 });
    let version = office.version(id).await;
    let fault = office
        .try_act(&people.specialist, task, version, with(gaps, "propose"))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.facts_incomplete");
    let told: Vec<(&str, &str)> = fault
        .fields
        .iter()
        .map(|fault| (fault.field.as_str(), fault.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("facts.register_book", "forms.field.required"),
            ("facts.register_date", "forms.field.not_future"),
            ("facts.register_name", "forms.field.required"),
            ("facts.register_sex", "forms.field.option"),
            ("facts.x", "forms.field.unknown"),
        ]
    );
    assert_eq!(stored(&office, id).await, json!({}), "nothing is half written");

    office.act(&people.specialist, id, "check", propose(&EXTRACT)).await;
    assert_eq!(stored(&office, id).await["register_date"], "1990-04-20");
}

#[tokio::test]
async fn a_supplement_that_changes_what_is_to_be_entered_sends_the_case_back() {
    let office = Office::open().await;
    let people = &office.people;
    let id = received(&office).await;
    office.act(&people.specialist, id, "check", propose(&EXTRACT)).await;
    let asked = ask(&[(SupplementKind::Answer, "extract_kind")]);
    office.act(&people.leader, id, "approve", asked).await;
    let mut op = office.op(&people.lan).await;
    let supply = Supply {
        answers: raw(&[("extract_kind", "marriage")]),
        ..Supply::default()
    };
    office.dossiers.supply(&mut op, id, supply).await.unwrap();
    op.commit().await.unwrap();

    let task = office.task(id, "approve").await;
    let version = office.version(id).await;
    let fault = office
        .try_act(&people.leader, task, version, outcome("approve"))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.facts_outdated");
    assert_eq!(
        office.status(id).await,
        Status::Processing,
        "no paper with gaps is made"
    );

    office.act(&people.leader, id, "approve", outcome("send_back")).await;
    // An act that enters nothing takes nothing away.
    let known = stored(&office, id).await;
    let again = ask(&[(SupplementKind::Answer, "phone")]);
    let version = office.version(id).await;
    let task = office.task(id, "check").await;
    let _ = office.try_act(&people.specialist, task, version, again).await;
    assert_eq!(stored(&office, id).await, known);
    let facts = json!({
        "register_number": "12/1990", "register_book": "01/1990", "register_date": "1990-04-20",
        "husband_name": "Trần Văn Hùng", "wife_name": "Nguyễn Thị Lan",
    });
    office
        .act(&people.specialist, id, "check", with(facts, "propose"))
        .await;
    office.act(&people.leader, id, "approve", outcome("approve")).await;
    assert_eq!(
        stored(&office, id).await["register_name"],
        Value::Null,
        "those of a birth are gone"
    );
}

#[tokio::test]
async fn what_is_known_stays_until_it_is_whole_and_comes_back_with_the_case() {
    let office = Office::open().await;
    let people = &office.people;
    let id = received(&office).await;
    // Towards a refusal nothing is required; what is right is kept all the same.
    let some = with(
        json!({ "register_number": "12/1990", "register_date": "31/31/1990" }),
        "propose_refusal",
    );
    office.act(&people.specialist, id, "check", some).await;
    assert_eq!(stored(&office, id).await, json!({ "register_number": "12/1990" }));
    office.act(&people.leader, id, "approve", outcome("send_back")).await;

    let task = office.task(id, "check").await;
    let mut op = office.op(&people.specialist).await;
    let desk = office.dossiers.work(&mut op, task).await.unwrap();
    op.commit().await.unwrap();
    let shown = &desk.facts.unwrap().pages[0].fields[0];
    assert_eq!((shown.value.as_str(), shown.prefilled), (Some("12/1990"), false));
    office.act(&people.specialist, id, "check", propose(&EXTRACT)).await;

    // The leader sees it before deciding and enters nothing; the applicant sees it with the result.
    let rows = |view: &dossiers::DossierView| view.result.iter().map(|page| page.rows.len()).sum::<usize>();
    let task = office.task(id, "approve").await;
    let mut op = office.op(&people.leader).await;
    let desk = office.dossiers.work(&mut op, task).await.unwrap();
    op.commit().await.unwrap();
    assert!(desk.facts.is_none());
    assert_eq!(rows(&desk.dossier), 5);
    let version = desk.dossier.version;
    let fault = office
        .try_act(
            &people.leader,
            task,
            version,
            with(json!({ "register_number": "1" }), "approve"),
        )
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.facts_not_asked");
    let mut op = office.op(&people.lan).await;
    assert_eq!(rows(&office.dossiers.view(&mut op, id).await.unwrap()), 0);
    drop(op);
    office.act(&people.leader, id, "approve", outcome("approve")).await;
    assert_eq!(office.status(id).await, Status::Finished);
    let mut op = office.op(&people.lan).await;
    assert_eq!(rows(&office.dossiers.view(&mut op, id).await.unwrap()), 5);

    // The history says which facts were entered, not what they say.
    let detail: Value = office
        .one(
            "SELECT detail -> 'facts' FROM dossiers.history WHERE dossier_id = $1 AND outcome = 'propose'",
            id,
        )
        .await;
    assert_eq!(detail.as_array().map(Vec::len), Some(5), "{detail}");
    assert!(!detail.to_string().contains("Lan"));
}
