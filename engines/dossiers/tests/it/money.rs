//! Fees at intake, and two agencies at work at once.

use dossiers::model::Status;
use forms::Channel;

use crate::office::{HOUSEHOLD, Moment, Office, march, outcome, propose};

// shows: R073
#[tokio::test]
async fn a_fee_at_intake_stops_the_case_until_it_is_paid() {
    let office = Office::open().await;
    let people = &office.people;
    let draft = office.household_draft(&people.lan, Channel::Online).await;
    let id = office.try_submit(&people.lan, draft).await.unwrap().id;
    let row: (String, String) = sqlx::query_as("SELECT receiving_code, title FROM dossiers.dossier WHERE id = $1")
        .bind(id.uuid())
        .fetch_one(&office.scratch.pool)
        .await
        .unwrap();
    assert_eq!((row.0.as_str(), row.1.as_str()), ("H30.29", "Tiệm bánh Phương Lan"));
    let acted = office.act(&people.city_clerk, id, "receive", outcome("accept")).await;
    assert_eq!(acted.status, Status::Payment);
    // Each change of status is one that the norm knows, so the reception is seen too.
    let lines: Vec<_> = office
        .history(id)
        .await
        .into_iter()
        .map(|line| (line.0, line.2, line.3))
        .collect();
    let expected = [
        ("submitted", None, 1),
        ("received", Some(1), 2),
        ("payment_demanded", Some(2), 6),
    ];
    assert_eq!(
        lines,
        expected.map(|(action, before, after)| (action.to_owned(), before, after))
    );
    // The process has come to its next steps, at two agencies, and sleeps.
    assert_eq!(
        office.work(id).await,
        [("check".to_owned(), false), ("confirm_place".to_owned(), false)]
    );
    let (task, version) = (office.task(id, "check").await, office.version(id).await);
    let fault = office
        .try_act(&people.city_specialist, task, version, propose(&HOUSEHOLD))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.payment_awaited");

    let mut op = office.op(&people.clerk).await;
    let fault = office
        .dossiers
        .record_payment(&mut op, id, "registration", None)
        .await
        .unwrap_err();
    assert_eq!(
        fault.code, "dossiers.clerk_only",
        "the ward sees the case and takes no money for the city"
    );
    drop(op);
    let mut op = office.op(&people.city_clerk).await;
    let fault = office
        .dossiers
        .record_payment(&mut op, id, "copy", None)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.fee_unknown");
    drop(op);
    office.at(march(3, 8, 0));
    let mut op = office.op(&people.city_clerk).await;
    office
        .dossiers
        .record_payment(&mut op, id, "registration", None)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.status(id).await, Status::Processing);
    assert_eq!(
        office.work(id).await,
        [("check".to_owned(), true), ("confirm_place".to_owned(), true)]
    );
    // Three working days from Monday 08:00 end on Thursday; one working day passed while it waited.
    assert_eq!(office.moment(Moment::Due, id).await, Some(march(6, 17, 0)));
    let mut op = office.op(&people.city_clerk).await;
    let fault = office
        .dossiers
        .record_payment(&mut op, id, "registration", None)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "dossiers.fee_paid");
    drop(op);

    office
        .act(&people.city_specialist, id, "check", propose(&HOUSEHOLD))
        .await;
    office
        .act(&people.specialist, id, "confirm_place", outcome("confirmed"))
        .await;
    let acted = office.act(&people.city_leader, id, "approve", outcome("approve")).await;
    assert_eq!(acted.status, Status::Finished);
    let acted = office
        .act(&people.city_clerk, id, "hand_over", outcome("handed_over"))
        .await;
    assert_eq!(acted.status, Status::Returned);
}

#[tokio::test]
async fn a_fee_that_was_paid_before_the_reception_stops_nothing() {
    let office = Office::open().await;
    let people = &office.people;
    let draft = office.household_draft(&people.lan, Channel::Online).await;
    let id = office.try_submit(&people.lan, draft).await.unwrap().id;
    let mut op = office.op(&people.city_clerk).await;
    let receipt = Some(" 0000124 ".to_owned());
    office
        .dossiers
        .record_payment(&mut op, id, "registration", receipt)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(office.status(id).await, Status::Registered);
    let acted = office.act(&people.city_clerk, id, "receive", outcome("accept")).await;
    assert_eq!(acted.status, Status::Received);
    let paid: (String, String) =
        sqlx::query_as("SELECT receipt_number, collected_by FROM dossiers.fee WHERE dossier_id = $1")
            .bind(id.uuid())
            .fetch_one(&office.scratch.pool)
            .await
            .unwrap();
    assert_eq!((paid.0.as_str(), paid.1.as_str()), ("0000124", "Đỗ Thị Nhận"));
}
